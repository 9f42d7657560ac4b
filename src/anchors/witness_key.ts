import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cosign, formatVerifier, newSigner, parseSigner, type Signer } from "../tlog/note.ts";
import { openPrivately, writeDurably } from "./directory.ts";

/** What cosignatures are made with (C2SP tlog-cosignature, Ed25519). */
const COSIGNATURE = 0x04;

export type WitnessKey = {
  vkey: string;
  /** The signature line for the text of a checkpoint, without its newline. */
  cosign(text: string, unix_seconds: number): string;
};

/**
 * This installation's key as a witness: `<data>/signer/witness.key`, mode 0600, in Go's form. It is made when there is
 * none, and is another one than any log's: the same key must never sign as both.
 */
export async function openWitnessKey(directory: string): Promise<WitnessKey> {
  await openPrivately(directory);
  const path = join(directory, "witness.key");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  const signer = text === null ? await made(path) : parseSigner(text.trim());
  if (signer.algorithm !== COSIGNATURE) throw new Error(`${path} holds a key of a log, not one for cosignatures`);
  return { vkey: formatVerifier(signer), cosign: (note, unix_seconds) => cosign(note, signer, unix_seconds) };
}

async function made(path: string): Promise<Signer> {
  // As the logs are named: by chance, so that no two installations ever share a name.
  const { signer, skey } = newSigner(`longwatch/${randomBytes(8).toString("hex")}/witness`, COSIGNATURE);
  await writeDurably(path, `${skey}\n`, 0o600);
  return signer;
}
