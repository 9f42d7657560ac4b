import { entry, type Call, calling, found, type Reader, resource, type Scene } from "./call.ts";
import { branchReaders } from "./git_branches.ts";
import { commandVariables, configOf, gitCall, type GitCall, longOption, runsCommand } from "./git_call.ts";
import { readPush } from "./git_push.ts";
import { guardPathOf } from "./guard_files.ts";
import { byName } from "./runners.ts";
import { quotedForShell } from "../../shell_words.ts";
import type { Found } from "../vocabulary.ts";

/** Git's own commands: an alias of the same name is not looked at by git, so neither by us. */
const builtin = new Set(
  `add am annotate apply archive bisect blame branch bundle cat-file check-attr check-ignore check-ref-format
  checkout checkout-index cherry cherry-pick clean clone column commit commit-graph commit-tree config
  count-objects credential describe diff diff-files diff-index diff-tree difftool fast-export fast-import
  fetch fetch-pack filter-branch fmt-merge-msg for-each-ref for-each-repo format-patch fsck gc
  get-tar-commit-id grep hash-object help hook http-fetch http-push index-pack init instaweb
  interpret-trailers log ls-files ls-remote ls-tree mailinfo mailsplit maintenance merge merge-base merge-file
  merge-index merge-tree mergetool mktag mktree mv name-rev notes pack-objects pack-refs patch-id prune
  prune-packed pull push quiltimport range-diff read-tree rebase receive-pack reflog refs remote repack
  replace request-pull rerere reset restore rev-list rev-parse revert rm send-email send-pack shortlog show
  show-branch show-index show-ref sparse-checkout stage stash status stripspace submodule subtree svn switch
  symbolic-ref tag unpack-file unpack-objects update-index update-ref upload-pack var verify-commit
  verify-pack verify-tag version whatchanged worktree write-tree lfs p4 gui citool`.split(/\s+/),
);

export const readGit: Reader = (call, scene) => {
  const whole = call.name === "git" ? call : dashed(call);
  const git = gitCall(whole, scene);
  const founds = [...settingsOf(git, scene), ...variablesOf(git, scene)];
  if (git.name === null) {
    if (git.args.length > 0 || whole.args.includes(null))
      founds.push(found(call, "push", resource("branch", null), "git with a command that is not known", false));
    return founds;
  }
  if (isHelp(git)) return founds;
  // `execvp("git", ["git", "push"])` says its own name once more.
  if (git.name === "git") {
    const own = git.args.findIndex((arg) => arg !== "git");
    return own < 0 ? founds : [...founds, ...readGit(calling(["git", ...git.args.slice(own)], call), scene)];
  }
  if (!builtin.has(git.name)) return [...founds, ...(entry(others, git.name)?.(git, scene) ?? aliasOf(git, scene))];
  return [
    ...founds,
    ...(entry(commands, git.name)?.(git, scene) ?? []),
    ...(entry(branchReaders, git.name)?.(git, scene) ?? []),
    ...pathsOf(git, scene),
    ...executed(git, scene),
  ];
};

/** `/usr/lib/git-core/git-push` is `git push`. */
const dashed = (call: Call) => calling(["git", call.name.slice(4), ...call.args], call);

const isHelp = (git: GitCall) =>
  git.name === "help" || git.args.some((arg, index) => arg === "--help" && !git.args.slice(0, index).includes("--"));

const guard = (git: GitCall, id: string, because: string, certain = true) =>
  found(git.call, "reconfigure_guard", resource("guard", id), because, certain);

/** What the settings of a call do by themselves. */
function settingsOf(git: GitCall, scene: Scene): Found[] {
  return [...git.configs].flatMap(([key, value]) => settingOf(key, value, git, scene));
}

