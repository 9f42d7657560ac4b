import { existsSync, readFileSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { type Env, projectSettings } from "../../guard/settings.ts";
import { repositoryAt } from "../git_hook/commits.ts";

/** As many lines of git's answer as an entry keeps, and of each as many characters. */
const LINES_MAX = 50;
const LINE_MAX = 500;

/** Git keeps these while somebody is in the middle of something, in a tree that may be clean at this moment. */
const UNDER_WAY = {
  "rebase-merge": "a rebase",
  "rebase-apply": "a rebase",
  MERGE_HEAD: "a merge",
  CHERRY_PICK_HEAD: "a cherry-pick",
  REVERT_HEAD: "a revert",
  BISECT_LOG: "a bisection",
};

/** What `schedule.arm` wants to know of a working tree. Looking changes nothing in it, and runs no hook of it. */
export function seen(directory: string, machine: string, env: Env): Record<string, unknown> {
  const { git, succeeds } = repositoryAt(directory, { ...env, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" });
  const worktree = realpathSync(git("rev-parse", "--show-toplevel"));
  const status = git("-c", "core.fsmonitor=false", "status", "--porcelain", "--untracked-files=normal");
  const gitPath = (name: string) => resolve(directory, git("rev-parse", "--git-path", name));
  const begun = Object.entries(UNDER_WAY).filter(([name]) => existsSync(gitPath(name)));
  const lines = [...begun.map(([, what]) => `## ${what} is under way`), ...status.split("\n").filter(Boolean)];
  if (!succeeds("rev-parse", "--verify", "--quiet", "HEAD")) throw new Error("it has no commit yet");
  const hasBranch = succeeds("symbolic-ref", "--quiet", "HEAD");
  return {
    machine,
    worktree,
    porcelain: lines.slice(0, LINES_MAX).map((line) => line.slice(0, LINE_MAX)),
    changed: lines.length,
    ...(hasBranch ? { branch: git("symbolic-ref", "--short", "HEAD") } : {}),
    head: git("rev-parse", "HEAD"),
    index_lock: existsSync(gitPath("index.lock")),
    ...seatAt(worktree),
  };
}

/** The seat that `longwatch connect` made at home there. */
function seatAt(worktree: string): { worktree_seat?: string } {
  const path = projectSettings(worktree);
  if (path === undefined) return {};
  const { seat } = JSON.parse(readFileSync(path, "utf8")) as { seat?: unknown };
  return typeof seat === "string" && seat !== "" ? { worktree_seat: seat } : {};
}
