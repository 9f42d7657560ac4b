import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "../src/client/client.ts";
import { hookCommand } from "../src/guard/hook_command.ts";
import { settingsPath, writeSettings } from "../src/guard/settings.ts";
import { type Running, serve, stop, WARMING } from "./startup.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const ROUNDS = 60;

/** The time of a whole hook as an agent's CLI runs it, and of `node -e 0` beside it. */
export type HookRow = { what: string; median_ms: number; p95_ms: number };

const calls: [string, number, string, object][] = [
  ["a tool that only reads", 0, "Read", { file_path: "src/main.ts" }],
  ["`npm test`", 0, "Bash", { command: "npm test" }],
  ["`git log --grep push`", 0, "Bash", { command: "git log --grep push" }],
  ["`vercel deploy --prod`, denied by the server", 2, "Bash", { command: "vercel deploy --prod" }],
];

/** Each round runs every hook once and `node -e 0` once, so that all of them meet the same machine. */
export async function guarding(progress: (line: string) => void): Promise<HookRow[]> {
  // Two directories: PostgreSQL takes its own for itself alone.
  const [data, project] = ["data", "project"].map((name) => mkdtempSync(join(tmpdir(), `longwatch-bench-${name}-`)));
  try {
    progress("building");
    execFileSync(process.execPath, [join(root, "scripts/build.ts")], { stdio: ["ignore", "ignore", "inherit"] });
    const running = await serve(data!);
    await settle(project!, running);
    const hooks = calls.map(([what, code, tool_name, tool_input]) => {
      const said = { hook_event_name: "PreToolUse", cwd: project, tool_name, tool_input, tool_use_id: "toolu_1" };
      return { what, run: () => hook(project!, JSON.stringify(said), code) };
    });
    progress("the guard's hooks");
    // The first one after a build leaves a startup snapshot behind, which takes a moment.
    for (const { run } of hooks) run();
    await new Promise((made) => setTimeout(made, 3_000));
    for (let n = 0; n < WARMING; n++) hooks.at(-1)!.run();
    const programs = [...hooks, { what: "`node -e 0`", run: () => timed(process.execPath, ["-e", "0"], "", 0) }];
    const times = programs.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round++)
      for (const [index, { run }] of programs.entries()) times[index]!.push(run());
    await stop(running.child);
    return programs.map(({ what }, index) => ({ what, ...summarized(times[index]!) }));
  } finally {
    for (const directory of [data!, project!]) rmSync(directory, { recursive: true, force: true });
  }
}

async function settle(project: string, { url, token }: Running): Promise<void> {
  mkdirSync(join(project, ".git"), { recursive: true });
  const operator = new Client({ url, token });
  const adopt = (name: string, role: string) => operator.say<{ token: string }>("seat.adopt", { name, role });
  await adopt("CODEX-CLI-BENCH-CAMBER-02", "implementer");
  const seat = await adopt("CLAUDE-CLI-BENCH-STRAT-01", "strategist");
  operator.close();
  const path = settingsPath("project", { project, env: {} });
  writeSettings(path, { version: 1, url, token: seat.token, protected_branches: [] });
}

function hook(project: string, input: string, code: number): number {
  return timed("/bin/sh", ["-c", hookCommand("claude", join(root, "bin/longwatch"))], input, code, project);
}

function timed(program: string, args: string[], input: string, code: number, cwd = root): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(program, args, { cwd, input, encoding: "utf8" });
  const elapsed = performance.now() - began;
  if (status !== code || (code === 2 && /nobody could decide/.test(stderr)))
    throw new Error(`${args.at(-1)} ended with ${status}, not ${code}: ${stderr}`);
  return elapsed;
}

function summarized(times: readonly number[]): { median_ms: number; p95_ms: number } {
  const sorted = times.toSorted((a, b) => a - b);
  return { median_ms: sorted[sorted.length >> 1]!, p95_ms: sorted[Math.floor(sorted.length * 0.95)]! };
}