function settingOf(key: string, value: string | null, git: GitCall, scene: Scene): Found[] {
  const name = key.toLowerCase();
  if (name === "core.hookspath") return [guard(git, "git hooks", "git with other hooks")];
  if (/^include(if\..+)?\.path$/.test(name))
    return [guard(git, "git settings", "git with settings from another file", false)];
  if (value !== null && runsCommand(name)) return scene.shell(value.replace(/^!/, ""), git.call);
  if (name === "help.autocorrect" && git.name !== null && !builtin.has(git.name) && value !== "0" && value !== "never")
    return [found(git.call, "push", resource("branch", null), `git ${git.name}, which git would correct`, false)];
  return [];
}

function variablesOf(git: GitCall, scene: Scene): Found[] {
  return [...git.call.env].flatMap(([name, value]) =>
    value && commandVariables.has(name) ? scene.shell(value, git.call) : [],
  );
}

/** Whether git was told to look for its settings and commands in another place: an alias of there may be anything. */
const isMoved = ({ call }: GitCall, scene: Scene) =>
  call.args.some((arg) => /^--exec-path=(?!\/usr\/)/.test(arg ?? "")) ||
  [...call.env].some(
    ([name, value]) =>
      /^(HOME|XDG_CONFIG_HOME|GIT_CONFIG_GLOBAL|GIT_CONFIG_SYSTEM|GIT_EXEC_PATH)$/.test(name) &&
      value !== "" &&
      value !== "/dev/null" &&
      value !== scene.around.env[name],
  );

/** An alias: another git command, or with `!` a shell command. */
function aliasOf(git: GitCall, scene: Scene): Found[] {
  const key = `alias.${git.name}`;
  if (git.configs.get(key) === null)
    return [found(git.call, "push", resource("branch", null), `git ${git.name}, an alias that is not known`, false)];
  const alias = configOf(git, scene, key);
  if (alias === null)
    return isMoved(git, scene)
      ? [found(git.call, "push", resource("branch", null), `git ${git.name}, by settings of another place`, false)]
      : byName(git.call, git.name!);
  if (alias.startsWith("!")) {
    const tail = git.args.map((arg) => (arg === null ? '"$__unknown"' : quotedForShell(arg)));
    return scene.shell([alias.slice(1), ...tail].join(" "), { ...git.call, cwd: git.cwd });
  }
  const words = [...alias.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c!);
  const own = [...git.configs].flatMap(([key, value]) => (value === null ? [] : ["-c", `${key}=${value}`]));
  return scene.run(["git", ...git.where, ...own, ...words, ...git.args], { ...git.call, cwd: git.cwd });
}

type GitReader = (git: GitCall, scene: Scene) => Found[];
const moving =
  (because: string, certain = true): GitReader =>
  (git) => [found(git.call, "push", resource("branch", null), because, certain)];
const long = (git: GitCall, name: string, ...others: string[]) =>
  git.args.some((arg) => arg !== null && longOption(arg, [name, ...others]) === name);
const letter = (git: GitCall, one: string) =>
  git.args.some((arg) => arg !== null && /^-[a-zA-Z]+$/.test(arg) && arg.includes(one));
const deleting = (git: GitCall, id: string, because: string) =>
  found(git.call, "delete", resource("path", id, false), because);

