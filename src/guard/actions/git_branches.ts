import { found, resource, type Scene } from "./call.ts";
import { checkedOut, isProtected, plain, protectedHere, remember, reachesProtected } from "./branches.ts";
import { ask, type GitCall, longOption } from "./git_call.ts";
import type { Found } from "../vocabulary.ts";

/** Bringing changes into a protected branch of the local repository: the founding incident was a cherry-pick. */
type BranchReader = (git: GitCall, scene: Scene) => Found[];

const landing = (git: GitCall, branch: string, how: string, certain = true): Found[] => [
  found(git.call, "merge", resource("branch", plain(branch)), `git ${how} on ${plain(branch)}`, certain),
];

const words = (git: GitCall, valued = /(?!)/) =>
  git.args.filter((arg, index) => {
    const before = git.args[index - 1] ?? "";
    return (arg === null || arg === "-" || !arg.startsWith("-")) && !valued.test(before);
  });
const has = (git: GitCall, ...flags: string[]) => git.args.some((arg) => arg !== null && flags.includes(arg));
const stops = (git: GitCall) => has(git, "--abort", "--quit", "--skip", "--show-current-patch", "--edit-todo");

/** A branch's own upstream brings nothing that is not already there: `git merge origin/main` on main. */
const isUpstreamOf = (branch: string, from: string | null) =>
  from !== null &&
  (/^(@\{(u|upstream|push)\}|FETCH_HEAD)$/.test(from) || from === branch || from.replace(/^[^/]+\//, "") === branch);

/** Merges, picks and patches while a protected branch is checked out. */
const bringing: BranchReader = (git, scene) => {
  const branch = protectedHere(git, scene);
  if (branch === undefined || stops(git)) return [];
  const from = words(git, /^(-m|-s|-X|-F|--strategy|--strategy-option|--mainline|--file|--cleanup)$/);
  const isSync = (git.name === "merge" || git.name === "rebase") && from.every((one) => isUpstreamOf(branch, one));
  if (isSync && !has(git, "--continue", "--onto")) return [];
  return landing(git, branch, git.name!);
};

const rebasing: BranchReader = (git, scene) => {
  const [, target] = words(git, /^(-s|-X|-x|--exec|--onto|--strategy|--strategy-option)$/);
  if (target && isProtected(target, scene, git) && !stops(git)) return landing(git, target, "rebase");
  return bringing(git, scene);
};

const pulling: BranchReader = (git, scene) => {
  const branch = protectedHere(git, scene);
  if (branch === undefined) return fetching(git, scene);
  const [remote, ...refs] = words(git, /^(-s|-X|-j|--depth|--upload-pack)$/);
  if (refs.length === 0) return remote === "." ? landing(git, branch, "pull") : [];
  return remote !== "." && refs.every((ref) => ref !== null && plain(ref.split(":")[0]!) === branch)
    ? []
    : landing(git, branch, "pull");
};

/** `git fetch . feature:main` moves a local branch. */
const fetching: BranchReader = (git, scene) => {
  const [, ...refs] = words(git, /^(--depth|--upload-pack|-j|--refmap)$/);
  return refs.flatMap((ref) => {
    const [from, to] = (ref ?? "").replace(/^\+/, "").split(":");
    if (!to || (to.startsWith("refs/") && !to.startsWith("refs/heads/"))) return [];
    if (to.includes("*") ? !reachesProtected(to, scene) : !isProtected(to, scene, git)) return [];
    return plain(from!) === plain(to) && words(git)[0] !== "." ? [] : landing(git, to, "fetch");
  });
};

const resetting: BranchReader = (git, scene) => {
  const branch = protectedHere(git, scene);
  if (branch === undefined || has(git, "--")) return [];
  const [target, ...paths] = words(git);
  if (target === undefined || target === "HEAD" || target === "@" || isUpstreamOf(branch, target)) return [];
  // With paths, or where the word is a path, no branch moves.
  if (
    paths.length > 0 ||
    (target !== null &&
      ask(git, scene, "rev-parse", "--verify", "--quiet", `${target}^{commit}`) === null &&
      !/^[\w/.-]*[~^@]|^[0-9a-f]{7,40}$/.test(target))
  )
    return paths.length > 0 && !has(git, "--hard", "--soft", "--keep", "--merge", "--mixed")
      ? []
      : landing(git, branch, "reset", false);
  return landing(git, branch, "reset", target !== null);
};

const branching: BranchReader = (git, scene) => {
  const letters = git.args.filter((arg) => arg !== null && /^-[a-zA-Z]+$/.test(arg)).join("");
  const long = (name: string) =>
    git.args.some(
      (arg) =>
        arg !== null && longOption(arg, ["--force", "--delete", "--move", "--copy", "--format", "--forked"]) === name,
    );
  const names = words(
    git,
    /^(-u|--set-upstream-to|--contains|--no-contains|--merged|--no-merged|--points-at|--sort|--format)$/,
  );
  followUpstream(git, scene, letters);
  const own = (list: (string | null)[]) =>
    list.filter((name) => name !== null && isProtected(name, scene, git)) as string[];
  if (/[dD]/.test(letters) || long("--delete")) {
    if (letters.includes("r")) return [];
    return own(names).map((name) =>
      found(git.call, "delete", resource("branch", name), `git branch that deletes ${name}`),
    );
  }
  if (/[mMcC]/.test(letters) || long("--move") || long("--copy"))
    return own(names).flatMap((name) => landing(git, name, "branch renamed"));
  if (letters.includes("f") || long("--force"))
    return own(names.slice(0, 1)).flatMap((name) => landing(git, name, "branch forced"));
  return [];
};

/** What is set here is where a later `git push` of the same command goes. */
function followUpstream(git: GitCall, scene: Scene, letters: string): void {
  const joined = git.args.find((arg) => arg?.startsWith("--set-upstream-to="));
  const at = git.args.findIndex(
    (arg) => arg === "--set-upstream-to" || (letters.includes("u") && /^-\w*u$/.test(arg ?? "")),
  );
  const upstream = joined?.slice("--set-upstream-to=".length) ?? (at < 0 ? null : git.args[at + 1]);
  if (!upstream) return;
  for (const head of checkedOut(git, scene) ?? [])
    scene.configs.set(`branch.${head}.merge`.toLowerCase(), `refs/heads/${upstream.replace(/^[^/]+\//, "")}`);
}

/** A new branch that is made from a remote one follows it, unless it is told not to. */
function followTracked(git: GitCall, scene: Scene, name: string | null, from: string | null): void {
  const start = from?.startsWith("-") === true ? git.args.at(-1) : from;
  const [, upstream] = /^(?:refs\/remotes\/)?origin\/(.+)$/.exec(start ?? "") ?? [];
  if (name !== null && upstream !== undefined && !has(git, "--no-track"))
    scene.configs.set(`branch.${name}.merge`.toLowerCase(), `refs/heads/${upstream}`);
}

const checkingOut: BranchReader = (git, scene) => {
  const forced = /^(-B|-C|--force-create|--orphan)$/;
  const created = git.args.findIndex((arg) => arg !== null && /^(-[bBcC]|--create|--force-create|--orphan)$/.test(arg));
  if (created >= 0) {
    const name = git.args[created + 1] ?? null;
    remember(git, scene, name, true);
    followTracked(git, scene, name, git.args[created + 2] ?? null);
    return name !== null && forced.test(git.args[created]!) && isProtected(name, scene, git)
      ? landing(git, name, git.name!)
      : [];
  }
  const [branch, ...more] = words(git, /^(--conflict|--pathspec-from-file)$/);
  if (branch !== undefined && more.length === 0 && !has(git, "--") && !has(git, "--detach", "-d"))
    remember(git, scene, branch, false);
  else if (has(git, "-") && git.args.length === 1) remember(git, scene, "-", false);
  return [];
};

const updating: BranchReader = (git, scene) => {
  if (has(git, "--stdin")) {
    const lines = (git.call.stdin ?? "").split("\n").filter((line) => /^(update|create|delete|symref)/.test(line));
    if (git.call.stdin == null) return landing(git, "unknown", "update-ref", false);
    return lines.flatMap((line) => {
      const ref = line.split(/[ \0]/)[1] ?? "";
      return ref.startsWith("refs/heads/") && isProtected(ref, scene, git) ? landing(git, ref, "update-ref") : [];
    });
  }
  const [ref, to] = words(git, /^-m$/);
  if (git.name === "symbolic-ref") {
    // Another name for HEAD is a checkout; asking for it changes nothing.
    if (ref === "HEAD" && typeof to === "string") remember(git, scene, plain(to), true);
    if (to === undefined && !has(git, "-d", "--delete")) return [];
  }
  if (ref === null) return landing(git, "unknown", git.name!, false);
  if (ref === undefined || !/^refs\/heads\//.test(ref) || !isProtected(ref, scene, git)) {
    const branch = protectedHere(git, scene);
    return ref === "HEAD" && git.name === "update-ref" && branch !== undefined
      ? landing(git, branch, "update-ref")
      : [];
  }
  return has(git, "-d", "--delete")
    ? [found(git.call, "delete", resource("branch", plain(ref)), `git ${git.name} that deletes ${plain(ref)}`)]
    : landing(git, ref, git.name!);
};

const worktrees: BranchReader = (git, scene) => {
  const at = git.args.indexOf("-B");
  const name = at < 0 ? null : (git.args[at + 1] ?? null);
  return name !== null && isProtected(name, scene, git) ? landing(git, name, "worktree add") : [];
};

const replacing: BranchReader = (git, scene) => {
  const names = words(git).filter((name) => name !== null && isProtected(name, scene, git)) as string[];
  return has(git, "-d", "-l", "--list") ? [] : names.slice(0, 1).flatMap((name) => landing(git, name, "replace"));
};

export const branchReaders: Readonly<Record<string, BranchReader>> = {
  merge: bringing,
  "cherry-pick": bringing,
  am: bringing,
  rebase: rebasing,
  pull: pulling,
  fetch: fetching,
  reset: resetting,
  branch: branching,
  checkout: checkingOut,
  switch: checkingOut,
  "update-ref": updating,
  "symbolic-ref": updating,
  worktree: worktrees,
  replace: replacing,
  // Its stream names the branches; it is not for daily work.
  "fast-import": (git) => landing(git, "unknown", "fast-import", false),
};
