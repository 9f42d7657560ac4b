import { Frontier, subtrees } from "./frontier.ts";
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from "./hashing.ts";

/** The hash of the complete subtree of 2^level entries that begins at entry index × 2^level. */
export type ReadHash = (level: number, index: number) => Promise<Buffer>;

/** The entries from `start` up to and without `end`. */
type Span = readonly [start: number, end: number];

/** The root of the tree of that size. */
export function treeRoot(size: number, read: ReadHash): Promise<Buffer> {
  mustBeSize(size);
  return subtreeRoot(0, size, read);
}

/** The tree of that size, ready to grow: reads one hash for each one-bit of the size. */
export async function readFrontier(size: number, read: ReadHash): Promise<Frontier> {
  mustBeSize(size);
  return Frontier.from(size, await Promise.all(subtrees(size).map(({ level, index }) => read(level, index))));
}

/**
 * The root over the entries from `start` to `end`. They have to be a subtree: `start` is a multiple of the smallest
 * power of two that holds them.
 */
export async function subtreeRoot(start: number, end: number, read: ReadHash): Promise<Buffer> {
  const count = end - start;
  if (count === 0) return EMPTY_ROOT;
  if (start % subtreeWidth(count) !== 0) throw new RangeError(`no subtree goes from ${start} to ${end}`);
  const roots = await Promise.all(
    // Counted from its own beginning a subtree is a tree; what it has of 2^level entries is as many further on.
    subtrees(count).map(({ level, index }) => read(level, start / 2 ** level + index)),
  );
  return roots.reduceRight((right, left) => nodeHash(left, right));
}

/** What is missing to get from one entry's leaf hash to the root (RFC 6962, section 2.1.1). */
export function inclusionProof(index: number, size: number, read: ReadHash): Promise<Buffer[]> {
  return subtreeInclusionProof(index, 0, size, read);
}

/** The same within a subtree. */
export function subtreeInclusionProof(index: number, start: number, end: number, read: ReadHash): Promise<Buffer[]> {
  mustBeSize(end);
  if (!Number.isSafeInteger(index) || index < start || index >= end)
    throw new RangeError(`entry ${index} is not between ${start} and ${end}`);
  const beside: Span[] = [];
  for (let [from, to] = [start, end]; to - from > 1;) {
    const middle = from + leftWidth(to - from);
    if (index < middle) {
      beside.push([middle, to]);
      to = middle;
    } else {
      beside.push([from, middle]);
      from = middle;
    }
  }
  return readSpans(beside, read);
}

/** What shows that a tree of the first size is the beginning of one of the second (RFC 6962, section 2.1.2). */
export function consistencyProof(size1: number, size2: number, read: ReadHash): Promise<Buffer[]> {
  mustBeSize(size1);
  mustBeSize(size2);
  if (size1 > size2) throw new RangeError(`a tree of ${size1} entries is not the beginning of one of ${size2}`);
  // Every tree begins with the empty one; there is nothing to show.
  if (size1 === 0 || size1 === size2) return Promise.resolve([]);
  const spans: Span[] = [];
  let [from, to] = [0, size2];
  while (to !== size1) {
    const middle = from + leftWidth(to - from);
    if (size1 <= middle) {
      spans.push([middle, to]);
      to = middle;
    } else {
      spans.push([from, middle]);
      from = middle;
    }
  }
  // The verifier knows the root of the first tree; if that is one of the subtrees, it need not be told again.
  if (from !== 0) spans.push([from, to]);
  return readSpans(spans, read);
}

/** Whether the proof leads from the leaf hash of the entry with that index (from 0) to the root. */
export function verifyInclusion(
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes([leafHash, root, ...proof])) return false;
  const steps = stepsOf(index, size);
  if (proof.length !== steps.length) return false;
  const found = climb(leafHash, proof, steps);
  return equal(found, root);
}

/**
 * Whether the proof shows that the second tree begins with the first. From the empty tree there is nothing to prove:
 * the answer is no, whatever is presented, so that nobody takes "consistent with nothing" for a comfort.
 */
export function verifyConsistency(
  size1: number,
  root1: Uint8Array,
  size2: number,
  root2: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(size1) || !isSize(size2) || size1 < 1 || size1 > size2) return false;
  if (!areHashes([root1, root2, ...proof])) return false;
  if (size1 === size2) return proof.length === 0 && equal(root1, root2);
  // The way begins at the largest complete subtree that the first tree ends with.
  const level = trailingZeros(size1);
  const steps = stepsOf(size1 - 1, size2).slice(level);
  const isComplete = size1 === 2 ** level;
  const seed = isComplete ? root1 : proof[0];
  const rest = isComplete ? proof : proof.slice(1);
  if (seed === undefined || rest.length !== steps.length) return false;
  const before = rest.filter((_, at) => steps[at] === "left");
  const first = climb(
    seed,
    before,
    before.map(() => "left"),
  );
  return equal(first, root1) && equal(climb(seed, rest, steps), root2);
}

type Side = "left" | "right";

/** On which side the proof's hashes stand on the way from a leaf to the root, from the bottom up. */
function stepsOf(index: number, size: number): Side[] {
  const steps: Side[] = [];
  for (let [at, last] = [index, size - 1]; last > 0; at = Math.floor(at / 2), last = Math.floor(last / 2)) {
    if (at % 2 === 1) steps.push("left");
    // The last node of a level that has no right neighbour moves up as it is.
    else if (at < last) steps.push("right");
  }
  return steps;
}

function climb(seed: Uint8Array, proof: readonly Uint8Array[], steps: readonly Side[]): Uint8Array {
  return proof.reduce(
    (found, hash, at) => (steps[at] === "left" ? nodeHash(hash, found) : nodeHash(found, hash)),
    seed,
  );
}

async function readSpans(spans: readonly Span[], read: ReadHash): Promise<Buffer[]> {
  // From the bottom up, as RFC 6962 orders them.
  return Promise.all(spans.toReversed().map(([start, end]) => subtreeRoot(start, end, read)));
}

/** The smallest power of two that holds the count. */
function subtreeWidth(count: number): number {
  let width = 1;
  while (width < count) width *= 2;
  return width;
}

/** The largest power of two that is smaller than the count, where a tree divides. */
function leftWidth(count: number): number {
  return subtreeWidth(count) / 2;
}

function trailingZeros(size: number): number {
  let zeros = 0;
  for (let rest = size; rest % 2 === 0; rest /= 2) zeros++;
  return zeros;
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0;
}

function mustBeSize(size: number): void {
  if (!isSize(size)) throw new RangeError(`no tree has ${size} entries`);
}

function areHashes(all: readonly Uint8Array[]): boolean {
  return all.every((one) => one.length === HASH_BYTES);
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