/** What moves remote branches without being called push, and what is lost for good. */
const commands: Readonly<Record<string, GitReader>> = {
  push: readPush,
  "send-pack": (git, scene) => readPush(git, scene),
  "http-push": moving("git http-push"),
  svn: (git) =>
    /^(dcommit|branch|tag|set-tree|commit-diff)$/.test(git.args[0] ?? "dcommit")
      ? moving("git svn dcommit")(git, undefined!)
      : [],
  p4: (git) => (git.args[0] === "submit" ? moving("git p4 submit")(git, undefined!) : []),
  subtree: (git, scene) => {
    if (git.args[0] !== "push") return [];
    const rest = git.args
      .slice(1)
      .filter((arg, index, all) => !/^(-P|--prefix)/.test(arg ?? "") && !/^(-P|--prefix)$/.test(all[index - 1] ?? ""));
    const [remote, ref] = rest;
    return readPush({ ...git, name: "push", args: [remote ?? null, ref === undefined ? null : `HEAD:${ref}`] }, scene);
  },
  commit: (git) => {
    const verifies = [
      "--no-verbose",
      "--no-edit",
      "--no-post-rewrite",
      "--no-gpg-sign",
      "--no-status",
      "--no-signoff",
      "--no-author",
    ];
    const value_letters = /^-[a-zA-Z]*?[mFCctS]/;
    const isShort = git.args.some((arg, index) => {
      if (arg === null || !/^-[a-zA-Z]/.test(arg) || /^-[mFCct]$/.test(git.args[index - 1] ?? "")) return false;
      return (value_letters.exec(arg)?.[0] ?? arg).includes("n");
    });
    return isShort || long(git, "--no-verify", ...verifies)
      ? [guard(git, "git hooks", "git commit that skips the hooks")]
      : [];
  },
  merge: (git) =>
    long(git, "--no-verify", "--no-verify-signatures", "--no-verbose")
      ? [guard(git, "git hooks", "git merge that skips the hooks")]
      : [],
  config: (git, scene) => configuring(git, scene),
  // What is tagged here may be pushed by its name in the same command.
  tag: (git, scene) => {
    for (const arg of git.args) if (arg !== null && !arg.startsWith("-")) scene.configs.set(`\0tag ${arg}`, "");
    return [];
  },
  clean: (git) =>
    letter(git, "n") ||
    long(git, "--dry-run") ||
    !/[xX]/.test(git.args.filter((arg) => /^-[a-zA-Z]+$/.test(arg ?? "")).join(""))
      ? []
      : [deleting(git, "ignored files", "git clean of ignored files")],
  // With ignored files go the guard's settings, which no commit holds.
  stash: (git) =>
    git.args[0] !== "list" &&
    git.args[0] !== "show" &&
    (long(git, "--all") || (letter(git, "a") && git.args[0] !== "pop"))
      ? [guard(git, "ignored files", "git stash of ignored files")]
      : [],
  reflog: (git) =>
    /^(expire|delete)$/.test(git.args[0] ?? "") && !long(git, "--dry-run")
      ? [deleting(git, "reflog", `git reflog ${git.args[0]}`)]
      : [],
  gc: (git) =>
    git.args.some((arg) => /^--prune=(now|all)/.test(arg ?? ""))
      ? [deleting(git, "objects", "git gc that prunes now")]
      : [],
  prune: (git) => (letter(git, "n") ? [] : [deleting(git, "objects", "git prune")]),
  "filter-branch": (git) => [deleting(git, "history", "git filter-branch")],
  remote: (git) =>
    git.args[0] === "add" && git.args.includes("--mirror=push")
      ? moving("git remote that mirrors")(git, undefined!)
      : [],
};

const others: Readonly<Record<string, GitReader>> = {
  "filter-repo": (git) => [deleting(git, "history", "git filter-repo")],
  "remote-http": moving("git remote-http"),
  "remote-https": moving("git remote-https"),
  "remote-ext": moving("git remote-ext", false),
  town: (git) => (/^(ship|sync)$/.test(git.args[0] ?? "") ? moving(`git town ${git.args[0]}`)(git, undefined!) : []),
  flow: (git) =>
    git.args.includes("finish") || git.args.includes("publish")
      ? [found(git.call, "merge", resource("branch", "main"), "git flow that finishes")]
      : [],
  spr: (git) =>
    /^(merge|land)$/.test(git.args[0] ?? "")
      ? [found(git.call, "merge", resource("branch", "main"), "git spr merge")]
      : [],
};

