import { spawn } from "node:child_process";

/** Git failed, or said something that nobody can use. */
export class GitFailure extends Error {}

type Options = { cwd: string; home: string; codes?: readonly number[]; env?: Record<string, string> };

/** One git command with the runner's own configuration: no hook, no filter and no transport of anybody else's. */
export function git(words: readonly string[], { cwd, home, codes = [0], env = {} }: Options): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn("git", [...words], {
      cwd,
      env: {
        ...{ PATH: process.env.PATH, HOME: home, LC_ALL: "C" },
        ...{ GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: `${home}/gitconfig`, GIT_ATTR_NOSYSTEM: "1" },
        ...{ GIT_TERMINAL_PROMPT: "0", GIT_ALLOW_PROTOCOL: "file", GIT_NO_LAZY_FETCH: "1" },
        ...{ GIT_NO_REPLACE_OBJECTS: "1", GIT_OPTIONAL_LOCKS: "0", GIT_PAGER: "cat", GIT_EDITOR: "true" },
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const out: Buffer[] = [];
    let talk = "";
    child.stdout.on("data", (part: Buffer) => out.push(part));
    child.stderr.on("data", (part: Buffer) => (talk = (talk + part.toString()).slice(-2000)));
    child.on("error", (error) => fail(new GitFailure(`git did not start: ${error.message}`)));
    child.on("close", (code) => {
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
