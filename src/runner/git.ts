import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { ProcessTree } from "./process_tree.ts";

/** Git failed, or said something that nobody can use. */
export class GitFailure extends Error {}

type Options = {
  cwd: string;
  home: string;
  codes?: readonly number[];
  /** Overrides, a variable that is undefined is left out. */
  env?: Record<string, string | undefined>;
  signal?: AbortSignal;
};

/**
 * What no repository's own configuration may say otherwise: it is an agent's file, and these name programs that git
 * would run as the runner. A file of ours is not enough, for the repository's is read after it.
 */
const FIRST = Object.fromEntries(
  Object.entries({
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    // Said with nothing, the shell would run the path that follows it.
    "core.alternateRefsCommand": "true",
    "core.gitProxy": "",
    "core.sshCommand": "false",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "commit.gpgSign": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
  }).flatMap(([key, value], n, { length }) => [
    ["GIT_CONFIG_COUNT", String(length)],
    [`GIT_CONFIG_KEY_${n}`, key],
    [`GIT_CONFIG_VALUE_${n}`, value],
  ]),
);

/**
 * One git command with the runner's own configuration: no hook, no filter and no transport of anybody else's. Stopped,
 * it takes along what speaks to the remote for it, which git leaves behind.
 */
export function git(words: readonly string[], { cwd, home, codes = [0], env = {}, signal }: Options): Promise<string> {
  return new Promise((done, fail) => {
    const stopped = () => new GitFailure(`git ${words[0]} was stopped`);
    if (signal?.aborted) return fail(stopped());
    const marker = randomUUID();
    const child = spawn("git", [...words], {
      cwd,
      env: {
        ...{ PATH: process.env.PATH, HOME: home, LC_ALL: "C" },
        ...{ GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: `${home}/gitconfig`, GIT_ATTR_NOSYSTEM: "1" },
        ...{ GIT_TERMINAL_PROMPT: "0", GIT_ALLOW_PROTOCOL: "file", GIT_NO_LAZY_FETCH: "1" },
        ...FIRST,
        ...{ GIT_NO_REPLACE_OBJECTS: "1", GIT_OPTIONAL_LOCKS: "0", GIT_PAGER: "cat", GIT_EDITOR: "true" },
        ...{ LONGWATCH_GIT: marker },
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stop = async () => {
      if (child.pid !== undefined) await new ProcessTree(child.pid, marker).kill();
      child.kill("SIGKILL");
      fail(stopped());
    };
    signal?.addEventListener("abort", stop, { once: true });
    const out: Buffer[] = [];
    let talk = "";
    child.stdout.on("data", (part: Buffer) => out.push(part));
    child.stderr.on("data", (part: Buffer) => (talk = (talk + part.toString()).slice(-2000)));
    child.on("error", ({ message }) => fail(new GitFailure(`git did not start: ${message}`)));
    child.on("close", (code) => {
      if (signal?.aborted) return;
      signal?.removeEventListener("abort", stop);
      if (code !== null && codes.includes(code)) done(Buffer.concat(out).toString().trim());
      else fail(new GitFailure(`git ${words.slice(0, 3).join(" ")}: ${talk.trim() || `code ${code}`}`));
    });
  });
}

/** Read by every git of a workspace, the serving side of a fetch too. */
export const CONFIGURATION = `[safe]
\tdirectory = *
[core]
\thooksPath = /dev/null
\tfsmonitor = false
[uploadpack]
\tallowAnySHA1InWant = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
[commit]
\tgpgSign = false
[rerere]
\tenabled = false
[advice]
\tdetachedHead = false
`;

/**
 * Whether a commit has a file or a directory of this path. Git reads the end of COMMIT:PATH as a commit's id where it
 * can (x-g1a2b3c4), and the path from the working directory where it begins with dots: so it is looked up in the tree.
 */
export async function hasPath(commit: string, path: string, options: Options): Promise<boolean> {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0) return true;
  if (parts.includes("..")) return false;
  const words = ["--literal-pathspecs", "ls-tree", "--full-tree", commit, "--", parts.join("/")];
  return (await git(words, options)) !== "";
}
