import { z } from "zod";
import type { Transaction } from "../../../kernel/database.ts";
import { type Act, batchCommand, type Caller, command, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { parseCheckpoint } from "../../../tlog/checkpoint.ts";
import { NoteError, openNote, parseVerifier } from "../../../tlog/note.ts";
import { keyFor, keysOf } from "./anchors.ts";

/**
 * What the signer settles. It works outside the door (src/anchors/signer.ts), since it keeps files; what it says here
 * is checked again: an anchor counts only with a good signature of a key that the ledger itself names.
 */
const sql = statements(
  "ledger",
  "log_open",
  "log_newest",
  "log_insert",
  "log_freeze",
  "log_rotation",
  "log_key_insert",
  "anchors_insert",
  "anchors_at",
  "anchor_newest",
  "tiles_grow",
);

/** The server's own principal in every tenant; the only one that signs. */
const SERVICE = "longwatch";

const Origin = text(200).regex(/^[^\s+]+$/, "must be a name without spaces or plus signs");
const VerifierKey = text(300).describe("A C2SP verifier key: name+id+key.");

export const openLog = command({
  name: "ledger.open_log",
  summary: "Open the tenant's transparency log under a name and a key. The server's signer says it.",
  input: z.object({ origin: Origin.describe("The log's name for ever."), vkey: VerifierKey }),
  output: z.object({ epoch: z.int(), origin: z.string() }),
  may: ["steward"],
  said_by: "programs",
  events: ["ledger.log_opened"],
  refuses: ["service.only", "log.open"],
  async run({ db }, { caller, input }) {
    onlyService(caller);
    checkVerifier(input);
    const { origin, vkey } = input;
    const [newest] = await db.all<{ epoch: number; origin: string; frozen_at: Date | null }>(sql.log_newest);
    if (newest && newest.frozen_at === null)
      throw new Refusal("conflict", "log.open", `The log ${newest.origin} is open.`, {
        hint: "Freeze it first: longwatch ledger freeze.",
      });
    const epoch = (newest?.epoch ?? 0) + 1;
    db.send(sql.log_insert, { epoch, origin });
    db.send(sql.log_key_insert, { origin, vkey, after_size: 0 });
    return {
      output: { epoch, origin },
      events: [{ kind: "ledger.log_opened", subject: origin, data: { epoch, origin, vkey } }],
    };
  },
});

export const addKey = command({
  name: "ledger.add_key",
  summary: "Name a new key that signs the open log from here on. The server's signer says it.",
  input: z.object({ origin: Origin, vkey: VerifierKey }),
  output: z.object({ origin: z.string(), after_size: z.int().describe("It counts for larger checkpoints.") }),
  may: ["steward"],
  said_by: "programs",
  events: ["ledger.key_added"],
  refuses: ["service.only", "log.frozen"],
  async run({ db }, { caller, input: { origin, vkey } }) {
    onlyService(caller);
    checkVerifier({ origin, vkey });
    await openLogNamed(db, origin);
    const [newest] = await db.all<{ tree_size: number }>(sql.anchor_newest, { origin });
    // Two keys of one size would leave open which of them counts.
    const after_size = Math.max(newest?.tree_size ?? 0, ...(await keysOf(db, origin)).map((key) => key.after_size + 1));
    db.send(sql.log_key_insert, { origin, vkey, after_size });
    db.send(sql.log_rotation, { asked: false });
    const data = { origin, vkey, after_size };
    return { output: { origin, after_size }, events: [{ kind: "ledger.key_added", subject: origin, data }] };
  },
});

const Anchor = z.object({
  size: z.int().min(0),
  root: text(64).regex(/^[0-9a-f]{64}$/),
  note: text(4_000),
});
const Tile = z.object({
  level: z.int().min(1).max(7),
  index: z.int().min(0),
  hashes: text(11_000).describe("All hashes of the tile so far, in base64."),
});

export const anchor = batchCommand({
  name: "ledger.anchor",
  summary: "Publish signed checkpoints and the tiles below them. The server's signer says it.",
  input: z.object({ origin: Origin, anchors: z.array(Anchor).max(20_000), tiles: z.array(Tile).max(20_000) }),
  output: z.object({ size: z.int().describe("The largest size that is now published.") }),
  may: ["steward"],
  said_by: "programs",
  events: [],
  refuses: ["service.only", "log.frozen", "anchor.contradicts", "anchor.unsigned"],
  unrecorded: "An entry for each checkpoint would need a checkpoint of its own; the anchors are the record.",
  async run({ db }, calls) {
    const outcomes: (Act<{ size: number }> | Refusal)[] = [];
    for (const { caller, input } of calls) {
      try {
        outcomes.push(await published(db, caller, input));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        outcomes.push(error);
      }
    }
    return outcomes;
  },
});

type Publishing = z.output<typeof anchor.input>;

async function published(db: Transaction, caller: Caller, { origin, anchors, tiles }: Publishing) {
  onlyService(caller);
  const sizes = anchors.map(({ size }) => size);
  const [, keys, known] = await Promise.all([
    openLogNamed(db, origin),
    keysOf(db, origin),
    db.all<{ tree_size: number; root: Buffer; note: string }>(sql.anchors_at, { origin, sizes }),
  ]);
  const there = new Map(known.map((row) => [row.tree_size, row.note]));
  const verifiers = new Map(keys.map((key) => [key, parseVerifier(key.vkey)]));
  for (const { size, root, note } of anchors) {
    const before = there.get(size);
    if (before !== undefined && before !== note) throw contradicts(origin, size);
    try {
      const key = verifiers.get(keyFor(keys, size)!);
      const said = parseCheckpoint(openNote(note, key ? [key] : []).text);
      if (said.origin !== origin || said.size !== size || said.root.toString("hex") !== root) throw unsigned(size);
    } catch (error) {
      throw error instanceof NoteError ? unsigned(size) : error;
    }
  }
  const fresh = anchors.filter(({ size }) => !there.has(size));
  if (tiles.length > 0)
    db.send(sql.tiles_grow, {
      levels: tiles.map(({ level }) => level),
      indexes: tiles.map(({ index }) => index),
      hashes: tiles.map(({ hashes }) => hashes),
    });
  if (fresh.length > 0)
    db.send(sql.anchors_insert, {
      origin,
      sizes: fresh.map(({ size }) => size),
      roots: fresh.map(({ root }) => root),
      notes: fresh.map(({ note }) => note),
    });
  return { output: { size: Math.max(0, ...sizes) }, events: [] };
}

export const refuseSigning = command({
  name: "ledger.refuse_signing",
  summary: "Record that the signer refuses to sign, and why. The server's signer says it.",
  input: z.object({ origin: Origin, code: text(60), reason: text(1000) }),
  output: z.object({}),
  may: ["steward"],
  said_by: "programs",
  events: ["ledger.signing_refused"],
  refuses: ["service.only"],
  async run(_, { caller, input }) {
    onlyService(caller);
    return { output: {}, events: [{ kind: "ledger.signing_refused", subject: input.origin, data: input }] };
  },
});

export const freeze = command({
  name: "ledger.freeze",
  summary: "Close the transparency log for good; the signer opens a new one under a new name.",
  input: z.object({ reason: text(2000).trim().min(1).describe("Why, for whoever verifies the old log later.") }),
  output: z.object({ origin: z.string().describe("The log that is closed; what it signed stays verifiable.") }),
  may: ["operator"],
  events: ["ledger.log_frozen"],
  refuses: ["log.none"],
  async run({ db }, { input: { reason } }) {
    const [log] = await db.all<{ origin: string; epoch: number }>(sql.log_open);
    if (!log) throw noLog();
    const [newest] = await db.all<{ tree_size: number; root: Buffer }>(sql.anchor_newest, { origin: log.origin });
    db.send(sql.log_freeze);
    const last = newest ? { size: newest.tree_size, root: newest.root.toString("hex") } : null;
    const data = { origin: log.origin, epoch: log.epoch, reason, last };
    return { output: { origin: log.origin }, events: [{ kind: "ledger.log_frozen", subject: log.origin, data }] };
  },
});

export const rotateKey = command({
  name: "ledger.rotate_key",
  summary: "Have the signer make a new key; the checkpoint that covers the change is signed by both.",
  input: z.object({}),
  output: z.object({ origin: z.string() }),
  may: ["operator"],
  events: ["ledger.rotation_asked"],
  refuses: ["log.none"],
  async run({ db }) {
    const [log] = await db.all<{ origin: string }>(sql.log_open);
    if (!log) throw noLog();
    db.send(sql.log_rotation, { asked: true });
    return {
      output: { origin: log.origin },
      events: [{ kind: "ledger.rotation_asked", subject: log.origin, data: { origin: log.origin } }],
    };
  },
});

async function openLogNamed(db: Transaction, origin: string): Promise<void> {
  const [log] = await db.all<{ origin: string }>(sql.log_open);
  if (log?.origin !== origin)
    throw new Refusal("conflict", "log.frozen", `The log ${origin} is not open.`, {
      facts: { open: log?.origin ?? null },
    });
}

/** Refuses `service.only` to everybody but the server itself: to whoever holds a token in the service's name, too. */
export function onlyService(caller: Caller): void {
  if (caller.name !== SERVICE || caller.inside !== true)
    throw new Refusal("denied", "service.only", "Only the server itself says this.", {
      hint: "It does so without being asked; `longwatch doctor` says how it is.",
    });
}

function checkVerifier({ origin, vkey }: { origin: string; vkey: string }): void {
  try {
    if (parseVerifier(vkey).name === origin) return;
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
  }
  const message = "must be an Ed25519 verifier key that bears the log's name";
  throw new Refusal("invalid", "input.invalid", `vkey: ${message}`, { fields: [{ field: "vkey", message }] });
}

function noLog(): Refusal {
  return new Refusal("conflict", "log.none", "No log is open; the signer opens one within a minute of the start.");
}

function contradicts(origin: string, size: number): Refusal {
  return new Refusal("mismatch", "anchor.contradicts", `${origin} has another checkpoint of ${size} entries already.`);
}

function unsigned(size: number): Refusal {
  const message = `the checkpoint of ${size} entries is not signed by a key of this log, or says something else`;
  return new Refusal("invalid", "anchor.unsigned", message, { fields: [{ field: "anchors", message }] });
}
