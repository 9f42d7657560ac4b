import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { Refusal } from "../../kernel/refusal.ts";
import { quotedForShell } from "../../shell_words.ts";
import type { Setting, Strength } from "./clis/cli.ts";
import { backupOf, type Edit } from "./edits.ts";
import type { Attempt } from "./self_test.ts";
import type { Target } from "./target.ts";

/** Which hooks a repository gets: one with a worktree, and one that only receives. */
const HOOKS = { worktree: ["pre-push", "pre-commit"], receiving: ["pre-receive"] } as const;
type Hook = (typeof HOOKS)[keyof typeof HOOKS][number];

const MARK = "# Written by `longwatch connect git`; `longwatch disconnect git` takes it out again.";
const ZERO = "0".repeat(40);

/**
 * The hook that was there before goes first and has the last word on its own; both read the same standard input.
 * Whatever goes wrong is a refusal: git takes every exit code but 0 for one.
 */
function scriptOf(hook: Hook, launcher: string): string {
  const quoted = quotedForShell(launcher);
  const reads = hook !== "pre-commit";
  const asked = `${quoted} git-hook ${hook} "$@"`;
  return `#!/bin/sh
${MARK}
before=$(dirname -- "$0")/${basename(backupOf(hook))}
${reads ? "said=$(cat; printf x)\nsaid=${said%x}\n" : ""}\
if [ -x "$before" ] && [ -z "$LONGWATCH_SELF_TEST" ]; then
  ${reads ? `printf '%s' "$said" | "$before" "$@" || exit` : '"$before" "$@" || exit'}
fi
${reads ? `printf '%s' "$said" | ${asked}` : asked}
`;
}

function edit(path: string, hook: Hook, launcher: string): Edit {
  return { path, what: `the ${hook} hook`, executable: true, mode: 0o755, change: () => scriptOf(hook, launcher) };
}

function removal(path: string, hook: Hook): Edit {
  const change = (now: string | null) => {
    if (now === null || !now.includes(MARK)) return now;
    const backup = backupOf(path);
    return existsSync(backup) ? readFileSync(backup, "utf8") : null;
  };
  return { path, what: `the ${hook} hook`, change };
}

function hooksOf({ project, env }: Pick<Setting, "project" | "env">): { hook: Hook; path: string }[] {
  const hooks = isReceiving(project, env) ? HOOKS.receiving : HOOKS.worktree;
  // The answer knows of core.hooksPath, of worktrees, and of a git directory elsewhere.
  const said = asked(project, env, ["rev-parse", "--git-path", "hooks"]);
  const directory = isAbsolute(said) ? said : join(project, said);
  return hooks.map((hook) => ({ hook, path: join(directory, hook) }));
}

const isReceiving = (project: string, env: Setting["env"]): boolean =>
  asked(project, env, ["rev-parse", "--is-bare-repository"]) === "true";

function asked(cwd: string, env: Setting["env"], words: readonly string[]): string {
  try {
    return execFileSync("git", words, { cwd, env, encoding: "utf8", stdio: "pipe" }).trim();
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Refusal("conflict", "connect.no_repository", `git, in ${cwd}: ${(stderr || message).trim()}`, {
      hint: "Say it in a repository, or name one with --project.",
    });
  }
}

/** What is tried: a branch that nobody guards, and the removal of one that everybody does. */
function attempts(setting: Setting): { harmless: Attempt; protected_calls: Attempt[] } {
  const [{ hook, path }] = hooksOf(setting) as [{ hook: Hook; path: string }];
  const words = hook === "pre-push" ? ["self-test", "self-test"] : [];
  const some = "1".repeat(40);
  const attempt = (call: string, line: string): Attempt => ({
    call,
    argv: ["/usr/bin/env", "LONGWATCH_SELF_TEST=1", "LONGWATCH_SEAT=SELF-TEST", path, ...words],
    input: `${line}\n`,
    refuses: (code) => code !== 0,
  });
  const moved = (branch: string) =>
    hook === "pre-push" ? `(delete) ${ZERO} refs/heads/${branch} ${some}` : `${some} ${ZERO} refs/heads/${branch}`;
  return {
    harmless: attempt("git push origin :longwatch-self-test", moved("longwatch-self-test")),
    protected_calls: [attempt("git push origin :main", moved("main"))],
  };
}

function strength(setting: Setting): Strength {
  if (isReceiving(setting.project, setting.env))
    return {
      dodges: [
        { way: "git push --no-verify, -c core.hooksPath=…", works: false },
        { way: "who may write the repository's files directly", works: true },
        { way: "a merge that the host's web page does without git's hooks", works: true },
      ],
      stronger: "Let nobody but the receiving account write the repository, and let the transport say who pushes.",
    };
  return {
    dodges: [
      { way: "git push --no-verify, git commit --no-verify", works: true },
      { way: "git -c core.hooksPath=…", works: true },
      { way: "another clone", works: true },
    ],
    stronger: "`longwatch connect git` in the receiving repository: its pre-receive hook no pusher can skip.",
  };
}

function notes(setting: Setting): string[] {
  if (isReceiving(setting.project, setting.env))
    return [
      "Who pushes comes from LONGWATCH_SEAT, which the receiving side must set for each key or account;",
      "a push of nobody's is refused on protected branches. See docs/connecting.md.",
    ];
  const [first] = hooksOf(setting);
  const shared = asked(setting.project, setting.env, ["rev-parse", "--git-common-dir"]);
  return [
    `The hooks are in ${dirname(first!.path)}; every worktree of the repository has them.`,
    ...(first!.path.includes(shared.replace(/^\.\//, ""))
      ? []
      : ["core.hooksPath says so; git may track that directory."]),
  ];
}

export const git: Target = {
  provider: "GIT",
  scopes: ["project"],
  role: ({ project, env }) => (isReceiving(project, env) ? "gatekeeper" : "implementer"),
  connected: (setting) => hooksOf(setting).map(({ hook, path }) => edit(path, hook, setting.launcher)),
  disconnected: (setting) => hooksOf(setting).map(({ hook, path }) => removal(path, hook)),
  attempts,
  strength,
  notes,
};
