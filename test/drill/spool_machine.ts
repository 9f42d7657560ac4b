import { readFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../../src/client/client.ts";
import type { Catalogue } from "../../src/kernel/catalogue.ts";
import { keepHandingIn } from "../../src/spool/keeping_on.ts";
import { rememberCounts } from "../../src/spool/numbers.ts";
import { Spool } from "../../src/spool/spool.ts";
import { run } from "../../src/surfaces/cli/run.ts";

/**
 * One machine of the drill, as a process that can be killed: its seats file at random through the command line's own
 * code, and what waits is handed in beside it. It says each filing that it was told of, one line each.
 */

export type Order = {
  url: string;
  place: string;
  /** A file with what the server can be told: loading every room takes a crowd of machines a minute. */
  catalogue: string;
  /** Tells this start of the machine from its others. */
  run: string;
  tokens: string[];
  namespaces: string[];
  /** Of one seat, on average. */
  filing_every_ms: number;
};

export type Said =
  | { kind: "ready" }
  | { kind: "filed"; id: string; title: string; at: number }
  | { kind: "kept"; id: string; title: string; at: number; learned_at: number | null; first: boolean }
  | { kind: "outcome"; provisional: string; id: string | null; outcome: string; at: number }
  | { kind: "wrong"; what: string };

const order = JSON.parse(process.argv[2]!) as Order;
const known = JSON.parse(readFileSync(order.catalogue, "utf8")) as Catalogue;
/** By namespace: when this machine last saw a number of it, and what it expects next. */
const learned = new Map<string, { at: number; kept: number }>();
const LOOK_MS = 400;
const left = new AbortController();
process.stdin.on("data", () => left.abort()).on("end", () => left.abort());

const say = (said: Said) => void writeSync(1, `${JSON.stringify(said)}\n`);
const random_ms = (mean: number) => -Math.log(1 - Math.random()) * mean;

async function cli(token: string, words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const heard = { code: -1, stdout: "", stderr: "" };
  heard.code = await run(words, {
    catalogue: known,
    env: { LONGWATCH_URL: order.url, LONGWATCH_TOKEN: token, LONGWATCH_SPOOL: order.place },
    stdout: { write: (text) => (heard.stdout += text) },
    stderr: { write: (text) => (heard.stderr += text) },
    stdin: process.stdin,
    spool: () => import("../../src/spool/through.ts"),
  });
  tellNews(heard.stderr);
  return heard;
}

function tellNews(text: string): void {
  for (const [, word, provisional, id] of text.matchAll(/^(CONFIRMED|AMENDMENT): (\S+) is ([^\s:]+)/gm))
    say({ kind: "outcome", provisional: provisional!, id: id!, outcome: word!, at: Date.now() });
  if (/^(REFUSED|LOST|What waits)/m.test(text)) say({ kind: "wrong", what: text });
}

async function seat(token: string, name: string): Promise<void> {
  for (let n = 1; !left.signal.aborted; n++) {
    await sleep(random_ms(order.filing_every_ms), undefined, { signal: left.signal }).catch(() => {});
    if (left.signal.aborted) return;
    const title = `${name} ${n}`;
    const namespace = order.namespaces[Math.floor(Math.random() * order.namespaces.length)]!;
    const { code, stdout, stderr } = await cli(token, [
      "ticket",
      "file",
      "--namespace",
      namespace,
      "--title",
      title,
      "--json",
    ]);
    const at = Date.now();
    if (code !== 0) {
      say({ kind: "wrong", what: `${code} ${stderr}` });
      continue;
    }
    const { id, provisional } = JSON.parse(stdout) as { id: string; provisional?: boolean };
    const before = learned.get(namespace);
    if (!provisional) {
      learned.set(namespace, { at, kept: 0 });
      say({ kind: "filed", id, title, at });
    } else {
      if (before) before.kept++;
      say({ kind: "kept", id, title, at, learned_at: before?.at ?? null, first: before?.kept === 1 });
    }
  }
}

/** What a fleet's seats do in other words when they read the queue: the machine knows what the others were given. */
async function lookAround(): Promise<void> {
  const client = new Client({ url: order.url, token: order.tokens[0]!, silence_seconds: 5 });
  for (; !left.signal.aborted; await sleep(LOOK_MS)) {
    const asked_at = Date.now();
    const { namespaces } = await client.ask<{ namespaces: [] }>("namespace.list").catch(() => ({ namespaces: [] }));
    rememberCounts(order.place, order.url, namespaces);
    for (const { prefix } of namespaces as { prefix: string }[]) learned.set(prefix, { at: asked_at, kept: 0 });
  }
  client.close();
}

const told = {
  onNews: (news: { outcome: string; provisional: string | null; id: string | null; reason: string | null }[]) => {
    for (const { outcome, provisional, id, reason } of news) {
      if (outcome === "refused" || outcome === "lost")
        say({ kind: "wrong", what: `${outcome} ${provisional}: ${reason}` });
      else say({ kind: "outcome", provisional: provisional!, id, outcome, at: Date.now() });
    }
  },
  onProblem: ({ code, message }: { code: string; message: string }) =>
    say({ kind: "wrong", what: `${code} ${message}` }),
};
const over = new AbortController();
const spools = order.tokens.map((token) => Spool.of({ place: order.place, url: order.url, token }));
const clients = order.tokens.map((token) => new Client({ url: order.url, token, silence_seconds: 10 }));
const handing = spools.map((spool, at) => keepHandingIn(() => [spool], clients[at]!, told, over.signal));
say({ kind: "ready" });
const looking = lookAround();
await Promise.all(order.tokens.map((token, at) => seat(token, `${order.run} seat ${at}`)));
await looking;
while (spools.some(({ waits }) => waits)) await sleep(100);
over.abort();
await Promise.all(handing);
process.exit(0);
