/** What the races of deploys hold the product and the mutants to: the same functions for both. */

export type DeployEntry = {
  seq: number;
  kind: string;
  actor: string;
  subject: string | null;
  data: Record<string, unknown>;
};

/** Acts of whoever runs a deploy. */
const ACTS = ["advanced", "logged", "closure_whole", "closure_forced", "settled"].map((verb) => `deploy.${verb}`);

/**
 * The invariants that a ledger breaks. DEPLOY-ONE: an environment has one deploy that is not settled at a time.
 * DEPLOY-FENCED: only its present runner acts on a deploy, and nobody after its end.
 */
export function deployFaults(entries: readonly DeployEntry[]): string[] {
  const faults = new Set<string>();
  /** By environment: the deploy that is not settled, and who runs it; nobody does once it is abandoned. */
  const open = new Map<unknown, { deploy: unknown; runner: string | null }>();
  for (const { kind, actor, data } of entries) {
    const { deploy, environment } = data;
    const present = open.get(environment);
    if (kind === "deploy.begun") {
      if (present) faults.add("DEPLOY-ONE");
      open.set(environment, { deploy, runner: actor });
    } else if (kind === "deploy.recovering") {
      if (present?.deploy !== deploy || present?.runner !== null) faults.add("DEPLOY-FENCED");
      open.set(environment, { deploy, runner: actor });
    } else if (ACTS.includes(kind)) {
      if (present?.deploy !== deploy || present?.runner !== actor) faults.add("DEPLOY-FENCED");
      if (kind === "deploy.settled") open.delete(environment);
    } else if (kind === "deploy.abandoned") {
      if (present?.deploy !== deploy) faults.add("DEPLOY-FENCED");
      else present!.runner = null;
    } else if (kind === "deploy.lapsed" || kind === "deploy.refused") {
      if (present?.deploy !== deploy) faults.add("DEPLOY-FENCED");
      open.delete(environment);
    }
  }
  return [...faults].sort();
}

/** Outcomes that were acknowledged to those who settled one deploy. */
export function oneOutcomeFaults(acknowledged: readonly string[]): string[] {
  return new Set(acknowledged).size > 1 ? ["DEPLOY-FENCED"] : [];
}
