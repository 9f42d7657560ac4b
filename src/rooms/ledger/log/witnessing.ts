import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { NoteError, parseVerifier, type Verifier } from "../../../tlog/note.ts";
import { considerCheckpoint, type Known, parseAddCheckpoint } from "../../../tlog/witness.ts";
import { CHECKERS } from "./checkers.ts";
import { onlyService } from "./signing.ts";

/**
 * Longwatch as a witness for the logs of others (C2SP tlog-witness). Whoever asks has no token: what is asked counts
 * by the signature of a key that the operator registered. The witness belongs to the installation, so the first tenant
 * keeps it.
 */
const sql = statements(
  "ledger",
  "watched_lock",
  "watched",
  "watched_all",
  "watch",
  "unwatch",
  "watched_advance",
  "witness_key_insert",
  "witness_key",
);

type Watched = { origin: string; vkeys: string[]; size: number; root: Buffer | null; watched: boolean };

const Origin = text(200)
  .regex(/^[^\n]+$/, "must be one line")
  .describe("The log's name: the first line of its checkpoints.");
const KEYS_MAX = 8;

export const watch = command({
  name: "witness.watch",
  summary: "Cosign another log from now on, if it shows that it only grows. A second key for it is added to the first.",
  input: z.object({
    origin: Origin,
    vkey: text(400).describe("The key that signs the log's checkpoints: name+id+key, as its operator gives it."),
  }),
  output: z.object({ origin: z.string(), vkeys: z.array(z.string()).describe("The keys that it may be signed by.") }),
  may: ["operator"],
  events: ["witness.watched"],
  refuses: ["tenant.not_first", "witness.watching", "witness.too_many_keys"],
  async run({ db, tenant_id }, { input: { origin, vkey } }) {
    onlyFirstTenant(tenant_id);
    checkLogKey(vkey);
    const [before] = await db.all<Watched>(sql.watched_lock, { origin });
    const kept = before?.watched ? before.vkeys : [];
    if (kept.includes(vkey))
      throw new Refusal("conflict", "witness.watching", `The log ${origin} is watched with this key already.`);
    if (kept.length === KEYS_MAX)
      throw new Refusal("conflict", "witness.too_many_keys", `The log ${origin} has ${KEYS_MAX} keys already.`, {
        hint: "Unwatch it and watch it with its present key; what was seen of it stays known.",
      });
    const vkeys = [...kept, vkey];
    db.send(sql.watch, { origin, vkeys });
    return {
      output: { origin, vkeys },
      events: [{ kind: "witness.watched", subject: origin, data: { origin, vkey } }],
    };
  },
});

export const unwatch = command({
  name: "witness.unwatch",
  summary: "Cosign a log no more. What was seen of it stays known, should it be watched again.",
  input: z.object({ origin: Origin }),
  output: z.object({ origin: z.string() }),
  may: ["operator"],
  events: ["witness.unwatched"],
  refuses: ["tenant.not_first", "witness.not_watching"],
  async run({ db, tenant_id }, { input: { origin } }) {
    onlyFirstTenant(tenant_id);
    const [was] = await db.all<{ origin: string }>(sql.unwatch, { origin });
    if (!was)
      throw new Refusal("missing", "witness.not_watching", `The log ${origin} is not watched.`, {
        hint: "witness.list tells the logs that are.",
      });
    return { output: { origin }, events: [{ kind: "witness.unwatched", subject: origin, data: { origin } }] };
  },
});

export const list = query({
  name: "witness.list",
  summary: "List the logs that this witness cosigns, and the largest tree of each that it has seen.",
  input: z.object({}),
  output: z.object({
    logs: z.array(
      z.object({
        origin: z.string(),
        vkeys: z.array(z.string()),
        watched_at: z.iso.datetime(),
        size: z.int().describe("How many entries the largest tree had; 0 before the first."),
        root: z.string().nullable().describe("Its root, in hexadecimal."),
        cosigned_at: z.iso.datetime().nullable(),
      }),
    ),
  }),
  may: CHECKERS,
  refuses: [],
  async read({ db }) {
    const rows = await db.all<Watched & { watched_at: Date; cosigned_at: Date | null }>(sql.watched_all);
    const logs = rows.map(({ origin, vkeys, watched_at, size, root, cosigned_at }) => ({
      ...{ origin, vkeys, size },
      watched_at: watched_at.toISOString(),
      root: root?.toString("hex") ?? null,
      cosigned_at: cosigned_at?.toISOString() ?? null,
    }));
    return { logs };
  },
});