function configuring(git: GitCall, scene: Scene): Found[] {
  const words = git.args.filter(
    (arg, index) =>
      arg === null ||
      (!arg.startsWith("-") && !/^(-f|--file|--type|--default|--comment)$/.test(git.args[index - 1] ?? "")),
  );
  const verb = /^(get|set|unset|list|edit|rename-section|remove-section)$/.exec(words[0] ?? "")?.[0];
  const [key, value] = verb === undefined ? words : words.slice(1);
  const removes =
    verb === "unset" ||
    verb === "remove-section" ||
    git.args.some((arg) => /^--(unset|unset-all|remove-section|rename-section)$/.test(arg ?? ""));
  const reads =
    verb === "get" ||
    verb === "list" ||
    git.args.some((arg) => /^(--get.*|--list|-l)$/.test(arg ?? "")) ||
    (value === undefined && !removes);
  const founds: Found[] = [];
  if (git.args.some((arg) => /^(--global|--system)$/.test(arg ?? "")) && !reads)
    founds.push(
      found(git.call, "write_outside", resource("path", "~/.gitconfig", false), "git config for every repository"),
    );
  if (reads) return [];
  if (key === null) return [...founds, guard(git, "git settings", "git config of an unknown setting", false)];
  if (removes)
    return /^core(\.hookspath)?$/i.test(key ?? "")
      ? [...founds, guard(git, "git hooks", "git config that takes the hooks away")]
      : founds;
  if (typeof key === "string" && typeof value === "string") {
    scene.configs.set(key.toLowerCase(), value);
    // A script of the project may be another one tomorrow, when a plain `git status` starts it.
    if (runsCommand(key) && /^!?\s*["']?[^\s"']*\//.test(value) && !/^!?["']?\/(usr|opt|bin)\//.test(value))
      founds.push(guard(git, "git settings", `git config of ${key}, which starts a script by itself`, false));
    return [...founds, ...settingOf(key, value, git, scene)];
  }
  return founds;
}

/** Git commands that change files by their names may change the guard's. */
function pathsOf(git: GitCall, scene: Scene): Found[] {
  if (
    !/^(checkout|restore|rm|mv|stash|clean|apply|update-index|read-tree|checkout-index|sparse-checkout)$/.test(
      git.name!,
    )
  )
    return [];
  const words = git.name === "stash" && git.args[0] !== "push" ? [] : git.args;
  for (const word of words) {
    const path =
      word === null || word.startsWith("-")
        ? undefined
        : guardPathOf(word, { ...git.call, cwd: git.cwd }, scene.around);
    if (path !== undefined) return [guard(git, path, `git ${git.name} of ${path}`)];
  }
  return [];
}

/** Commands that git runs for the caller. */
function executed(git: GitCall, scene: Scene): Found[] {
  const { args, call } = git;
  const founds: Found[] = [];
  const texts: string[] = [];
  for (const [index, arg] of args.entries()) {
    if (arg === null) continue;
    const next = args[index + 1] ?? null;
    const joined =
      /^--(?:exec|extcmd|(?:upload|receive)-pack|[\w-]+-filter|open-files-in-pager|sendmail-cmd|httpd|access-hook)=(.*)$/s.exec(
        arg,
      )?.[1];
    if (joined !== undefined) texts.push(joined);
    if (/^(--exec|-x|--extcmd|--upload-pack|-u|--receive-pack|--[\w-]+-filter)$/.test(arg) && next !== null)
      texts.push(next);
    if (git.name === "grep" && /^-O./.test(arg)) texts.push(arg.slice(2));
    const [, remote] = /^(?:--remote=)?ext::(.*)$/s.exec(arg) ?? [];
    if (remote !== undefined) texts.push(remote.replaceAll(/%[sSGV]/g, ""));
  }
  if (git.name === "bisect" && args[0] === "run") founds.push(...scene.run(args.slice(1), call));
  if (git.name === "submodule" && args.includes("foreach")) {
    const tail = args.slice(args.indexOf("foreach") + 1).filter((arg) => arg !== "--recursive" && arg !== "--quiet");
    founds.push(...(tail.length === 1 && tail[0] !== null ? scene.shell(tail[0]!, call) : scene.run(tail, call)));
  }
  if (git.name === "for-each-repo")
    founds.push(...scene.run(["git", ...args.filter((arg) => !/^--(config|keep-going)/.test(arg ?? ""))], call));
  return [...founds, ...texts.flatMap((text) => scene.shell(text, call))];
}
