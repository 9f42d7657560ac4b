import { ApiError, ask } from "../api/client.ts";
import { Broken, type Bytes, fromHex, toHex } from "./bytes.ts";
import { coveredBytes } from "./entry_bytes.ts";
import { type Memory, remember, remembered } from "./memory.ts";
import { type Checkpoint, type Key, openNote, readEntry, readKey } from "./note.ts";
import { leafHash, mustContinue, mustInclude } from "./tree.ts";

/** `noted`: nothing to check yet. `unable`: nobody knows, as the server or the browser did not do its part. */
export type Outcome = "good" | "noted" | "unable" | "bad";

/** One check: what it is, how it ended, what was found, and what that means. */
export type Step = { name: string; outcome: Outcome; found: string; means: string };

/** A checkpoint whose signature this page checked itself. */
export type Signed = Checkpoint & { key: Key; keys: readonly Key[]; at: string; cosigned_by: readonly string[] };

/** Whether this browser can check anything: WebCrypto is there only on a connection that is safe. */
export function canVerify(): boolean {
  return globalThis.isSecureContext && crypto.subtle !== undefined;
}

/** What stands for all checks where none can be made; the page says beside it what to do. */
export const NOTHING_CHECKED: Step = {
  name: "This browser",
  outcome: "unable",
  found: "It gives a page the means to check signatures only over HTTPS, or on the server’s own machine.",
  means: "Nothing was checked, and nothing is claimed.",
};

/** Makes one check, and turns whatever goes wrong in it into what a person reads. */
export async function checked(name: string, check: () => Promise<Omit<Step, "name">>): Promise<Step> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    if (error instanceof Broken) return { name, outcome: "bad", found: error.message, means: DISTRUST };
    if (error instanceof DOMException && error.name === "NotSupportedError")
      return { name, outcome: "unable", found: "This browser knows no Ed25519 signatures.", means: NEWER };
    const why = error instanceof ApiError ? error.problem : null;
    const found = why ? `${why.detail} ${why.hint ?? ""}`.trim() : String(error);
    return { name, outcome: "unable", found, means: "It is not known whether this holds. The page tries again." };
  }
}

const NEWER =
  "Chrome and Edge know them from 137 on, Firefox from 129, Safari from 17. Or verify without a browser: " +
  "longwatch ledger verify.";

const DISTRUST =
  "What this server shows contradicts what was signed. Believe nothing of it until somebody knows why: " +
  "longwatch ledger verify names the first entry that is wrong, and an export that you keep elsewhere tells what was.";

/** The newest checkpoint, or one of a size, as the log's keys signed it. */
export async function signedCheckpoint(size?: number): Promise<Signed> {
  const said = await ask("/v1/ledger/checkpoint", size === undefined ? {} : { size });
  const keys = await Promise.all(said.vkeys.map(readKey));
  const opened = await openNote(said.note, keys);
  // What stands beside the note is for programs that do not check; the two must not differ.
  if (opened.size !== said.size || toHex(opened.root) !== said.root || opened.origin !== said.origin)
    throw new Broken("The signed note says something else than the answer that it came with.");
  const cosigned_by = said.cosignatures.map((line) => line.split(" ")[1] ?? line);
  return { ...opened, keys, at: said.at, cosigned_by };
}

/** What is signed continues what this browser saw last. Throws where it does not. */
async function mustContinueMemory(memory: Memory, signed: Signed): Promise<void> {
  if (memory.origin !== signed.origin)
    throw new Broken(`This browser knows the log ${memory.origin}; now the server shows ${signed.origin}.`);
  if (!signed.keys.some(({ vkey }) => vkey === memory.vkey))
    throw new Broken("The key that signed what this browser saw before is not among the log’s keys any more.");
  if (memory.size > signed.size)
    throw new Broken(`This browser saw ${memory.size} entries before; now the server shows ${signed.size}.`);
  const before = { size: memory.size, root: fromHex(memory.root) };
  const isSame = memory.size === signed.size;
  const ways = isSame ? null : await ask("/v1/ledger/consistency", { from_size: memory.size, to_size: signed.size });
  await mustContinue(before, signed, (ways?.proof ?? []).map(fromHex));
}

/** That nothing was rewritten since this browser looked; it remembers what it found, if so. */
export async function sinceLastLook(tenant: string, signed: Signed): Promise<Omit<Step, "name">> {
  const memory = remembered(tenant);
  if (memory !== null) await mustContinueMemory(memory, signed);
  if (signed.size > 0) remember(tenant, signed, signed.key.vkey);
  if (memory === null)
    return {
      outcome: "noted",
      found: "This browser looks at this ledger for the first time, and remembers what it sees.",
      means: "From the next look on it finds out if anything of it was changed or taken away.",
    };
  const grown = signed.size - memory.size;
  return {
    outcome: "good",
    found:
      grown === 0
        ? `The same ${signed.size.toLocaleString("en")} entries as when this browser looked last.`
        : `${grown.toLocaleString("en")} entries came after the ${memory.size.toLocaleString("en")} of the last look.`,
    means: `Nothing was changed or taken away since this browser first looked, at entry ${memory.first.size}.`,
  };
}

/** The entry's bytes, hashed here, and the way from them to the signed root, which was walked. */
export async function included(
  seq: number,
  tenant: string,
  signed: Signed,
): Promise<{ bytes: Bytes; proof: readonly string[] }> {
  const [{ proof }, bytes] = await Promise.all([
    ask("/v1/ledger/inclusion", { seq, size: signed.size }),
    coveredBytes(seq, signed.size),
  ]);
  readEntry(bytes, seq, tenant);
  const place = { hash: await leafHash(bytes), index: seq - 1, size: signed.size, proof: proof.map(fromHex) };
  await mustInclude(place, signed.root);
  return { bytes, proof };
}

/** The first entry, the newest, and a few that nobody could foresee. */
export function sample(size: number): number[] {
  const drawn = Array.from({ length: 3 }, () => 1 + Math.floor(Math.random() * size));
  return [...new Set([1, size, ...drawn])].sort((one, other) => one - other);
}

/** The worst of what came out. */
export function outcomeOf(steps: readonly Step[]): Outcome {
  if (steps.some(({ outcome }) => outcome === "bad")) return "bad";
  return steps.some(({ outcome }) => outcome === "unable") ? "unable" : "good";
}
