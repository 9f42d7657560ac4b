import type { Reader } from "../../../kernel/database.ts";
import type { Caller } from "../../../kernel/operation.ts";
import type { Outside } from "../../../kernel/ports.ts";
import { statements } from "../../../kernel/sql.ts";
import { Frontier } from "../../../tlog/frontier.ts";
import { HASH_BYTES } from "../../../tlog/hashing.ts";
import { readFrontier } from "../../../tlog/proofs.ts";
import { TILE_WIDTH } from "../../../tlog/tiles.ts";
import { GENESIS, LEAF_BYTES_MAX } from "../chain.ts";
import { type Entry, payloadsOf } from "../entries.ts";
import { TOLD_KINDS } from "./facts.ts";
import { anchorsBetween, entryHashAt, leafHashesAfter } from "../log/growth.ts";
import { isPersonal, type Payload, payloadProblem } from "../personal/payloads.ts";
import { namedLogs, storedTiles } from "./stored.ts";
import { lostHeads } from "../log/survey.ts";
import { treeReader } from "../log/tiles.ts";
import { type Report, Verification } from "./verification.ts";
import { LedgerWalk } from "./walk.ts";

const sql = statements("ledger", "head", "range", "beyond_head", "payloads_between", "principal_names", "tenants");

export type StoredEntry = {
  seq: number;
  at: Date;
  kind: string;
  principal_id: number;
  subject: string | null;
  leaf: Buffer;
  entry_hash: Buffer;
};

type Looked = { db: Reader; caller: Caller; outside: Outside | null };
export type Names = ReadonlyMap<number, string>;

/** Read in pieces of a size that keeps memory flat and each statement short. */
const ENTRIES_A_READ = 1_024;
const told = new Set<string>(TOLD_KINDS);

/**
 * Verifies the stored ledger of the caller's tenant: all of it, or a part that begins behind an entry which is taken as
 * given. What stands outside is read before the head, so that nothing outside can be ahead of what is read.
 */
export async function verifyStored(
  { db, caller, outside }: Looked,
  { after, limit }: { after: number; limit: number | undefined },
): Promise<Report & { seq: number; head: string }> {
  // What lies behind the part is not looked at, unless the part reaches the end: then what is larger tells a cut tail.
  const [before] = await db.all<{ seq: number }>(sql.head);
  const upto = limit !== undefined && after + limit < (before?.seq ?? 0) ? after + limit : Number.MAX_SAFE_INTEGER;
  const notes = (await outside?.notes(caller.tenant, after === 0 ? -1 : after, upto)) ?? [];
  const logs = await namedLogs(db);
  const tiles = await storedTiles(db, logs.at(-1)?.origin);
  const anchors = (await Promise.all(logs.map(({ origin }) => storedAnchors(db, origin, after, upto)))).flat();
  const [stored] = await db.all<{ seq: number; hash: Buffer }>(sql.head);
  const head = stored ?? { seq: 0, hash: GENESIS };
  const end = Math.min(head.seq, after + (limit ?? head.seq));
  const part = after > 0 || end < head.seq;
  const walk = after === 0 ? new LedgerWalk({ tiles }) : await walkAfter(db, after, tiles.published);
  const verification = new Verification({ logs, walk });
  for (const { origin, tree_size: size, root, note } of anchors)
    verification.hold(
      { note, by: "the stored checkpoint", outside: false, beside: { origin, size, root } },
      { origin, size },
    );
  for (const note of notes)
    verification.hold({ note: note.note, by: "the copy outside the database", outside: true }, note);
  if (!stored) walk.break(1, "the ledger has no head");
  await walkRows(db, verification, end);
  if (end === head.seq && !verification.over) await checkHead(db, walk, head);
  if (!part && !verification.over && caller.tenant_id === 1) await checkTenants(db, verification);
  const report = verification.report({ part: end < head.seq });
  const entries = report.entries - Math.min(after, report.entries);
  return {
    ...report,
    entries,
    completeness: part ? null : report.completeness,
    seq: head.seq,
    head: head.hash.toString("hex"),
  };
}

async function storedAnchors(db: Reader, origin: string, after: number, upto: number) {
  return (await anchorsBetween(db, origin, after, upto)).map((row) => ({ origin, ...row }));
}

/** The tree up to an entry, out of tiles as far as they are published and of entries behind them. */
async function walkAfter(db: Reader, after: number, published: number): Promise<LedgerWalk> {
  const base = Math.floor(Math.min(after, published) / TILE_WIDTH) * TILE_WIDTH;
  const frontier = base === 0 ? new Frontier() : await readFrontier(base, treeReader(db, base));
  while (frontier.size < after) {
    const { hashes } = await leafHashesAfter(db, frontier.size, Math.min(ENTRIES_A_READ, after - frontier.size));
    if (hashes.length === 0) break;
    for (let at = 0; at < hashes.length; at += HASH_BYTES) frontier.push(hashes.subarray(at, at + HASH_BYTES));
  }
  const before = await entryHashAt(db, after);
  const walk = new LedgerWalk({ frontier, ...(before && { before }) });
  if (before === null || frontier.size < after) walk.break(Math.min(after, frontier.size + 1), "it is missing");
  return walk;
}

