import { queryOptions, skipToken } from "@tanstack/react-query";
import { ask } from "../api/client.ts";
import { fromHex, toHex } from "./bytes.ts";
import { checked, type Signed, signedCheckpoint, type Step } from "./checks.ts";
import { mustContinue } from "./tree.ts";

/** An earlier checkpoint, checked here: its signature, and that the newest begins with all that it covered. */
export type CheckpointProof = { steps: readonly Step[]; signed: Signed | null; root: string | null };

/** Proves a checkpoint in this page against the newest one, which this page has checked. */
export function checkpointProof(size: number, newest: Signed | null) {
  return queryOptions({
    queryKey: ["checkpoint", newest?.origin, size, newest?.size] as const,
    queryFn: newest === null ? skipToken : () => prove(size, newest),
    retry: false,
  });
}

async function prove(size: number, newest: Signed): Promise<CheckpointProof> {
  let signed: Signed | null = null;
  const signature = await checked("Its signature", async () => {
    const found = (signed = await signedCheckpoint(size));
    return {
      outcome: "good",
      found: `The log’s key ${found.key.id} signed ${found.size.toLocaleString("en")} entries and this root.`,
      means: "Whoever has this checkpoint can hold the signer to it for ever.",
    };
  });
  const early = signed as Signed | null;
  if (early === null) return { steps: [signature], signed: null, root: null };
  const steps = early.size === newest.size ? [signature] : [signature, await continued(early, newest)];
  return { steps, signed: early, root: toHex(early.root) };
}

function continued(early: Signed, newest: Signed): Promise<Step> {
  return checked("What came since", async () => {
    const { proof } = await ask("/v1/ledger/consistency", { from_size: early.size, to_size: newest.size });
    await mustContinue(early, newest, proof.map(fromHex));
    return {
      outcome: "good",
      found: `The ${newest.size.toLocaleString("en")} entries of the newest checkpoint begin with exactly these.`,
      means: "Nothing that it covers was changed, moved or taken away since it was signed.",
    };
  });
}
