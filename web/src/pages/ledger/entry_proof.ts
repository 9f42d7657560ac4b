import { queryOptions } from "@tanstack/react-query";
import { textOf, toHex } from "../../verify/bytes.ts";
import {
  canVerify,
  checked,
  included,
  NOTHING_CHECKED,
  type Outcome,
  outcomeOf,
  type Signed,
  signedCheckpoint,
  sinceLastLook,
  type Step,
} from "../../verify/checks.ts";
import { exportedBytes, mustBeCommitted } from "../../verify/entry_bytes.ts";
import { readEntry } from "../../verify/note.ts";
import { leafHash } from "../../verify/tree.ts";

/** `waiting`: no checkpoint covers the entry yet. */
export type EntryProof = {
  outcome: Outcome | "waiting";
  steps: readonly Step[];
  /** The entry's canonical bytes as text, what they say, and their hash. */
  text: string | null;
  leaf: Record<string, unknown> | null;
  hash: string | null;
  root: string | null;
  /** The hashes beside its way to the root, from the bottom up. */
  path: readonly string[];
};

/** A quiet ledger is signed 15 s after its newest entry. */
const AGAIN_MS = 5_000;

/** Proves an entry in this page; asks again while no checkpoint covers it. */
export function entryProof(tenant: string | undefined, seq: number) {
  return queryOptions({
    queryKey: ["proof", tenant, seq] as const,
    queryFn: () => prove(tenant!, seq),
    enabled: tenant !== undefined,
    retry: false,
    refetchInterval: ({ state }) => (state.data?.outcome === "waiting" ? AGAIN_MS : false),
  });
}

async function prove(tenant: string, seq: number): Promise<EntryProof> {
  const steps: Step[] = [];
  let text: string | null = null;
  let hash: string | null = null;
  let root: string | null = null;
  let path: readonly string[] = [];
  let leaf: Record<string, unknown> | null = null;
  if (!canVerify()) return { outcome: "unable", steps: [NOTHING_CHECKED], text, leaf, hash, root, path };
  let signed: Signed | null = null;
  steps.push(
    await checked("The signature", async () => {
      const newest = (signed = await signedCheckpoint());
      root = toHex(newest.root);
      return {
        outcome: "good",
        found: `The log’s key ${newest.key.id} signed ${newest.size.toLocaleString("en")} entries.`,
        means: "The root below stands for exactly these.",
      };
    }),
  );
  const covering = signed as Signed | null;
  if (covering !== null) steps.push(await checked("Since the last look", () => sinceLastLook(tenant, covering)));
  const isCovered = covering !== null && covering.size >= seq;
  steps.push(
    await checked("This entry", async () => {
      const found = isCovered ? await included(seq, tenant, covering) : await exportedBytes(seq);
      const { bytes } = found;
      if ("proof" in found) path = found.proof;
      leaf = readEntry(bytes, seq, tenant);
      text = textOf(bytes);
      hash = toHex(await leafHash(bytes));
      return isCovered
        ? {
            outcome: "good",
            found: "Its bytes, hashed in this page, lead to the signed root.",
            means: "It stands in the ledger at this place, byte for byte as it was signed.",
          }
        : {
            outcome: "noted",
            found: "No checkpoint covers it yet.",
            means: "The next one comes within a minute, and this page proves it then.",
          };
    }),
  );
  const data = (leaf as { data?: Record<string, unknown> } | null)?.data;
  if (data !== undefined && Object.hasOwn(data, "personal"))
    steps.push(await checked("Its personal words", () => personalWords(seq, data.personal)));
  const outcome = outcomeOf(steps);
  return { outcome: outcome === "good" && !isCovered ? "waiting" : outcome, steps, text, leaf, hash, root, path };
}

async function personalWords(seq: number, commitment: unknown): Promise<Omit<Step, "name">> {
  const { payload } = await exportedBytes(seq);
  if (payload === null)
    return {
      outcome: "noted",
      found: "They are not kept any more.",
      means: "An erasure takes the words and leaves the entry, its hash and its proof as they were.",
    };
  await mustBeCommitted(commitment, payload);
  return {
    outcome: "good",
    found: "The words that lie beside the entry are those that it committed to.",
    means: "They can be erased for good without changing the entry.",
  };
}
