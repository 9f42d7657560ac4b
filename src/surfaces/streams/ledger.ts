import { once } from "node:events";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Door } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { tokenOf } from "../http/token.ts";
import { Gate } from "./gate.ts";
import { Looks } from "./looks.ts";
import type { Wakes } from "./wakes.ts";

/** Proxies cut silent connections after a minute or so. */
const KEEP_ALIVE_MILLISECONDS = 15_000;
/** A read begins with so few entries, and takes more where they are small: what one write does not take is in vain. */
const ENTRIES_A_READ = { first: 20, most: 500 };
/** What a reader who takes nothing makes the server keep: this, and the entry that went beyond it. */
const CHARACTERS_A_WRITE = 128 * 1024;
/** A quarter of the connections: however many streams follow a ledger, those who write to it have theirs. */
const READS_AT_ONCE = 4;
/** Longer than PostgreSQL lets a statement take: a connection that broke unnoticed would stop all streams for ever. */
const READ_MILLISECONDS_MAX = 30_000;

type Page = { entries: { seq: number; kind: string }[]; head: number };

/**
 * `GET /v1/ledger/stream`: the ledger as server-sent events. The cursor is the entry's number, which is safe here and
 * only here: a tenant's entries are numbered under the lock of its head, so a smaller number never commits later
 * (the `id > cursor` hazard, 0.2).
 */
export function ledgerStream(app: FastifyInstance, door: Door, wakes: Wakes): void {
  const closing = new AbortController();
  app.addHook("preClose", async () => closing.abort());
  const gate = new Gate(READS_AT_ONCE, READ_MILLISECONDS_MAX);
  const looks = new Looks(async (tenant_id) => {
    const look = () => door.askInside(tenant_id, "longwatch", "ledger.head", {});
    return ((await gate.through(tenant_id, look)) as { seq: number }).seq;
  }, wakes);
  // No HEAD: a stream has no end that it could come to.
  app.get("/v1/ledger/stream", { exposeHeadRoute: false }, async (request, reply) => {
    const token = tokenOf(request);
    const { tenant_id } = await door.identify(token);
    const ask = (name: string, input: object) => gate.through(tenant_id, () => door.ask(token, name, input));
    const after = cursorOf(request) ?? ((await ask("ledger.head", {})) as { seq: number }).seq;
    // Before the headers go out: a caller who may not read gets a problem, not an empty stream.
    const { head } = (await ask("feed.read", { after, limit: 1 })) as Page;
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
    looks.begin(tenant_id);
    try {
      const read = async (wanted: object) => {
        // It may have gone while others had their turn.
        signal.throwIfAborted();
        return (await door.ask(token, "feed.read", wanted)) as Page;
      };
      await pump({
        wakes,
        tenant_id,
        after,
        signal,
        read: (wanted) => gate.through(tenant_id, () => read(wanted)),
        write: (text) => send(raw, text, signal),
      });
    } catch {
      // The token died, or the database went away: the client comes back with its Last-Event-ID and is told why.
    }
    looks.end(tenant_id);
    // Who takes nothing would hold up the server's end; what is cut off is told again after the last whole event.
    if (raw.writableNeedDrain) raw.destroy();
    else raw.end();
  });
}

type Pump = {
  wakes: Wakes;
  tenant_id: number;
  after: number;
  signal: AbortSignal;
  read(wanted: { after: number; limit: number }): Promise<Page>;
  write(text: string): Promise<void>;
};

async function pump({ wakes, tenant_id, after, signal, read, write }: Pump): Promise<void> {
  let [cursor, limit] = [after, ENTRIES_A_READ.first];
  let told_at = Date.now();
  while (!signal.aborted) {
    // Listen before reading, so that growth between the two is not slept through.
    const woken = wakes.next(tenant_id, KEEP_ALIVE_MILLISECONDS, signal);
    for (let isAll = false; !isAll && !signal.aborted;) {
      const portion = await portionAfter(cursor, limit, read);
      ({ cursor, limit, isAll } = portion);
      if (portion.text === "") continue;
      await write(portion.text);
      told_at = Date.now();
    }
    if (Date.now() - told_at > KEEP_ALIVE_MILLISECONDS / 2) {
      await write(": still here\n\n");
      told_at = Date.now();
    }
    await woken;
  }
}

/** As much as one write takes. The rest of what was read is let go of: nobody knows when the reader will take it. */
async function portionAfter(cursor: number, limit: number, read: Pump["read"]) {
  const { entries } = await read({ after: cursor, limit });
  let [text, count] = ["", 0];
  for (const entry of entries) {
    text += `id: ${entry.seq}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`;
    count++;
    if (text.length >= CHARACTERS_A_WRITE) break;
  }
  const fitting = count < entries.length ? count : limit;
  return {
    text,
    cursor: entries[count - 1]?.seq ?? cursor,
    isAll: count === entries.length && count < limit,
    limit: Math.min(ENTRIES_A_READ.most, count === limit ? 2 * limit : fitting),
  };
}

/** A reader of a ledger that was set back would wait for its number, and miss what is written until then. */
function cursorAhead(after: number, head: number): Refusal {
  return new Refusal("conflict", "cursor.ahead", `The newest entry is ${head}; the cursor ${after} is ahead of it.`, {
    hint: "The ledger is not the one that was read before, or was restored from a backup. Read it again from 0.",
    facts: { head },
  });
}

async function send(
  raw: NodeJS.WritableStream & { destroyed?: boolean },
  text: string,
  closing: AbortSignal,
): Promise<void> {
  if (raw.write(text) || raw.destroyed) return;
  // A slow reader holds back its own stream, not the server's memory, nor its end.
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, closing]);
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
