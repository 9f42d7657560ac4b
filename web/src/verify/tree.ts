import { areEqual, Broken, type Bytes, sha256 } from "./bytes.ts";

/** RFC 6962: a tree of hashes over all entries. A first byte keeps leaves (0) and nodes (1) apart. */
const LEAF = new Uint8Array([0x00]);
const NODE = new Uint8Array([0x01]);
const HASH_BYTES = 32;

/** The hash of an entry: of its canonical bytes, as they were stored. */
export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(LEAF, entry);
}

function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(NODE, left, right);
}

/** Throws unless the proof leads from this leaf hash, at this place (from 0), to the root of a tree of that size. */
export async function mustInclude(
  { hash, index, size, proof }: { hash: Bytes; index: number; size: number; proof: readonly Bytes[] },
  root: Bytes,
): Promise<void> {
  const steps = stepsOf(index, size);
  const isWhole = index >= 0 && index < size && steps.length === proof.length && proof.every(isHash);
  if (!isWhole || !areEqual(await climb(hash, proof, steps), root))
    throw new Broken(`The proof does not lead from entry ${index + 1} to the signed root.`);
}

type Tree = { size: number; root: Bytes };

/** Throws unless the proof shows that the first tree is the beginning of the second. */
export async function mustContinue(before: Tree, after: Tree, proof: readonly Bytes[]): Promise<void> {
  const wrong = () =>
    new Broken(`The ${after.size} entries that are there now do not begin with the ${before.size} of before.`);
  if (before.size < 1 || before.size > after.size || !proof.every(isHash)) throw wrong();
  if (before.size === after.size) {
    if (proof.length > 0 || !areEqual(before.root, after.root)) throw wrong();
    return;
  }
  // The way up begins at the largest complete subtree that the first tree ends with.
  let level = 0;
  while (before.size % 2 ** (level + 1) === 0) level++;
  const steps = stepsOf(before.size - 1, after.size).slice(level);
  const isComplete = before.size === 2 ** level;
  const [seed, ...rest] = isComplete ? [before.root, ...proof] : proof;
  if (seed === undefined || rest.length !== steps.length) throw wrong();
  // The hashes to the left were there before; with those to the right, they give the later root.
  const left = rest.filter((_, at) => steps[at] === "left");
  const roots = [
    await climb(
      seed,
      left,
      left.map(() => "left"),
    ),
    await climb(seed, rest, steps),
  ] as const;
  if (!areEqual(roots[0], before.root) || !areEqual(roots[1], after.root)) throw wrong();
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

async function climb(seed: Bytes, proof: readonly Bytes[], steps: readonly Side[]): Promise<Bytes> {
  let hash = seed;
  for (const [at, beside] of proof.entries())
    hash = await (steps[at] === "left" ? nodeHash(beside, hash) : nodeHash(hash, beside));
  return hash;
}

function isHash(bytes: Bytes): boolean {
  return bytes.length === HASH_BYTES;
}

/** A tree that grows by leaf hashes: it keeps one hash for each one-bit of its size. */
export class GrowingTree {
  #size = 0;
  #peaks: Bytes[] = [];

  get size(): number {
    return this.#size;
  }

  async add(hash: Bytes): Promise<void> {
    let peak = hash;
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2))
      peak = await nodeHash(this.#peaks.pop()!, peak);
    this.#peaks.push(peak);
    this.#size++;
  }

  async root(): Promise<Bytes> {
    const [last, ...before] = this.#peaks.toReversed();
    if (last === undefined) return sha256();
    let root = last;
    for (const peak of before) root = await nodeHash(peak, root);
    return root;
  }
}
