import { queryOptions } from "@tanstack/react-query";
import { ApiError } from "../api/client.ts";
import {
  canVerify,
  checked,
  included,
  NOTHING_CHECKED,
  outcomeOf,
  type Outcome,
  sample,
  type Signed,
  signedCheckpoint,
  sinceLastLook,
  type Step,
} from "./checks.ts";

export type Verification = { outcome: Outcome | "none"; steps: readonly Step[]; signed: Signed | null; at: string };

/** As often as the signer signs a quiet ledger. */
const AGAIN_MS = 15_000;

/** Checks the ledger of a tenant in this page, now and every 15 s while it is looked at. */
export function verification(tenant: string | undefined) {
  return queryOptions({
    queryKey: ["verification", tenant] as const,
    queryFn: () => verifyLedger(tenant!),
    enabled: tenant !== undefined,
    refetchInterval: AGAIN_MS,
    retry: false,
  });
}

async function verifyLedger(tenant: string): Promise<Verification> {
  const at = new Date().toISOString();
  if (!canVerify()) return { outcome: "unable", steps: [NOTHING_CHECKED], signed: null, at };
  let signed: Signed | null = null;
  let isMissing = false;
  const signature = await checked("The signature", async () => {
    const newest = await signedCheckpoint().catch((error: unknown): never => {
      isMissing = error instanceof ApiError && error.problem.code === "checkpoint.none";
      throw error;
    });
    signed = newest;
    return {
      outcome: "good",
      found: `The log’s key ${newest.key.id} signed: ${newest.size.toLocaleString("en")} entries, and their root.`,
      means: "The signer stands for exactly these entries, and cannot take that back.",
    };
  });
  if (isMissing) return { outcome: "none", steps: [], signed: null, at };
  const steps = signed === null ? [signature] : [signature, ...(await furtherSteps(tenant, signed))];
  return { outcome: outcomeOf(steps), steps, signed, at };
}

async function furtherSteps(tenant: string, signed: Signed): Promise<Step[]> {
  return Promise.all([
    checked("Since the last look", () => sinceLastLook(tenant, signed)),
    ...(signed.size === 0
      ? []
      : [
          checked("The entries", async () => {
            const seqs = sample(signed.size);
            await Promise.all(seqs.map((seq) => included(seq, tenant, signed)));
            return {
              outcome: "good",
              found: `${spoken(seqs)}: their bytes, hashed here, lead to the signed root.`,
              means: "What this server shows is what was signed. Which ones are looked at changes each time.",
            };
          }),
        ]),
    checked("The witnesses", async () => witnesses(signed.cosigned_by)),
  ]);
}

/** What one browser cannot find out alone. */
function witnesses(names: readonly string[]): Omit<Step, "name"> {
  if (names.length === 0)
    return {
      outcome: "noted",
      found: "Nobody else cosigns this log.",
      means: "A server could show another reader another history. A witness would find it: docs/operating.md adds one.",
    };
  return {
    outcome: "noted",
    found: `${names.join(", ")} cosigned it, as the server says.`,
    means: "This page does not know their keys. longwatch ledger verify checks those that you trust.",
  };
}

function spoken(seqs: readonly number[]): string {
  const words = seqs.map((seq) => seq.toLocaleString("en"));
  if (words.length === 1) return `Entry ${words[0]}`;
  return `Entries ${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
