import { type Ended, run } from "./command.ts";
import { type Env, environmentFor } from "./environment.ts";
import type { Topology } from "./hold.ts";
import type { Jail } from "./jail.ts";
import type { Workspace } from "./workspace.ts";

export type Commanded = {
  /** What it is for, in the log: verify, deploy, rollback. */
  stage: string;
  line: string;
  cwd: string;
  topology: Pick<Topology, "timeout_seconds" | "memory_mb" | "output_kb">;
  /** What the command is told beside its environment. */
  about: Record<string, string>;
  /** The runner's own environment, of which the command gets a part. */
  env: Env;
  jail: Jail | null;
  signal: AbortSignal;
  say(text: string): void;
  onStart?: () => unknown;
};

/** Runs a command of an environment's definition, with its limits, and says what it says, how it began and ended. */
export async function commanded(wanted: Commanded): Promise<Ended> {
  const { stage, line, cwd, topology, about, jail, signal, say, onStart } = wanted;
  const { timeout_seconds, memory_mb, output_kb } = topology;
  const { env, secrets } = environmentFor(line, wanted.env, about);
  say(`longwatch: ${stage}: ${line}\n`);
  const ended = await run({
    ...{ line, cwd, env, secrets, jail, signal, each: say },
    // What a deploy starts goes on; what a verification starts does not.
    leaves: jail === null,
    limits: { timeout_seconds, memory_mb, output_bytes: output_kb * 1024 },
    ...(onStart && { onStart }),
  });
  const lost = ended.lost_bytes > 0 ? `, ${ended.lost_bytes} bytes of output over its bound` : "";
  const left = ended.left > 0 ? `, ${ended.left} processes could not be ended` : "";
  say(`longwatch: ${stage}: ${ended.how} after ${ended.milliseconds} ms${lost}${left}\n`);
  return ended;
}

export type Verified = { ok: boolean; how: string; milliseconds: number };

/** Runs a verify command in a clean clone of one commit, confined as far as the machine lets it. */
export async function verified(
  workspace: Workspace,
  sha: string,
  wanted: Omit<Commanded, "stage" | "cwd" | "jail"> & { jail: Jail },
): Promise<Verified> {
  const { jail, say } = wanted;
  for (const { what, held, how } of jail.protections)
    say(`longwatch: verify: ${held ? "held" : "NOT held"}: ${what} (${how})\n`);
  const cwd = await workspace.clone(sha, "verify");
  if (jail.uid !== null) await workspace.give(cwd, jail.uid);
  const { ok, how, milliseconds } = await commanded({ ...wanted, stage: "verify", cwd });
  return { ok, how, milliseconds };
}
