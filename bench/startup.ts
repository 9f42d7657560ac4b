import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { median } from "./sessions.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
export const WARMING = 100;

export type StartupRow = {
  first_start_seconds: number;
  warm_start_seconds: number;
  idle_megabytes: number | null;
  cli_ms: number;
  node_ms: number;
};

/** Starting the server, its idle memory with PostgreSQL, and a whole command of the CLI beside `node -e 0`. */
export async function startup(progress: (line: string) => void): Promise<StartupRow> {
  const directory = mkdtempSync(join(tmpdir(), "longwatch-bench-"));
  try {
    progress("starting the server");
    const first = await serve(directory);
    await stop(first.child);
    const warm: number[] = [];
    for (let n = 0; n < 3; n++) {
      const again = await serve(directory);
      warm.push(again.seconds);
      await stop(again.child);
    }
    const running = await serve(directory);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const idle_megabytes = memory(running.child.pid!);
    progress("the command line");
    const { cli_ms, node_ms } = commandLine(running, join(directory, "spool"));
    await stop(running.child);
    return { first_start_seconds: first.seconds, warm_start_seconds: median(warm), idle_megabytes, cli_ms, node_ms };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export type Running = { child: ChildProcess; seconds: number; url: string; token: string };

/** Starts the server of this clone in a process of its own. */
export async function serve(directory: string): Promise<Running> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, "src/main.ts"), "serve", "--json"], {
    env: { ...process.env, LONGWATCH_DATA: directory, LONGWATCH_PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    const { url, operator_token } = JSON.parse(line);
    return { child, seconds: (performance.now() - began) / 1000, url, token: operator_token };
  }
  throw new Error("the server ended before it served");
}

export function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** Proportional memory of the process and everything that it started, PostgreSQL included; Linux only. */
function memory(pid: number): number | null {
  if (!existsSync("/proc/self/smaps_rollup")) return null;
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const ours = (one: number): boolean => one === pid || (parents.has(one) && ours(parents.get(one)!));
  const kilobytes = [...parents.keys()].filter(ours).map((one) => {
    const rollup = readFileSync(`/proc/${one}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

/** With a spool of its own: what waits in the user's would be handed in before each command. */
function commandLine({ url, token }: Running, spool: string): { cli_ms: number; node_ms: number } {
  const env = { ...process.env, LONGWATCH_URL: url, LONGWATCH_TOKEN: token, LONGWATCH_SPOOL: spool };
  const time = (program: string, args: string[]) => {
    const began = performance.now();
    execFileSync(program, args, { env, stdio: ["ignore", "ignore", "inherit"] });
    return performance.now() - began;
  };
  const cli = () => time(join(root, "bin/longwatch"), ["queue", "read"]);
  const node = () => time(process.execPath, ["-e", "0"]);
  execFileSync(process.execPath, [join(root, "scripts/build.ts")], { stdio: ["ignore", "ignore", "inherit"] });
  // The first run after a build leaves a startup snapshot behind, which takes a moment.
  cli();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
  // A running server is one whose own code is compiled by what it has answered.
  for (let n = 0; n < WARMING; n++) cli();
  const pairs = Array.from({ length: 30 }, () => ({ cli: cli(), node: node() }));
  return { cli_ms: median(pairs.map((pair) => pair.cli)), node_ms: median(pairs.map((pair) => pair.node)) };
}
