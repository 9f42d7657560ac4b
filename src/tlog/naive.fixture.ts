import { createHash } from "node:crypto";
import type { ReadHash } from "./proofs.ts";

/** RFC 6962, section 2.1, written down as it stands there: slow, and sharing nothing with what it is compared with. */

const sha = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();

export const naiveLeaf = (data: Uint8Array): Buffer => sha(Buffer.from([0x00]), data);

const split = (count: number): number => 2 ** Math.ceil(Math.log2(count) - 1);

/** MTH, over leaf hashes. */
export function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return sha(Buffer.from([0x01]), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH. */
export function naivePath(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** PROOF. */
export function naiveProof(m: number, leaves: readonly Buffer[], isWhole: boolean = true): Buffer[] {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...naiveProof(m, leaves.slice(0, k), isWhole), naiveRoot(leaves.slice(k))]
    : [...naiveProof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

/** Reads complete subtrees, and throws where the tree has none; counts what was read. */
export function naiveReader(leaves: readonly Buffer[]): ReadHash & { reads: number } {
  const read = async (level: number, index: number) => {
    reader.reads++;
    const width = 2 ** level;
    if ((index + 1) * width > leaves.length) throw new Error(`no hash ${index} at level ${level}`);
    return naiveRoot(leaves.slice(index * width, (index + 1) * width));
  };
  const reader = Object.assign(read, { reads: 0 });
  return reader;
}

/** As many different leaf hashes. */
export const naiveLeaves = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, n) => naiveLeaf(Buffer.from(`entry ${n}`)));
