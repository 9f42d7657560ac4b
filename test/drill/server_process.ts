import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { Client } from "../../src/client/client.ts";
import { ownPort } from "../ports.ts";

/** A real `longwatch serve` in a process of its own, to be killed and started again. */

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export type ServeOptions = { data: string; port?: number; database_url?: string | undefined; args?: string[] };
export type Ended = { code: number | null; signal: NodeJS.Signals | null; stderr: string; stdout: string };

/** Spawns the server as a user would; the environment of the test does not reach it. */
export function spawnServer({ data, port = 0, database_url, args = ["--json"] }: ServeOptions) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(LONGWATCH|PG|DATABASE_URL|NODE_TEST)/.test(name),
  );
  const settings = {
    LONGWATCH_DATA: data,
    LONGWATCH_PORT: String(port),
    ...(database_url ? { DATABASE_URL: database_url } : {}),
  };
  const child = spawn(process.execPath, [program, "serve", ...args], {
    env: { ...Object.fromEntries(inherited), ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (text) => (said.stdout += text));
  child.stderr.on("data", (text) => (said.stderr += text));
  const ended = new Promise<Ended>((resolve) =>
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal, ...said });
    }),
  );
  return { child, said, ended };
}

export type Served = { url: string; operator_token: string; pid: number };

/** One server: its data directory and its port stay the same through every restart. */
export class ServerProcess {
  readonly #options: ServeOptions;
  #process: ReturnType<typeof spawnServer>;
  #served: Served;

  private constructor(options: ServeOptions, started: ReturnType<typeof spawnServer>, served: Served) {
    this.#options = options;
    this.#process = started;
    this.#served = served;
  }

  /** Starts one, on a free port unless one is given, and answers when it serves. */
  static async start(options: ServeOptions): Promise<ServerProcess> {
    const again = { port: await ownPort(), ...options };
    const started = spawnServer(again);
    return new ServerProcess(again, started, await firstWords(started));
  }

  get url(): string {
    return this.#served.url;
  }

  get pid(): number {
    return this.#served.pid;
  }

  get data(): string {
    return this.#options.data;
  }

  get token(): string {
    return this.#served.operator_token;
  }

  get stderr(): string {
    return this.#process.said.stderr;
  }

  get ended(): Promise<Ended> {
    return this.#process.ended;
  }

  client(options: { retryFor_seconds?: number; token?: string } = {}): Client {
    return new Client({ url: this.url, token: this.token, ...options });
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** SIGKILL: no farewell, no flush, the PostgreSQL left behind. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  async terminate(): Promise<Ended> {
    this.signal("SIGTERM");
    return this.ended;
  }

  /** Starts it again where it answered before. */
  async startAgain(): Promise<void> {
    this.#process = spawnServer(this.#options);
    this.#served = await firstWords(this.#process);
  }

  async untilServing(seconds_max = 300): Promise<void> {
    for (const since = Date.now(); ; await sleep(50)) {
      const answer = await fetch(`${this.url}/health`).catch(() => null);
      const state = ((await answer?.json().catch(() => null)) as { state?: string } | null)?.state;
      if (state === "serving") return;
      if (Date.now() - since > seconds_max * 1000)
        throw new Error(`${this.url} is ${state ?? "silent"}\n${this.stderr}`);
    }
  }

  /** A superuser's connection to its PostgreSQL, behind every wall. */
  async superuser(): Promise<pg.Client> {
    const host = postmasterLines(this.data)[4]!;
    const password = readFileSync(join(this.data, "postgres.password"), "utf8").trim();
    const client = new pg.Client({ host, port: 5432, user: "postgres", password, database: "postgres" });
    client.on("error", () => {});
    await client.connect();
    return client;
  }
}

function postmasterLines(data: string): string[] {
  return readFileSync(join(data, "postgres", "postmaster.pid"), "utf8").split("\n");
}

/** The pid of the PostgreSQL on a data directory; null when there is none. */
export function postmasterPid(data: string): number | null {
  try {
    const pid = Number(postmasterLines(data)[0]);
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}

async function firstWords({ said, child, ended }: ReturnType<typeof spawnServer>): Promise<Served> {
  const spoken = new Promise<Served>((resolve) =>
    child.stdout!.on("data", () => {
      if (said.stdout.includes("\n")) resolve(JSON.parse(said.stdout));
    }),
  );
  const gone = ended.then(({ code, signal, stderr }) => {
    throw new Error(`The server ended with ${code ?? signal} before it served:\n${stderr}`);
  });
  return Promise.race([spoken, gone]);
}

/** Everything that a drill has spawned and that has not ended. */
export const running = new Set<ChildProcess>();
const directories = new Set<string>();

/** A new data directory. When the test ends, however it ends, its server and its PostgreSQL end with it. */
export function dataDirectory(): string {
  const data = mkdtempSync(join(tmpdir(), "longwatch-drill-"));
  directories.add(data);
  return data;
}

/** Also what a failed test left running, which would keep the file from its end. */
function endAll(): void {
  for (const child of running) child.kill("SIGKILL");
  for (const data of directories) {
    const pid = postmasterPid(data);
    if (pid !== null) process.kill(pid, "SIGQUIT");
  }
}

function removeAll(): void {
  for (const data of directories) rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  directories.clear();
}

after(async () => {
  endAll();
  // PostgreSQL still writes while it goes; a directory that it writes to cannot be removed.
  for (const since = Date.now(); Date.now() - since < 10_000; await sleep(20))
    if (running.size === 0 && [...directories].every((data) => postmasterPid(data) === null)) break;
  removeAll();
});
process.on("exit", () => {
  endAll();
  removeAll();
});
