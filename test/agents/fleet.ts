import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { testServer } from "../harness.ts";
import { type Agent, commandOf } from "./agents.ts";
import type { Line } from "./model_server.ts";
import { homeOf, session, shellCall, type Told } from "./sessions.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const launcher = join(root, "bin", "longwatch");

/** The seats of the story: a leader who must not deploy, and those who may. */
export const LEADER = "CLAUDE-DESKTOP-Air-CAMBER-02";
export const IDLE = ["CODEX-CLI-Air-CAMBER-03", "CODEX-CLI-Air-CAMBER-04"] as const;

export type Fleet = Awaited<ReturnType<typeof fleet>>;

/** A real server with a leader and two idle implementers, and a directory for the story's worktrees. */
export async function fleet() {
  const server = await testServer();
  const directory = mkdtempSync(join(tmpdir(), "longwatch-agents-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  await server.say(server.operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "CAMBER" });
  const tokens: Record<string, string> = { [LEADER]: await server.seat(LEADER, "strategist") };
  for (const name of IDLE) tokens[name] = await server.seat(name);
  return { ...server, directory, tokens, programs: deployPrograms(directory) };
}

/** Programs in the place of `vercel` and its like: they only write down that they ran. */
function deployPrograms(directory: string): { path: string; ran(): string[] } {
  const path = join(directory, "bin");
  const record = join(directory, "ran.txt");
  mkdirSync(path);
  for (const name of ["vercel", "npx"]) {
    writeFileSync(join(path, name), `#!/bin/sh\necho "${name} $*" >>'${record}'\necho deployed\n`);
    chmodSync(join(path, name), 0o755);
  }
  const ran = () => (existsSync(record) ? readFileSync(record, "utf8").trim().split("\n") : []);
  return { path, ran };
}

/** A worktree on `main` with a remote, as an agent finds it. */
export function worktree(directory: string, name: string): { tree: string; pushed(): string } {
  const tree = join(directory, name);
  const remote = join(directory, `${name}.git`);
  const git = (cwd: string, ...args: string[]) => execFileSync("git", args, { cwd, encoding: "utf8", stdio: "pipe" });
  mkdirSync(tree);
  git(directory, "init", "-q", "--bare", "-b", "main", remote);
  git(tree, "init", "-q", "-b", "main");
  writeFileSync(join(tree, "page.html"), "<h1>Redline</h1>\n");
  git(tree, "add", "-A");
  const who = ["-c", "user.name=story", "-c", "user.email=story@example.com"];
  git(tree, ...who, "commit", "-qm", "CMB-0001: first page");
  git(tree, "remote", "add", "origin", remote);
  git(tree, "push", "-q", "-u", "origin", "main");
  writeFileSync(join(tree, "page.html"), "<h1>Redline cards</h1>\n");
  git(tree, ...who, "commit", "-qam", "CMB-0002: cards");
  return { tree, pushed: () => git(remote, "log", "-1", "--format=%s", "main").trim() };
}

/** Runs the command line as somebody types it. */
export async function longwatch(
  words: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(launcher, words, { cwd, env: { PATH: process.env.PATH!, ...env }, timeout: 300_000 });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
  child.stdin.end();
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, ...texts };
}

/** The environment in which a CLI finds its configuration, the same for `connect` and for the session. */
export function environmentOf(agent: Agent, home: string): Record<string, string> {
  const own: Record<Agent, Record<string, string>> = {
    claude: { CLAUDE_CONFIG_DIR: join(home, ".claude") },
    codex: { CODEX_HOME: join(home, ".codex") },
    gemini: { GEMINI_CLI_HOME: home },
  };
  return { HOME: home, ...own[agent] };
}

/** An agent with a home and a worktree of its own, connected by `longwatch connect`. */
export async function connected(
  here: Fleet,
  agent: Agent,
  as: { token: string; scope?: "project" | "user"; name: string },
): Promise<{ home: string; tree: string; pushed(): string; env: Record<string, string>; said: string }> {
  const directory = join(here.directory, as.name);
  mkdirSync(directory);
  const home = homeOf(agent, directory);
  const { tree, pushed } = worktree(directory, "tree");
  const env = environmentOf(agent, home);
  const binary = dirname(commandOf(agent).command);
  const { code, stdout, stderr } = await longwatch(
    ["connect", agent, "--scope", as.scope ?? "project", "--token", as.token],
    { cwd: tree, env: { ...env, LONGWATCH_URL: here.url, PATH: `${binary}:${process.env.PATH!}` } },
  );
  if (code !== 0) throw new Error(`connect ${agent} ended with ${code}:\n${stdout}\n${stderr}`);
  return { home, tree, pushed, env, said: stdout };
}

type More = {
  flags?: string[];
  etc?: Record<string, string>;
  ports?: number[];
  /** The server cannot be reached from the session. */
  cut?: boolean;
};
type Place = { home: string; tree: string; env: Record<string, string> };

/** Lets a connected agent's model call one shell command, and answers what the model was told. */
export function tries(here: Fleet, agent: Agent, at: Place, command: string, more: More = {}): Promise<Told> {
  return works(here, agent, at, [shellCall(agent, command), { text: "That is all." }], more);
}

/** Lets a connected agent's model say what it says, with `longwatch` on its PATH. */
export function works(here: Fleet, agent: Agent, at: Place, lines: readonly Line[], more: More = {}): Promise<Told> {
  const { ports = [], cut = false, ...rest } = more;
  return session({
    agent,
    home: at.home,
    cwd: at.tree,
    lines,
    env: { ...at.env, PATH: `${here.programs.path}:${dirname(launcher)}:${process.env.PATH!}` },
    ports: [...(cut ? [] : [Number(new URL(here.url).port)]), ...ports],
    ...rest,
  });
}
