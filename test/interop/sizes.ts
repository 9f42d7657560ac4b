import { long } from "../harness.ts";

/** Around each point where a tile becomes full, and one that is large. The large one takes its time. */
export const SIZES = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, ...(long ? [1_000_000] : [])];

/** Entries whose proofs differ in shape: the ends, the middle, and both sides of where tiles meet. */
export function indexesOf(size: number): number[] {
  const wanted = [0, 1, 254, 255, 256, 65_535, 65_536, Math.floor(size / 2), size - 2, size - 1];
  return [...new Set(wanted)].filter((index) => index >= 0 && index < size);
}

/** How many tiles a tree of that size has: the n-th level has a hash for each 256^n entries, 256 of them to a tile. */
export function tilesIn(size: number): number {
  let tiles = 0;
  for (let hashes = size; hashes > 0; hashes = Math.floor(hashes / 256)) tiles += Math.ceil(hashes / 256);
  return tiles;
}
