import { Refusal } from "../kernel/refusal.ts";
import type { Topology } from "./hold.ts";
import type { Workspace } from "./workspace.ts";

/** An environment as environment.show tells it. */
export type Shown = {
  standing: { owner: string | null; release: string | null; state: string; deploy: number | null };
  topology: Topology;
};

export type Asked = {
  environment: string;
  ticket?: string | undefined;
  /** What is deployed, when nothing is picked: the branch's newest commit unless it is said. */
  sha?: string | undefined;
  source?: string | undefined;
  base?: string | undefined;
  /** Commits, or ranges as `a..b`, that are picked onto the base. */
  commits: readonly string[];
};

export type Plan = {
  /** What is going to be served; null when the commits do not merge. */
  sha: string | null;
  conflicts: string[];
  source: string | null;
  source_sha: string | null;
  /** What the patch is held against; null when nothing is served yet. */
  base: string | null;
  commits: string[];
  picked: boolean;
};

/** Which commit is to be deployed, and out of what. It is put together here; nothing is touched by it. */
export async function planned(workspace: Workspace, { standing, topology }: Shown, asked: Asked): Promise<Plan> {
  const tip = await workspace.branch(topology.branch);
  const good = standing.release === null ? null : await workspace.find(standing.release);
  const given = asked.base === undefined ? null : await workspace.commitOf(asked.base);
  const source = asked.source === undefined ? null : await sourceOf(workspace, asked.source);
  const isOn = async (commit: string) => commit === good || (await workspace.isAncestor(commit, tip));
  const from = { source: asked.source ?? null, source_sha: source };
  if (asked.commits.length === 0) {
    const sha = asked.sha === undefined ? tip : await workspace.commitOf(asked.sha);
    if (!(await isOn(sha))) throw offBranch(asked.environment, topology, sha);
    const base = given ?? good;
    await workspace.fetch([sha, base, source].filter((one) => one !== null));
    return { sha, conflicts: [], ...from, base: base === sha ? null : base, commits: [], picked: false };
  }
  if (source === null)
    throw new Refusal("invalid", "source.unsaid", "Say with --source which branch the commits come from.", {
      hint: "What they need is looked for there.",
    });
  const base = given ?? good ?? tip;
  if (!(await isOn(base))) throw offBranch(asked.environment, topology, base);
  const commits = await workspace.commits(asked.commits);
  await workspace.fetch([base, source, ...commits]);
  const picked = await workspace.pick(base, commits);
  if ("conflicts" in picked) return { sha: null, ...picked, ...from, base, commits, picked: true };
  return { sha: picked.sha, conflicts: [], ...from, base, commits, picked: true };
}

async function sourceOf(workspace: Workspace, name: string): Promise<string> {
  return (await workspace.find(name)) ?? workspace.branch(name);
}

function offBranch(environment: string, { branch }: Topology, sha: string): Refusal {
  const message = `${environment} is deployed from ${branch}, and ${sha.slice(0, 12)} is not on it.`;
  return new Refusal("conflict", "topology.contradicted", message, {
    hint: `Merge it there first; or have commits picked with --source BRANCH --commit ID. Fetch, if ${branch} moved.`,
    facts: { environment, branch, sha },
  });
}
