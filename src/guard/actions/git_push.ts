import { absolute, found, type Scene, resource } from "./call.ts";
import { checkedOut, isProtected, plain, reachesProtected } from "./branches.ts";
import { ask, configOf, type GitCall, longOption } from "./git_call.ts";
import { isTemporary } from "./places.ts";
import type { Found } from "../vocabulary.ts";
import { either } from "./either.ts";

const options =
  `--all --branches --mirror --tags --follow-tags --delete --dry-run --no-dry-run --prune --repo --push-option
  --receive-pack --exec --force --force-with-lease --force-if-includes --set-upstream --no-verify --verify
  --quiet --verbose --porcelain --atomic --no-atomic --thin --no-thin --progress --no-progress --signed
  --no-signed --recurse-submodules --ipv4 --ipv6 --no-follow-tags --no-recurse-submodules
  --no-force-with-lease --no-tags --no-mirror --no-all --no-delete --no-prune`.split(/\s+/);
const valued = new Set(["--repo", "--push-option", "--receive-pack", "--exec", "--recurse-submodules"]);

/** Remotes that deploy what they are sent. */
const hosts = either(
  /^(heroku|dokku|piku|production|prod|live|deploy|scalingo|clever|gigalixir)\b|^dokku@/,
  /git\.heroku\.com|scm\.azurewebsites/,
);

type Push = { set: ReadonlySet<string>; remote: string | null | undefined; refs: (string | null)[]; runs: string[] };

function pushOf(args: GitCall["args"]): Push {
  const set = new Set<string>();
  const words: (string | null)[] = [];
  const runs: string[] = [];
  let repo: string | null | undefined;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === null || !arg.startsWith("-") || arg === "-") words.push(arg);
    else if (arg === "--") {
      words.push(...args.slice(index + 1));
      break;
    } else if (arg.startsWith("--")) {
      const name = longOption(arg, options) ?? arg.split("=")[0]!;
      const value = arg.includes("=") ? arg.slice(arg.indexOf("=") + 1) : valued.has(name) ? args[++index] : null;
      if (name === "--repo") repo = value;
      if ((name === "--receive-pack" || name === "--exec") && value) runs.push(value);
      set.add(name);
      if (name.startsWith("--no-")) set.delete(`--${name.slice(5)}`);
      else set.delete(`--no-${name.slice(2)}`);
    } else
      for (const [at, letter] of [...arg.slice(1)].entries()) {
        if (letter === "n") set.add("--dry-run");
        if (letter === "d") set.add("--delete");
        // `-o` takes the rest, or the next word.
        if (letter === "o") {
          if (at === arg.length - 2) index++;
          break;
        }
      }
  }
  const remote = repo !== undefined && !set.has("--all") ? repo : words.shift();
  // A word that is not known may be several: `git push $WHERE`.
  if (remote === null && repo === undefined && words.length === 0) words.push(null);
  return { set, remote, refs: repo !== undefined && words.length === 0 ? [] : words, runs };
}

/** What a `git push` would move: one entry for each protected branch and each kind of tag. */
export function readPush(git: GitCall, scene: Scene): Found[] {
  const { call } = git;
  const push = pushOf(git.args);
  const founds = push.runs.flatMap((command) => scene.shell(command, call));
  if (push.set.has("--no-verify"))
    founds.push(found(call, "reconfigure_guard", resource("guard", "git hooks"), "git push that skips the hooks"));
  // Nothing is sent; the last of --dry-run and --no-dry-run counts.
  if (push.set.has("--dry-run")) return founds;
  const remote = push.remote === undefined ? defaultRemote(git, scene) : push.remote;
  const path = remote !== null && /^[./~]/.test(remote) && remote !== "." ? absolute(remote, call, scene.around) : null;
  // A repository among temporary files is nobody's remote.
  if (path !== null && isTemporary(path, scene.around)) return founds;
  const targets = targetsOf(push, remote, git, scene);
  for (const target of targets) {
    const what = target ?? "an unknown branch";
    const id = `${remote ?? "unknown"}/${target ?? "unknown"}`;
    if (remote === ".") founds.push(found(call, "merge", resource("branch", what), `git push into the local ${what}`));
    else founds.push(found(call, "push", resource("branch", id), `git push to ${what}`, target !== null));
    if (push.set.has("--delete") || isDeletion(push, target))
      founds.push(found(call, "delete", resource("branch", id), `git push that deletes ${what}`, target !== null));
  }
  if (remote !== null && hosts.test(remote))
    founds.push(found(call, "deploy", resource("environment", remote), `git push to ${remote}, which deploys`));
  return founds;
}

const isDeletion = ({ refs }: Push, target: string | null) =>
  target !== null &&
  refs.some((ref) => ref !== null && /^\+?:./.test(ref) && plain(ref.replace(/^\+?:/, "")) === target);

