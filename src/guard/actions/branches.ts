import type { Scene } from "./call.ts";
import { ask, type GitCall } from "./git_call.ts";

/** Branches that people outside the fleet live with, by the names that hosts and teams usually give them. */
const usual = "main master trunk production prod live release release/* releases/* stable gh-pages".split(" ");

const matches = (branch: string, pattern: string) =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "i").test(branch);

/** Whether a branch is protected by its name alone, or by a pattern of the settings. */
export const isProtectedName = (name: string, own: readonly string[]): boolean =>
  [...usual, ...own].some((pattern) => matches(name, pattern));

export const plain = (ref: string) => ref.replace(/^\+?(refs\/heads\/|heads\/)?/, "");

/** Whether a branch is protected: by its name, by the settings, or as the remote's default branch. */
export function isProtected(branch: string, scene: Scene, git?: GitCall): boolean {
  const name = plain(branch);
  if (isProtectedName(name, scene.around.protected_branches)) return true;
  if (git === undefined) return false;
  const key = `\0default ${git.cwd}`;
  if (!scene.configs.has(key))
    scene.configs.set(key, ask(git, scene, "symbolic-ref", "--short", "refs/remotes/origin/HEAD") ?? "");
  return scene.configs.get(key) === `origin/${name}`;
}

/** Whether a wildcard of a refspec reaches a protected branch. */
export function reachesProtected(ref: string, scene: Scene): boolean {
  const fixed = plain(ref)
    .split("*")[0]!
    .replace(/^refs\/?$/, "");
  const own = [...usual, ...scene.around.protected_branches];
  return fixed === "" || own.some((pattern) => pattern.startsWith(fixed) || matches(`${fixed}x`, pattern));
}

const repositoryOf = (git: GitCall, scene: Scene) => ask(git, scene, "rev-parse", "--absolute-git-dir") ?? `${git.cwd}`;

/** The branches that may be checked out when the call runs; null where nothing is known. */
export function checkedOut(git: GitCall, scene: Scene): readonly string[] | null {
  if (scene.branches.size > 0) {
    const earlier = scene.branches.get(repositoryOf(git, scene));
    if (earlier) return earlier;
  }
  const now = ask(git, scene, "symbolic-ref", "--short", "HEAD");
  if (now !== null) return [now];
  return ask(git, scene, "rev-parse", "--git-dir") === null ? null : [];
}

/** The protected branch that is checked out, if one may be. */
export const protectedHere = (git: GitCall, scene: Scene) =>
  checkedOut(git, scene)?.find((branch) => isProtected(branch, scene, git));

/** Remembers what a checkout in the same command line changes for the commands after it. */
export function remember(git: GitCall, scene: Scene, branch: string | null, isNew: boolean): void {
  const key = repositoryOf(git, scene);
  const before = checkedOut(git, scene) ?? [];
  const seen = [...(scene.branches.get(`${key} seen`) ?? []), ...before];
  scene.branches.set(`${key} seen`, seen);
  if (branch === null) return void scene.branches.set(key, seen);
  if (branch === "-" || branch === "@{-1}") {
    const last = ask(git, scene, "rev-parse", "--abbrev-ref", "@{-1}");
    return void scene.branches.set(key, last === null ? seen : [...seen, last]);
  }
  const isBranch =
    isNew ||
    isProtected(branch, scene) ||
    ["refs/heads/", "refs/remotes/origin/"].some(
      (where) => ask(git, scene, "rev-parse", "--verify", "--quiet", where + branch) !== null,
    );
  if (!isBranch) return;
  // Where the command line has other ways through it, the checkout may not have happened.
  scene.branches.set(key, scene.configs.has("\0forked") ? [...before, branch] : [branch]);
}