async function walkRows(db: Reader, verification: Verification, end: number): Promise<void> {
  const { walk } = verification;
  const names: Names = new Map((await db.all(sql.principal_names)).map(({ id, name }) => [id, name]));
  const scratch = Buffer.alloc(1 + LEAF_BYTES_MAX);
  while (walk.size < end && !verification.over) {
    const after = walk.size;
    const limit = Math.min(ENTRIES_A_READ, end - after);
    const [rows, payloads] = await Promise.all([
      db.all<StoredEntry>(sql.range, { after, limit }),
      db.all<Payload & { seq: number }>(sql.payloads_between, { after, upto: after + limit }),
    ]);
    if (rows.length === 0) walk.break(after + 1, "it is missing");
    const beside = new Map(payloads.map((row) => [row.seq, row]));
    const personal = new Map<number, Entry["data"]>();
    for (const row of rows) {
      if (verification.over) break;
      walkRow(verification, row, scratch, names, personal);
    }
    await checkPayloads(db, walk, personal, beside);
  }
}

function walkRow(
  verification: Verification,
  row: StoredEntry,
  scratch: Buffer,
  names: Names,
  personal: Map<number, Entry["data"]>,
): void {
  const { walk } = verification;
  if (row.seq !== walk.size + 1) return walk.break(walk.size + 1, "it is missing");
  row.leaf.copy(scratch, 1);
  walk.add(scratch.subarray(0, 1 + row.leaf.length), row.entry_hash);
  if (verification.over) return;
  const entry = parsed(row.leaf);
  const reason = entry === null ? "its bytes are not JSON" : contradiction(row, entry, names);
  if (reason !== null) return walk.break(row.seq, reason);
  if (told.has(row.kind)) verification.told(entry!);
  if (isPersonal(entry!.data)) personal.set(row.seq, entry!.data);
}

async function checkPayloads(
  db: Reader,
  walk: LedgerWalk,
  personal: Map<number, Entry["data"]>,
  beside: Map<number, Payload>,
): Promise<void> {
  const gone = [...personal.keys()].filter((seq) => !beside.has(seq));
  const kept = gone.length > 0 ? await payloadsOf(db, gone) : new Map();
  for (const seq of new Set([...personal.keys(), ...beside.keys()])) {
    const row = beside.get(seq) ?? null;
    const reason = payloadProblem(personal.get(seq) ?? {}, row, row === null && kept.get(seq)?.erased === true);
    if (reason !== null) walk.break(seq, reason);
  }
}

/** The head must name the last entry, and there is none behind it. */
async function checkHead(db: Reader, walk: LedgerWalk, head: { seq: number; hash: Buffer }): Promise<void> {
  if (head.seq === walk.size && !head.hash.equals(walk.head))
    walk.break(Math.max(1, head.seq), "the ledger's head names another hash");
  const [beyond] = await db.all<{ seq: number }>(sql.beyond_head);
  if (beyond) walk.break(beyond.seq, "the ledger's head does not reach it");
}

/** The first tenant's ledger says which tenants were opened; none of them is ever closed. */
async function checkTenants(db: Reader, { facts, walk }: Verification): Promise<void> {
  const here = new Set((await db.all<{ name: string }>(sql.tenants)).map(({ name }) => name));
  for (const { seq, name } of facts.tenants)
    if (!here.has(name)) walk.break(seq, `the tenant ${name}, which it opened, is gone`);
  for (const { seq, tenant, reason } of await lostHeads(db, facts.heads))
    walk.break(seq, `it recorded how far the tenant ${tenant} had come, and ${reason}`);
}

export function parsed(leaf: Buffer): Entry | null {
  try {
    const entry = JSON.parse(leaf.toString());
    return typeof entry === "object" && entry?.data !== null && typeof entry?.data === "object" ? entry : null;
  } catch {
    return null;
  }
}

/** The columns stand beside the leaf for look-ups and must say what it says. */
export function contradiction(
  { seq, at, kind, principal_id, subject }: StoredEntry,
  said: Entry,
  names: Names,
): string | null {
  if (said.seq !== seq) return `its bytes say they are entry ${said.seq}`;
  if (said.kind !== kind) return `its kind is ${kind}, its bytes say ${said.kind}`;
  if (said.subject !== subject) return `its subject is ${subject}, its bytes say ${said.subject}`;
  if (said.at !== at.toISOString()) return `its time is ${at.toISOString()}, its bytes say ${said.at}`;
  const name = names.get(principal_id);
  if (said.actor !== name)
    return `its principal is ${name ?? `number ${principal_id}, who is nobody`}, its bytes say ${said.actor}`;
  return null;
}
