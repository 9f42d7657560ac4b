import { ClosureFailure, type Git } from "./git.ts";

type Picked = { tree: string; conflicts: null } | { tree: null; conflicts: string[] };

/** Picks commits onto the base in the scratch worktree, as the one who lands them will. */
export class Picking {
  private readonly git: Git;
  private readonly base: string;
  private isThere = false;

  constructor(git: Git, base: string) {
    this.git = git;
    this.base = base;
  }

  async pick(commits: readonly string[]): Promise<Picked> {
    if (this.isThere) await this.git.run(["reset", "--quiet", "--hard", this.base]);
    else await this.git.run(["checkout", "--quiet", "--detach", this.base]);
    this.isThere = true;
    for (const run of await this.runs(commits)) {
      const { code } = await this.git.tried(["cherry-pick", "--no-commit", ...run]);
      if (code === 0) continue;
      const conflicts = await this.git.paths(["diff", "--name-only", "--diff-filter=U", "-z"]);
      // A series that stopped would hold up the next one.
      await this.git.tried(["cherry-pick", "--quit"]);
      if (conflicts.length === 0)
        throw new ClosureFailure("git", `Commits ${run.join(" ")} cannot be picked onto the base.`);
      return { tree: null, conflicts: [...new Set(conflicts)].sort() };
    }
    return { tree: (await this.git.run(["write-tree"])).toString().trim(), conflicts: null };
  }

  /** What one call of Git picks: a merge by itself, relative to its first parent, and everything between merges. */
  private async runs(commits: readonly string[]): Promise<string[][]> {
    if (commits.length === 0) return [];
    const lines = await this.git.lines(["rev-list", "--no-walk=unsorted", "--parents", ...commits]);
    const merges = new Set(lines.map((line) => line.split(" ")).flatMap((one) => (one.length > 2 ? one[0]! : [])));
    const runs: string[][] = [];
    for (const [index, commit] of commits.entries()) {
      if (merges.has(commit)) runs.push(["-m", "1", commit]);
      else if (index > 0 && !merges.has(commits[index - 1]!)) runs.at(-1)!.push(commit);
      else runs.push([commit]);
    }
    return runs;
  }

  /** Whether the tree that was made says that Git is not to keep the path: then something generates it. */
  async ignores(path: string): Promise<boolean> {
    return (await this.git.tried(["check-ignore", "--quiet", "--no-index", "--", path])).code === 0;
  }
}

/** The exact command: it lands these commits, in this order, on this base. */
export function landing(base: string, commits: readonly string[]): string {
  return `git switch --detach ${base} && git cherry-pick ${commits.join(" ")}`;
}
