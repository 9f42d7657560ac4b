import { hash } from "node:crypto";

/** RFC 6962, section 2.1: SHA-256, where a first byte keeps leaves (0x00) and nodes (0x01) apart. */
export const HASH_BYTES = 32;

// Node copies a digest out of a string of bytes in a third of the time that it takes to make a new ArrayBuffer.
const ENCODING = "binary";
const pair = Buffer.alloc(1 + 2 * HASH_BYTES);
pair[0] = 0x01;

/** The root of a tree without entries: the hash of nothing. */
export const EMPTY_ROOT: Buffer = hash("sha256", "", "buffer");

/** sha256(0x00 || data). */
export function leafHash(data: Uint8Array): Buffer {
  const prefixed = Buffer.allocUnsafe(data.length + 1);
  prefixed[0] = 0x00;
  prefixed.set(data, 1);
  return Buffer.from(hash("sha256", prefixed, ENCODING), ENCODING);
}

/** sha256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  mustBeHash(left);
  mustBeHash(right);
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return Buffer.from(hash("sha256", pair, ENCODING), ENCODING);
}

/** The node hash of the two hashes that lie at `at`, written to `target` at `to`: makes no garbage. */
export function mergePair(source: Buffer, at: number, target: Buffer, to: number): void {
  source.copy(pair, 1, at, at + 2 * HASH_BYTES);
  target.write(hash("sha256", pair, ENCODING), to, HASH_BYTES, ENCODING);
}

/** Throws what is not a hash out before it is hashed into anything. */
export function mustBeHash(bytes: Uint8Array): void {
  if (bytes.length !== HASH_BYTES) throw new RangeError(`a hash has ${HASH_BYTES} bytes, not ${bytes.length}`);
}
