import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Around } from "../../src/guard/tool_call.ts";
import { HOME, WORKTREE } from "./cases.ts";

/**
 * Where the corpus is tried: real repositories, asked by the real git. They lie among temporary files, where writing is
 * harmless, so that they are told to lie below /srv.
 */
export type Place = { around(cwd: string): Around; close(): void };

const BYTES_MAX = 256 * 1024;

export function openPlace(): Place {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "longwatch-corpus-")));
  const real = (path: string) => (path === "/srv" || path.startsWith("/srv/") ? root + path : path);
  const told = (path: string) => (path.startsWith(`${root}/`) ? path.slice(root.length) : path);
  const env = { PATH: process.env.PATH, HOME: real(HOME), GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", args, { cwd: real(cwd), env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

  mkdirSync(real(HOME), { recursive: true });
  writeFileSync(
    join(real(HOME), ".gitconfig"),
    "[user]\n\tname = dev\n\temail = dev@example.com\n[init]\n\tdefaultBranch = main\n",
  );
  repositories(git, real);
  const inPlace = (arg: string) =>
    arg.replace(/^(--[\w-]+=)?(\/srv\/.*)$/, (_, option = "", path) => option + real(path));
  // The repositories stand still from here on. The cases ask some thousand times, and few different things.
  const asked = remembered((args, at) => {
    try {
      return told(git(at, ...args.map(inPlace)));
    } catch {
      return null;
    }
  });
  const around = (cwd: string): Around => ({
    cwd,
    env: { HOME, PATH: "/usr/bin:/bin", USER: "dev", PWD: cwd, TMPDIR: "/tmp" },
    worktree: cwd,
    protected_branches: [],
    readFile: (path) => {
      try {
        const file = real(path);
        if (!statSync(file).isFile() || statSync(file).size > BYTES_MAX) return null;
        return readFileSync(file, "utf8");
      } catch {
        return null;
      }
    },
    namesIn: (path) => {
      try {
        return readdirSync(real(path)).sort();
      } catch {
        return [];
      }
    },
    git: asked,
    realPath: (path) => {
      // As far as it exists: the last words of a path may be about to be made.
      const parts = path.split("/");
      for (let length = parts.length; length > 1; length--)
        try {
          return [told(realpathSync(real(parts.slice(0, length).join("/") || "/"))), ...parts.slice(length)].join("/");
        } catch {
          continue;
        }
      return null;
    },
  });
  return { around, close: () => rmSync(root, { recursive: true, force: true }) };
}

function remembered(ask: Around["git"]): Around["git"] {
  const answers = new Map<string, string | null>();
  return (args, at) => {
    const question = JSON.stringify([at, ...args]);
    if (!answers.has(question)) answers.set(question, ask(args, at));
    return answers.get(question)!;
  };
}

function repositories(git: (cwd: string, ...args: string[]) => string, real: (path: string) => string): void {
  const origin = "/srv/origin.git";
  mkdirSync(real("/srv"), { recursive: true });
  git("/srv", "init", "--quiet", "--bare", real(origin));
  cpSync(fileURLToPath(new URL("worktree", import.meta.url)), real(WORKTREE), { recursive: true });
  git(WORKTREE, "init", "--quiet");
  git(WORKTREE, "remote", "add", "origin", real(origin));
  git(WORKTREE, "add", "--all");
  git(WORKTREE, "commit", "--quiet", "--message=first");
  git(WORKTREE, "tag", "nightly");
  git(WORKTREE, "push", "--quiet", "origin", "main", "main:feature/login", "main:release/2.4", "main:production");
  git(WORKTREE, "branch", "--quiet", "--set-upstream-to=origin/main");
  for (const branch of ["feature/login", "feature/old", "release/2.4", "production"])
    git(WORKTREE, "branch", "--quiet", branch);
  for (const [name, branch] of [
    ["shop-main", "main"],
    ["shop-hotfix", "hotfix"],
    ["shop-preset", "feature/login"],
  ] as const) {
    git("/srv", "clone", "--quiet", real(origin), real(`/srv/${name}`));
    git(`/srv/${name}`, "fetch", "--quiet", "origin", "feature/login:feature/login", "main:feature/old");
    git(`/srv/${name}`, "checkout", "--quiet", "-B", branch, `origin/${branch === "hotfix" ? "main" : branch}`);
  }
  git("/srv/shop-hotfix", "config", "push.default", "upstream");
  git("/srv/shop-preset", "config", "remote.origin.push", "HEAD:refs/heads/main");
  git(WORKTREE, "checkout", "--quiet", "feature/login");
  git(WORKTREE, "branch", "--quiet", "--set-upstream-to=origin/feature/login");
  const aliases = {
    ship: "push origin HEAD:main",
    p: "push",
    yolo: "!vercel --prod",
    st: "status",
    lg: "log --oneline",
  };
  for (const [name, words] of Object.entries(aliases)) git(WORKTREE, "config", `alias.${name}`, words);
  // Links that lead out of the worktree, and to the guard.
  mkdirSync(real("/srv/other"));
  mkdirSync(join(real(WORKTREE), ".claude"));
  symlinkSync(real("/srv/other"), join(real(WORKTREE), "link-out"));
  symlinkSync(join(real(WORKTREE), ".claude"), join(real(WORKTREE), "link-claude"));
}
