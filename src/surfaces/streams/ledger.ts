import { once } from "node:events";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Door } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { tokenOf } from "../http/token.ts";
import type { Wakes } from "./wakes.ts";

/** How long another node's entries may take to show, at the most. */
const LOOK_MILLISECONDS = 500;
/** Proxies cut silent connections after a minute or so. */
const KEEP_ALIVE_MILLISECONDS = 15_000;
const ENTRIES_A_READ = 500;

type Page = { entries: { seq: number; kind: string }[]; head: number };

/**
 * `GET /v1/ledger/stream`: the ledger as server-sent events. The cursor is the entry's number, which is safe here and
 * only here: a tenant's entries are numbered under the lock of its head, so a smaller number never commits later
 * (the `id > cursor` hazard, 0.2).
 */
export function ledgerStream(app: FastifyInstance, door: Door, wakes: Wakes): void {
  const closing = new AbortController();
  app.addHook("preClose", async () => closing.abort());
  // No HEAD: a stream has no end that it could come to.
  app.get("/v1/ledger/stream", { exposeHeadRoute: false }, async (request, reply) => {
    const token = tokenOf(request);
    const caller = await door.identify(token);
    const after = cursorOf(request) ?? ((await door.ask(token, "ledger.head", {})) as { seq: number }).seq;
    // Before the headers go out: a caller who may not read gets a problem, not an empty stream.
    const { head } = (await door.ask(token, "feed.read", { after, limit: 1 })) as Page;
    if (after > head) throw cursorAhead(after, head);
    reply.hijack();
    const { raw } = reply;
    // The answer's close is the connection's end; the request's may come as soon as it is read.
    const gone = new AbortController();
    raw.once("close", () => gone.abort());
    if (raw.destroyed) gone.abort();
    raw.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      // A stream ends for good. Kept alive, its idle connection would hold up the server's close for a minute.
      connection: "close",
    });
    raw.write("retry: 1000\n\n");
    const signal = AbortSignal.any([gone.signal, closing.signal]);
    try {
      await pump({ door, wakes, token, tenant_id: caller.tenant_id, after, signal, write: (text) => send(raw, text) });
    } catch {
      // The token died, or the database went away: the client comes back with its Last-Event-ID and is told why.
    }
    raw.end();
  });
}

type Pump = {
  door: Door;
  wakes: Wakes;
  token: string;
  tenant_id: number;
  after: number;
  signal: AbortSignal;
  write(text: string): Promise<void>;
};

async function pump({ door, wakes, token, tenant_id, after, signal, write }: Pump): Promise<void> {
  let cursor = after;
  let silent_since = Date.now();
  while (!signal.aborted) {
    // Listen before reading, so that growth between the two is not slept through.
    const woken = wakes.next(tenant_id, LOOK_MILLISECONDS, signal);
    const { entries } = (await door.ask(token, "feed.read", { after: cursor, limit: ENTRIES_A_READ })) as Page;
    if (entries.length > 0) {
      await write(
        entries.map((entry) => `id: ${entry.seq}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`).join(""),
      );
      cursor = entries.at(-1)!.seq;
      silent_since = Date.now();
      if (entries.length === ENTRIES_A_READ) continue;
    } else if (Date.now() - silent_since > KEEP_ALIVE_MILLISECONDS) {
      await write(": still here\n\n");
      silent_since = Date.now();
    }
    await woken;
  }
}

/** A reader of a ledger that was set back would wait for its number, and miss what is written until then. */
function cursorAhead(after: number, head: number): Refusal {
  return new Refusal("conflict", "cursor.ahead", `The newest entry is ${head}; the cursor ${after} is ahead of it.`, {
    hint: "The ledger is not the one that was read before, or was restored from a backup. Read it again from 0.",
    facts: { head },
  });
}

async function send(raw: NodeJS.WritableStream & { destroyed?: boolean }, text: string): Promise<void> {
  if (raw.write(text) || raw.destroyed) return;
  // A slow reader holds back its own stream, not the server's memory.
  const over = new AbortController();
  const { signal } = over;
  try {
    await Promise.race([once(raw, "drain", { signal }), once(raw, "close", { signal })]);
  } finally {
    // The one that did not come stops listening, or a long stream would gather listeners.
    over.abort();
  }
}

function cursorOf(request: FastifyRequest): number | null {
  const { after } = request.query as { after?: string };
  const value = request.headers["last-event-id"] ?? after;
  if (value === undefined) return null;
  if (typeof value === "string" && /^\d{1,15}$/.test(value)) return Number(value);
  const field = request.headers["last-event-id"] === undefined ? "after" : "Last-Event-ID";
  throw new Refusal("invalid", "input.invalid", `${field}: must be the number of an entry`, {
    fields: [{ field, message: "must be the number of an entry" }],
  });
}