function defaultRemote(git: GitCall, scene: Scene): string | null {
  const [branch] = checkedOut(git, scene) ?? [];
  const keys = branch === undefined ? [] : [`branch.${branch}.pushRemote`];
  keys.push("remote.pushDefault");
  if (branch !== undefined) keys.push(`branch.${branch}.remote`);
  for (const key of keys) {
    const value = configOf(git, scene, key);
    if (value !== null) return value;
  }
  return "origin";
}

/** The protected branches and the tags that move; null for one that is not known. */
function targetsOf(push: Push, remote: string | null, git: GitCall, scene: Scene): (string | null)[] {
  const targets = new Set<string | null>();
  const { set } = push;
  if (set.has("--all") || set.has("--branches") || set.has("--mirror")) targets.add("all branches");
  if (set.has("--tags") || (set.has("--follow-tags") && !set.has("--no-follow-tags"))) targets.add("all tags");
  const refs =
    push.refs.length > 0
      ? push.refs
      : set.has("--tags") || targets.has("all branches")
        ? []
        : configured(remote, git, scene);
  if (refs === null) return [...targets, null];
  for (let index = 0; index < refs.length; index++) {
    const ref = refs[index]!;
    if (ref === "tag" && index + 1 < refs.length) targets.add(`tag ${refs[++index]}`);
    else for (const target of targetsOfRef(ref, remote, git, scene)) targets.add(target);
  }
  return [...targets];
}

/** What git pushes when it is told no branch (`push.default`, `remote.*.push`, the upstream). */
function configured(remote: string | null, git: GitCall, scene: Scene): (string | null)[] | null {
  if (remote !== null && /^[\w.-]+$/.test(remote)) {
    if (configOf(git, scene, `remote.${remote}.mirror`) === "true") return ["refs/*:refs/*"];
    const own = configOf(git, scene, `remote.${remote}.push`);
    if (own !== null)
      return (ask(git, scene, "config", "--get-all", `remote.${remote}.push`) ?? own).split("\n").concat(own);
  }
  const mode = configOf(git, scene, "push.default") ?? "simple";
  if (mode === "nothing") return [];
  if (mode === "matching") return [":"];
  const heads = checkedOut(git, scene);
  if (heads === null) return null;
  if (mode !== "upstream" && mode !== "tracking") return [...heads];
  return heads.map((head) => configOf(git, scene, `branch.${head}.merge`) ?? head);
}

function targetsOfRef(ref: string | null, remote: string | null, git: GitCall, scene: Scene): (string | null)[] {
  if (ref === null) return [null];
  if (ref.startsWith("^")) return [];
  const bare = ref.replace(/^\+/, "");
  if (bare === ":") return ["all branches"];
  const colon = bare.lastIndexOf(":");
  if (colon < 0) return sameName(bare, remote, git, scene);
  const to = bare.slice(colon + 1);
  if (to === "") return sameName(bare.slice(0, colon), remote, git, scene);
  return named(to, git, scene);
}

function sameName(name: string, remote: string | null, git: GitCall, scene: Scene): (string | null)[] {
  if (name === "HEAD" || name === "@") {
    const heads = checkedOut(git, scene);
    return heads === null ? [null] : heads.flatMap((head) => sameName(head, remote, git, scene));
  }
  if (/^(refs\/)?tags\//.test(name)) return [`tag ${name.replace(/^(refs\/)?tags\//, "")}`];
  const mode = configOf(git, scene, "push.default");
  const upstream =
    mode === "upstream" || mode === "tracking" ? configOf(git, scene, `branch.${plain(name)}.merge`) : null;
  if (upstream !== null) return named(upstream, git, scene);
  if (isProtected(name, scene, git) || name.includes("*")) return named(name, git, scene);
  const isTag =
    /^v?\d+\.\d+/.test(name) ||
    scene.configs.has(`\0tag ${name}`) ||
    ask(git, scene, "rev-parse", "--verify", "--quiet", `refs/tags/${name}`) !== null;
  return isTag ? [`tag ${name}`] : [];
}

function named(to: string, git: GitCall, scene: Scene): string[] {
  if (to === "HEAD") return (checkedOut(git, scene) ?? []).flatMap((head) => named(`refs/heads/${head}`, git, scene));
  if (to.includes("*")) {
    if (to.startsWith("refs/tags/")) return ["all tags"];
    return reachesProtected(to, scene) ? ["all branches"] : [];
  }
  if (/^(refs\/)?tags\//.test(to)) return [`tag ${to.replace(/^(refs\/)?tags\//, "")}`];
  // Gerrit's reviews, notes and pull requests' refs land nothing.
  if (to.startsWith("refs/") && !to.startsWith("refs/heads/")) return [];
  return isProtected(to, scene, git) ? [plain(to)] : [];
}
