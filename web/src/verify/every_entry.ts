import { ask } from "../api/client.ts";
import { areEqual, Broken, fromBase64 } from "./bytes.ts";
import type { Signed } from "./checks.ts";
import { BUNDLE_WIDTH } from "./entry_bytes.ts";
import { entriesIn, readEntry } from "./note.ts";
import { GrowingTree, leafHash } from "./tree.ts";

/** Hashes every entry that the checkpoint covers, in this page, and holds the root against the signed one. */
export async function hashEveryEntry(
  tenant: string,
  signed: Signed,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (done: number) => void },
): Promise<void> {
  const tree = new GrowingTree();
  for (let index = 0; index * BUNDLE_WIDTH < signed.size; index++) {
    const width = Math.min(BUNDLE_WIDTH, signed.size - index * BUNDLE_WIDTH);
    const { entries } = await ask("/v1/ledger/bundle", { index, width }, signal);
    const leaves = entriesIn(fromBase64(entries));
    if (leaves.length !== width) throw new Broken(`Of ${width} entries, the server gave ${leaves.length}.`);
    for (const [at, leaf] of leaves.entries()) readEntry(leaf, index * BUNDLE_WIDTH + at + 1, tenant);
    for (const hash of await Promise.all(leaves.map(leafHash))) await tree.add(hash);
    onProgress(tree.size);
  }
  if (!areEqual(await tree.root(), signed.root))
    throw new Broken("The root over all entries, hashed here, is not the root that was signed.");
}
