import { proberOf, restored, settled } from "./deploying.ts";
import { type Around, held, type Wanted } from "./held.ts";
import type { Running } from "./hold.ts";
import type { Report } from "./report.ts";
import { Workspace } from "./workspace.ts";

/** Takes over a deploy whose runner was lost: looks what is served, restores if that is not it, and settles. */
export async function recover(
  wanted: Pick<Wanted, "environment" | "repository" | "lease_seconds">,
  around: Around,
): Promise<Report> {
  const workspace = await Workspace.open(wanted.repository);
  try {
    return await recovered(wanted, workspace, around);
  } finally {
    await workspace.close();
  }
}

/** How long a release that may be there gets to show itself, before the good one is restored. */
const LOOK_MS = 3000;

/** The same, in a workspace that is there already. */
export async function recovered(
  { environment, lease_seconds }: Pick<Wanted, "environment" | "lease_seconds">,
  workspace: Workspace,
  around: Around,
): Promise<Report> {
  const began = performance.now();
  const running = await around.client.say<Running>("deploy.recover", { environment, lease_seconds });
  around.tell(`longwatch: the runner of deploy ${running.deploy} was lost; looking what ${environment} serves\n`);
  return held(running, began, { lease_seconds }, workspace, around, async (tools) => {
    const prober = proberOf(running);
    await prober.start();
    try {
      if (await prober.serves(running.sha, LOOK_MS, tools.hold.lost))
        return await settled(tools, prober, "landed", null);
      tools.hold.check();
      return await restored(tools, prober, `the runner was lost; found: ${prober.last?.how ?? "nothing"}`);
    } finally {
      await prober.stop();
    }
  });
}
