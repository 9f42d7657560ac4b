import { verified } from "./commanded.ts";
import { reportGuards } from "./guards.ts";
import type { Around, Wanted } from "./held.ts";
import { jailOf } from "./jail.ts";
import { landingCommand, shownOf } from "./landing.ts";
import { checked } from "./patch.ts";
import { planned } from "./plan.ts";
import { type Report, reportOf } from "./report.ts";
import { Workspace } from "./workspace.ts";

/** Looks whether a landing would get as far as its deploy: nothing is claimed and nothing outside is touched. */
export async function check(
  wanted: Wanted & { verifies: boolean; guards: readonly string[] },
  around: Around,
): Promise<Report> {
  const { environment, repository, verifies, guards } = wanted;
  const { env, hidden, stop, tell } = around;
  const workspace = await Workspace.open(repository);
  try {
    const shown = await shownOf(around, environment);
    const { topology, standing } = shown;
    if (guards.length > 0 && standing.release === null) tell("longwatch: guard: nothing is served yet\n");
    else if (guards.length > 0)
      await reportGuards({ environment, release: standing.release!, named: guards }, workspace, around);
    const plan = await planned(workspace, shown, wanted);
    const { sha } = plan;
    tell(`longwatch: closure: ${plan.base === null ? "nothing is served yet" : `held against ${plan.base}`}\n`);
    const found = await checked(workspace, plan, stop);
    const closure = { ...found, forced_by: null, command: landingCommand(wanted, plan, found.whole_with) };
    const refused = (cause: string, more: Partial<Report> = {}) =>
      reportOf("refused", { environment, sha }, { cause, closure, ...more });
    if (sha === null) return refused(`the commits do not merge onto the base: ${plan.conflicts.join(", ")}`);
    if (found.missing.length > 0) return refused(`the patch is not whole: ${found.missing.length} missing`);
    if (!verifies) return reportOf("planned", { environment, sha }, { closure });
    if (topology.verify_command === null) return reportOf("passed", { environment, sha }, { closure });
    const jail = jailOf({ ...wanted, hidden: [...hidden, ...workspace.hidden], memory_mb: topology.memory_mb });
    const verify = await verified(workspace, sha, {
      ...{ line: topology.verify_command, topology, jail, env, signal: stop, say: tell },
      about: { LONGWATCH_RELEASE: sha, LONGWATCH_ENVIRONMENT: environment },
    });
    const seen = { verify, protections: jail.protections };
    if (!verify.ok) return refused(`the verify command failed: ${verify.how}`, seen);
    return reportOf("passed", { environment, sha }, { closure, ...seen });
  } finally {
    await workspace.close();
  }
}
