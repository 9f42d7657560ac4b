import { useQueryClient } from "@tanstack/react-query";
import { createParser } from "eventsource-parser";
import { useEffect, useSyncExternalStore } from "react";
import type { QueryOutput } from "../api/client.ts";
import { gathered } from "./changes.ts";

/** An entry of the ledger as the stream tells it. */
export type Entry = QueryOutput<"/v1/feed/read">["entries"][number];

/** Whether the page hears of what happens. */
export type Liveness = "connecting" | "live" | "away";

const RETRY_MS = 1_000;
/** The server says something every 15 s. A silence of this length is a dead connection (a laptop that slept). */
const SILENCE_MS = 40_000;

let liveness: Liveness = "connecting";
const watchers = new Set<() => void>();
const listeners = new Set<(entries: readonly Entry[]) => void>();

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

/** Calls with the entries that came since the last call, in order and without a gap while the page is live. */
export function useEntries(heard: (entries: readonly Entry[]) => void): void {
  useEffect(() => {
    listeners.add(heard);
    return () => {
      listeners.delete(heard);
    };
  }, [heard]);
}

/**
 * Keeps the page live for as long as it can be seen. A page that was hidden hears nothing meanwhile: it does not hold
 * a connection (a browser has six for a server), and asks anew when it is looked at again.
 */
export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => {
    const changed = gathered(client);
    let stop = new AbortController();
    const start = () => {
      if (document.hidden) return;
      stop = new AbortController();
      // What was answered before the stream stood may have changed in between.
      const answered = { predicate: ({ state }: { state: { dataUpdatedAt: number } }) => state.dataUpdatedAt > 0 };
      void follow(stop.signal, changed, () => client.invalidateQueries(answered));
    };
    const turn = () => {
      if (document.hidden) stop.abort();
      else if (stop.signal.aborted) start();
    };
    start();
    document.addEventListener("visibilitychange", turn);
    return () => {
      document.removeEventListener("visibilitychange", turn);
      stop.abort();
    };
  }, [client]);
}

/** Each connection begins at the newest entry; what was asked before it stood is asked anew when it stands. */
async function follow(signal: AbortSignal, changed: (kind: string) => void, caughtUp: () => void): Promise<void> {
  while (!signal.aborted) {
    try {
      await listen(signal, changed, () => {
        become("live");
        caughtUp();
      });
    } catch {
      // The reason is the server's absence or our own end; both are seen below.
    }
    if (signal.aborted) break;
    become("away");
    await new Promise((done) => setTimeout(done, RETRY_MS));
  }
  // Hidden: the first thing to do when seen again is to ask anew.
  become("connecting");
}

async function listen(signal: AbortSignal, changed: (kind: string) => void, stands: () => void): Promise<void> {
  const silent = new AbortController();
  const response = await fetch("/v1/ledger/stream", { signal: AbortSignal.any([signal, silent.signal]) });
  if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
  stands();
  const heard: Entry[] = [];
  const parser = createParser({
    onEvent: ({ data }) => {
      heard.push(JSON.parse(data) as Entry);
    },
  });
  const decoder = new TextDecoderStream();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heardSomething = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(new Error("silent")), SILENCE_MS);
  };
  heardSomething();
  try {
    const reader = response.body.pipeThrough(decoder).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heardSomething();
      parser.feed(value);
      const entries = heard.splice(0);
      if (entries.length === 0) continue;
      for (const told of listeners) told(entries);
      for (const { kind } of entries) changed(kind);
    }
  } finally {
    clearTimeout(timer);
  }
}