export const key = query({
  name: "witness.key",
  summary: "Read the key that this witness signs with: give it to those who shall trust its cosignatures.",
  input: z.object({}),
  output: z.object({
    name: z.string().describe("The witness's name, as it stands in its cosignatures."),
    vkey: z.string().describe("Its C2SP verifier key: name+id+key."),
  }),
  may: CHECKERS,
  refuses: ["witness.no_key"],
  async read({ db }) {
    const [row] = await db.all<{ vkey: string }>(sql.witness_key);
    if (!row)
      throw new Refusal("missing", "witness.no_key", "This witness has no key yet.", {
        hint: "The server makes one at its start, for its first tenant.",
      });
    return { name: parseVerifier(row.vkey).name, vkey: row.vkey };
  },
});

export const announce = command({
  name: "witness.announce",
  summary: "Tell the key that this witness signs with. The server says it at its start.",
  input: z.object({ vkey: text(400) }),
  output: z.object({ vkey: z.string() }),
  may: ["steward"],
  said_by: "programs",
  events: [],
  refuses: ["service.only", "tenant.not_first"],
  unrecorded: "A key that has not signed says nothing; each cosignature names the key that made it.",
  async run({ db, tenant_id }, { caller, input: { vkey } }) {
    onlyService(caller);
    onlyFirstTenant(tenant_id);
    db.send(sql.witness_key_insert, { vkey });
    return { output: { vkey }, events: [] };
  },
});

export const known = query({
  name: "witness.known",
  summary: "Say what would be answered to a request for a cosignature, without remembering it. The server asks it.",
  input: z.object({ body: text(100_000).describe("The request, as tlog-witness has it.") }),
  output: z.object({ status: z.int(), content_type: z.string(), body: z.string() }),
  may: ["steward"],
  refuses: ["service.only"],
  async read({ db, caller }, { body }) {
    onlyService(caller);
    const { status, content_type, body: answer } = await considered(db, body, sql.watched);
    return { status, content_type, body: answer };
  },
});

export const consider = command({
  name: "witness.consider",
  summary: "Remember a log's new checkpoint if it follows from the one before. The server says it, and then cosigns.",
  input: z.object({ body: text(100_000).describe("The request, as tlog-witness has it.") }),
  output: z.object({
    status: z.int().describe("200, or the status that tlog-witness has for what is wrong."),
    content_type: z.string(),
    body: z.string().describe("What is answered, unless it is 200."),
    text: z.string().nullable().describe("The checkpoint to cosign."),
    unix_seconds: z.int().nullable().describe("As of when, by the database's clock."),
  }),
  may: ["steward"],
  said_by: "programs",
  events: [],
  refuses: ["service.only"],
  unrecorded: "Two witnesses of each other would grow for ever; the cosignature is given out, and proves itself.",
  async run({ db }, { caller, input }) {
    onlyService(caller);
    // The row's lock is a statement of its own, before anything is decided (hazards 0.1): no other request for this
    // log is considered until this one is committed.
    const { status, content_type, body, ...next } = await considered(db, input.body, sql.watched_lock);
    if (!next.checkpoint) return { output: { status, content_type, body, text: null, unix_seconds: null }, events: [] };
    const { origin, text: note, size, root } = next.checkpoint;
    const [row] = await db.all<{ unix_seconds: number }>(sql.watched_advance, { origin, size, root });
    return { output: { status, content_type, body, text: note, unix_seconds: row!.unix_seconds }, events: [] };
  },
});

type Considered = {
  status: number;
  content_type: string;
  body: string;
  checkpoint?: Known & { origin: string; text: string };
};

async function considered(db: Reader, body: string, statement: typeof sql.watched): Promise<Considered> {
  try {
    const request = parseAddCheckpoint(body);
    const { origin } = request.checkpoint;
    const [row] = await db.all<Watched>(statement, { origin });
    const decided = considerCheckpoint({
      known: row?.root ? { size: row.size, root: row.root } : null,
      verifiers: row?.watched ? row.vkeys.map((vkey): Verifier => parseVerifier(vkey)) : null,
      request,
    });
    if (decided.status !== 200) return decided;
    const { next, text: note, ...answer } = decided;
    return { ...answer, checkpoint: { ...next, origin, text: note } };
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return { status: 400, content_type: "text/plain; charset=utf-8", body: `${error.message}\n` };
  }
}

function onlyFirstTenant(tenant_id: number): void {
  if (tenant_id !== 1)
    throw new Refusal("denied", "tenant.not_first", "The witness belongs to the installation: ask its first tenant.");
}

function checkLogKey(vkey: string): void {
  let message = "must be the key of a log, an Ed25519 one of algorithm 1; this is one for cosignatures";
  try {
    if (parseVerifier(vkey).algorithm === 1) return;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    ({ message } = error);
  }
  throw new Refusal("invalid", "input.invalid", `vkey: ${message}`, { fields: [{ field: "vkey", message }] });
}
