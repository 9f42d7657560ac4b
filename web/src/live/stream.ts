import { type Query, useQueryClient } from "@tanstack/react-query";
import { createParser } from "eventsource-parser";
import { useEffect, useSyncExternalStore } from "react";
import type { QueryOutput } from "../api/client.ts";
import { WHO } from "../api/queries.ts";
import { gathered } from "./changes.ts";
import { begun, heardTo, hearTo, newestSeq } from "./cursor.ts";

/** An entry of the ledger as the stream tells it. */
export type Entry = QueryOutput<"/v1/feed/read">["entries"][number];

/** Whether the page hears of what happens. */
export type Liveness = "connecting" | "live" | "away";

const RETRY_MS = 1_000;
/** The server says something every 15 s. A silence of this length is a dead connection (a laptop that slept). */
const SILENCE_MS = 40_000;
/** As long may the first answer of a connection take: made while the network is gone, it would wait for minutes. */
const ANSWER_MS = 15_000;
/** Held against the clock on the wall this often: a browser's timers stand still while the machine sleeps. */
const LOOK_MS = 5_000;
/** So many missed entries are heard after a cut. After more of them, everything in sight is asked anew instead. */
const CATCH_UP_MAX = 1_000;
/** Entries are handed out together: 50 a second are 5 drawings of the page, not 50. */
const HAND_OUT_MS = 200;

let liveness: Liveness = "connecting";
const watchers = new Set<() => void>();
const listeners = new Set<Listener>();

/** Who wants the entries. `missed`: some were left out before the next; what is wanted of them is asked anew. */
type Listener = { heard: (entries: readonly Entry[]) => void; missed: (() => void) | undefined };

function become(next: Liveness): void {
  if (next === liveness) return;
  liveness = next;
  for (const told of watchers) told();
}

/** Whether what the page shows is what is. */
export function useLiveness(): Liveness {
  return useSyncExternalStore(
    (told) => {
      watchers.add(told);
      return () => watchers.delete(told);
    },
    () => liveness,
  );
}

/** Calls with the entries that came since the last call, in order and without a gap unless `missed` was called. */
export function useEntries(heard: Listener["heard"], missed?: () => void): void {
  useEffect(() => {
    const listener = { heard, missed };
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, [heard, missed]);
}

/**
 * Keeps the page live for as long as it can be seen. A page that was hidden hears nothing meanwhile: it does not hold
 * a connection (a browser has six for a server), and catches up when it is looked at again.
 */
export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => {
    const changed = gathered(client);
    const missed = async () => {
      // What waits for its first answer was sent before the gap's end: without the first line it is not sent again.
      await client.cancelQueries({ predicate: isOurs });
      void client.invalidateQueries({ predicate: isOurs });
    };
    let stop = new AbortController();
    const again = async () => {
      // What was asked over a connection that died may never be answered.
      const hung = new Set(client.getQueryCache().findAll({ fetchStatus: "fetching" }));
      await client.cancelQueries({ predicate: (query) => hung.has(query) });
      void client.invalidateQueries({ predicate: (query) => hung.has(query) });
    };
    const signedOut = () => void client.invalidateQueries({ queryKey: [WHO] });
    const start = () => {
      if (document.hidden) return;
      stop = new AbortController();
      void follow(stop.signal, { changed, missed, again, signedOut });
    };
    const turn = () => {
      if (document.hidden) {
        stop.abort();
        become("connecting");
      } else if (stop.signal.aborted) start();
    };
    start();
    document.addEventListener("visibilitychange", turn);
    return () => {
      document.removeEventListener("visibilitychange", turn);
      stop.abort();
    };
  }, [client]);
}

/** The feed continues itself by numbers (pages/feed/following.ts). */
const isOurs = ({ queryKey }: Query) => queryKey[0] !== "feed";

type Changed = (entries: readonly Entry[]) => void;
type Told = { changed: Changed; missed: () => Promise<void>; again: () => Promise<void>; signedOut: () => void };

/** Each connection goes on where the last one ended, unless that is too far back. */
async function follow(stopped: AbortSignal, { changed, missed, again, signedOut }: Told): Promise<void> {
  await begun;
  for (let isFirst = true; !stopped.aborted; isFirst = false) {
    const silence = untilSilent();
    const signal = AbortSignal.any([stopped, silence.signal]);
    try {
      const head = await newestSeq(signal);
      if (!isFirst) await again();
      const heard = heardTo();
      if (heard === null || head < heard || head - heard > CATCH_UP_MAX) {
        hearTo(head);
        for (const { missed: told } of listeners) told?.();
        await missed();
      }
      await listen(signal, changed, silence.heard);
    } catch (error) {
      // The server's absence, its silence and our own end need no word here. That the session ended does.
      if (error instanceof Error && error.cause === 401) signedOut();
    } finally {
      silence.end();
    }
    if (stopped.aborted) break;
    become("away");
    await new Promise((done) => setTimeout(done, RETRY_MS));
  }
}

async function listen(signal: AbortSignal, changed: Changed, heardSomething: () => void): Promise<void> {
  const response = await fetch(`/v1/ledger/stream?after=${heardTo()}`, { signal });
  if (!response.ok || !response.body) throw new Error("no stream", { cause: response.status });
  become("live");
  heardSomething();
  const hand = handingOut(changed);
  const parser = createParser({ onEvent: ({ data }) => hand(JSON.parse(data) as Entry) });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heardSomething();
    parser.feed(value);
  }
}

/** Aborts when nothing was heard for too long. */
function untilSilent(): { signal: AbortSignal; heard: () => void; end: () => void } {
  const silent = new AbortController();
  let [heard_at, most_ms] = [Date.now(), ANSWER_MS];
  const heard = () => void ([heard_at, most_ms] = [Date.now(), SILENCE_MS]);
  const timer = setInterval(() => {
    if (Date.now() - heard_at > most_ms) silent.abort(new Error("silent"));
  }, LOOK_MS);
  return { signal: silent.signal, heard, end: () => clearInterval(timer) };
}

/** Gathers entries and hands them out together. */
function handingOut(changed: Changed): (entry: Entry) => void {
  let waiting: Entry[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const handOut = () => {
    const entries = waiting;
    waiting = [];
    timer = undefined;
    for (const { heard } of listeners) heard(entries);
    changed(entries);
  };
  return (entry) => {
    hearTo(entry.seq);
    waiting.push(entry);
    timer ??= setTimeout(handOut, HAND_OUT_MS);
  };
}
