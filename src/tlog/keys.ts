import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject } from "node:crypto";

/** The keys of signed notes (C2SP signed-note), all of them Ed25519. */

/** What a key signs: the text of a note, or "cosignature/v1", a time and the text (C2SP tlog-cosignature). */
export type Algorithm = typeof SIGNATURE | typeof COSIGNATURE;
export const SIGNATURE = 0x01;
export const COSIGNATURE = 0x04;

/** Who may be believed. The name and the identifier together name the key. */
export type Verifier = { name: string; key_id: Buffer; algorithm: Algorithm; public_key: Buffer; key: KeyObject };

export type Signer = Verifier & { private_key: KeyObject };

/** A key or a note that is not what it should be. `reason` says how. */
export class NoteError extends Error {
  readonly reason: "malformed" | "invalid_signature" | "unverified" | "ambiguous_key";

  constructor(reason: NoteError["reason"], message: string) {
    super(message);
    this.name = "NoteError";
    this.reason = reason;
  }
}

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;

/** Reads `name+identifier+key`, where the identifier has to be the one that follows from the name and the key. */
export function parseVerifier(vkey: string): Verifier {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(vkey);
  if (!match) throw malformedKey("it is not name+identifier+key");
  const [, name, key_id, base64] = match;
  const { algorithm, bytes } = keyOf(base64!);
  return mustBe(verifierOf(name!, algorithm, bytes), key_id!);
}

/** `name+identifier+key`. */
export function formatVerifier({ name, key_id, algorithm, public_key }: Verifier): string {
  return `${name}+${key_id.toString("hex")}+${Buffer.from([algorithm, ...public_key]).toString("base64")}`;
}

/** Reads `PRIVATE+KEY+name+identifier+seed`, as Go's sumdb/note writes it. Errors never quote it. */
export function parseSigner(skey: string): Signer {
  const match = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(skey);
  if (!match) throw malformedKey("it is not PRIVATE+KEY+name+identifier+seed");
  const [, name, key_id, base64] = match;
  const { algorithm, bytes: seed } = keyOf(base64!);
  // PKCS 8 is how node:crypto takes a seed without its public key (RFC 8410, section 7).
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const private_key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const public_key = Buffer.from(createPublicKey(private_key).export({ format: "jwk" }).x!, "base64url");
  return { ...mustBe(verifierOf(name!, algorithm, public_key), key_id!), private_key };
}

/** A new key. `skey` is the secret and is shown here only; `vkey` is for those who verify. */
export function newSigner(
  name: string,
  algorithm: Algorithm = SIGNATURE,
): { signer: Signer; skey: string; vkey: string } {
  const { privateKey: private_key } = generateKeyPairSync("ed25519");
  const { d, x } = private_key.export({ format: "jwk" });
  const signer = { ...verifierOf(name, algorithm, Buffer.from(x!, "base64url")), private_key };
  const seed = Buffer.concat([Buffer.from([algorithm]), Buffer.from(d!, "base64url")]).toString("base64");
  const skey = `PRIVATE+KEY+${name}+${signer.key_id.toString("hex")}+${seed}`;
  return { signer, skey, vkey: formatVerifier(signer) };
}

/** A name is not empty and has no space of any script, no plus and no control character. */
export function isKeyName(name: string): boolean {
  return name.isWellFormed() && /^[^\p{White_Space}\0-\x1f+]+$/u.test(name);
}

/** Base64 as RFC 4648 writes it; null for any other spelling of the same bytes. */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : null;
}

function verifierOf(name: string, algorithm: Algorithm, public_key: Buffer): Verifier {
  if (!isKeyName(name)) throw malformedKey("its name is empty or has a space or a plus in it");
  const key = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: public_key.toString("base64url") },
    format: "jwk",
  });
  const named = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([algorithm]), public_key]);
  const key_id = hash("sha256", named, "buffer").subarray(0, KEY_ID_BYTES);
  return { name, key_id, algorithm, public_key, key };
}

function keyOf(base64: string): { algorithm: Algorithm; bytes: Buffer } {
  const key = strictBase64(base64);
  if (!key || key.length !== 1 + KEY_BYTES) throw malformedKey(`it has not ${KEY_BYTES} bytes behind its type`);
  const algorithm = key[0];
  if (algorithm === SIGNATURE || algorithm === COSIGNATURE) return { algorithm, bytes: key.subarray(1) };
  throw malformedKey(`its type is ${algorithm}; known are ${SIGNATURE} (Ed25519) and ${COSIGNATURE} (cosignature)`);
}

function mustBe(verifier: Verifier, key_id: string): Verifier {
  if (verifier.key_id.toString("hex") === key_id) return verifier;
  throw malformedKey(
    `its identifier is ${key_id}, but that of this name and key is ${verifier.key_id.toString("hex")}`,
  );
}

function malformedKey(why: string): NoteError {
  return new NoteError("malformed", `This is no key of a signed note: ${why}.`);
}
