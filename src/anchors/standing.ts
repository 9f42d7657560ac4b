import type { TenantTransaction } from "../kernel/database.ts";
import type { OutsideNote } from "../kernel/ports.ts";
import { ledgerSize, type LogKey, treeReader } from "../rooms/ledger/index.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { openNote, parseVerifier } from "../tlog/note.ts";
import { treeRoot } from "../tlog/proofs.ts";
import { Contradiction, type GrowingTree } from "./tree.ts";

/** What was signed must still stand: the checks that a database which was set back does not pass. */

/** A note that this log's keys signed. Throws NoteError on any other. */
export function outsideNote(note: string, keys: readonly LogKey[]): OutsideNote {
  const { text } = openNote(
    note,
    keys.map(({ vkey }) => parseVerifier(vkey)),
  );
  return { ...parseCheckpoint(text), note };
}

/** Throws unless the ledger still holds the tree that the newest outside note tells of. */
export async function mustHold(tx: TenantTransaction, outside: OutsideNote, published: number): Promise<void> {
  const size = await ledgerSize(tx);
  if (size < outside.size) throw setBack(size, outside.size);
  if (outside.size > published) return;
  const root = await treeRoot(outside.size, treeReader(tx, published));
  if (!root.equals(outside.root)) throw otherTree(outside.size);
}

/** Grows the tree over what was signed and not yet published; the roots must be those that were signed. */
export async function mustGrowTo(
  tx: TenantTransaction,
  tree: GrowingTree,
  notes: readonly OutsideNote[],
): Promise<void> {
  const roots = await tree.grow(
    tx,
    notes.map(({ size }) => size),
  );
  for (const [at, { size, root }] of roots.entries()) if (!root.equals(notes[at]!.root)) throw otherTree(size);
}

/** The ledger is shorter than what was signed. */
export function setBack(size: number, signed: number): Contradiction {
  const message = `the ledger has ${size} entries, but ${signed} were signed: the database was restored from a backup`;
  return new Contradiction("ledger.restored", message);
}

function otherTree(size: number): Contradiction {
  const message = `the first ${size} entries are not those that were signed: the database was restored or rewritten`;
  return new Contradiction("ledger.restored", message);
}
