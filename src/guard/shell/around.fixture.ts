import { readShell, type Invocation, type Reading } from "./index.ts";

/** Reads a command in `/project`, where these files lie; paths may be relative to it. */
export function reading(
  command: string,
  files: Readonly<Record<string, string>> = {},
  env: Record<string, string> = {},
): Reading {
  return readShell(command, {
    cwd: "/project",
    env: { HOME: "/users/ann", PATH: "/usr/bin:/bin", PWD: "/project", ...env },
    readFile: (path) => files[path] ?? files[path.replace(/^\/project\//, "")] ?? null,
  });
}

/** A word as tests show it: what is not known stands in angle brackets. */
export function line({ argv }: Invocation): string {
  return argv.map(({ value, text }) => value ?? `<${text}>`).join(" ");
}

/** Everything that would start, one line each. */
export function started(
  command: string,
  files?: Readonly<Record<string, string>>,
  env?: Record<string, string>,
): string[] {
  return reading(command, files, env).invocations.map(line);
}

/** A project with scripts that push. */
const scripts = JSON.stringify({
  scripts: {
    ship: "git push",
    preship: "ls",
    check: "npm run ship",
    version: "git push --tags",
    all: "run-s ship",
    prepublishOnly: "git push x",
  },
});
export const files = {
  "/project/package.json": scripts,
  "/project/push.sh": "#!/bin/bash\ngit push $1\n",
  "/project/plain.sh": "git push\n",
  "/project/push.py": "#!/usr/bin/env python3\nimport os\nos.system('git push')\n",
  "/project/sub/push.sh": "cd ..\ngit push\n",
  "/project/Makefile":
    "REMOTE = origin\nGIT := git\nship: build check\n\t@$(GIT) push $(REMOTE)\n" +
    "build:\n\tls $$HOME\ncheck: ; git status\n%.x:\n\tgit push $@\n",
  "/project/justfile":
    "default: ship\n\nship target='x': build\n  @git push {{target}}\n\nbuild:\n  ls\nalias s := ship\n",
  "/project/cron": "# m h\n0 5 * * * git push\n",
};

/** The commands that do not start `git push` in that project, with what they start. */
export function missed(commands: readonly string[]): string[] {
  return commands
    .map((command) => ({ command, lines: started(command, files) }))
    .filter(({ lines }) => !lines.some((one) => /^(\/usr\/bin\/)?git push/.test(one)))
    .map(({ command, lines }) => [command, ...lines].join("\n  starts "));
}
