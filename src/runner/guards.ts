import type { Around } from "./held.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Looks in a release that is served for the guards of the environment's live credentials, and for those that are named
 * beside them, and reports which of them it has (J31).
 */
export async function reportGuards(
  { environment, release, named = [] }: { environment: string; release: string; named?: readonly string[] },
  workspace: Workspace,
  { client, tell, stop: signal }: Pick<Around, "client" | "tell" | "stop">,
): Promise<void> {
  const commit = await workspace.commitOf(release);
  type Live = { environment: string; guard: string };
  const { credentials } = await client.ask<{ credentials: Live[] }>("credential.list", {}, { signal });
  const live = credentials.filter((one) => one.environment === environment).map(({ guard }) => guard);
  for (const guard of new Set([...named, ...live])) {
    const served = await workspace.has(commit, guard);
    await client.say("credential.prove_guard", { environment, release, guard, served }, { signal });
    tell(`longwatch: guard: ${release.slice(0, 12)}, which is served, ${served ? "has" : "does not have"} ${guard}\n`);
  }
}
