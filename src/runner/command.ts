import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { quotedForShell } from "../shell_words.ts";
import { type Jail, PROCESSES_MAX } from "./jail.ts";
import { Output } from "./output.ts";
import { ProcessTree } from "./process_tree.ts";

export type Limits = { timeout_seconds: number; memory_mb: number; output_bytes: number };

export type Wanted = {
  line: string;
  cwd: string;
  env: Record<string, string>;
  limits: Limits;
  jail: Jail | null;
  /** Values that its output must not tell. */
  secrets: readonly string[];
  /** What it leaves running stays when it ends well: a deploy's server. */
  leaves: boolean;
  signal: AbortSignal;
  each(text: string): void;
  /** It runs. */
  onStart?: () => unknown;
};

export type Ended = {
  ok: boolean;
  /** In words, for people and for the record. */
  how: string;
  code: number | null;
  milliseconds: number;
  lost_bytes: number;
  /** Processes that could not be ended; zero, or somebody has to look. */
  left: number;
};

/** How often the memory of all its processes is added up. */
const LOOK_MS = 100;
/** A single process may be over the bound by so much before a look finds it: V8 reserves 600 MB and uses 40. */
const SLACK_MB = 1024;
/** What still stands in the pipes when the command has ended; who inherited them keeps them open. */
const DRAIN_MS = 250;
const MARKER = "LONGWATCH_RUN";

/** Runs one shell line with its limits and ends all of it: at a limit, at the signal, or when the runner dies. */
export async function run(wanted: Wanted): Promise<Ended> {
  const { line, cwd, env, limits, jail, leaves, signal } = wanted;
  const began = performance.now();
  const marker = `${MARKER}=${randomUUID()}`;
  const output = new Output(limits.output_bytes, wanted.secrets, wanted.each);
  const words = jail ? jail.words(bounded(line, limits, leaves), cwd) : ["sh", "-c", bounded(line, limits, leaves)];
  const child = spawn(words[0]!, words.slice(1), {
    cwd,
    env: { ...env, [MARKER]: marker.slice(MARKER.length + 1) },
    stdio: ["ignore", "pipe", "pipe"],
    // A session of its own: it is ended as a group, and the terminal's Ctrl-C reaches the runner alone.
    detached: true,
    ...(jail?.uid != null && words[0] === "sh" ? { uid: jail.uid, gid: jail.uid } : {}),
  });
  child.stdout.on("data", (chunk: Buffer) => output.take("out", chunk));
  child.stderr.on("data", (chunk: Buffer) => output.take("err", chunk));
  const exited = new Promise<{ code: number | null; signal: string | null } | { error: Error }>((done) => {
    child.once("error", (error) => done({ error }));
    child.once("exit", (code, by) => done({ code, signal: by }));
  });
  if (child.pid === undefined) {
    const failed = (await exited) as { error: Error };
    return { ok: false, how: failed.error.message, code: null, milliseconds: 0, lost_bytes: 0, left: 0 };
  }
  const tree = new ProcessTree(child.pid, marker);
  const lifeline = lifelineOf(child.pid);
  const watch = watched(tree, limits, signal);
  wanted.onStart?.();
  const end = await Promise.race([exited, watch.over.then(() => exited)]);
  watch.stop();
  const how = watch.why ?? howOf(end);
  const ok = how === "exit code 0";
  const left = ok && leaves ? 0 : await tree.kill();
  lifeline.stdin!.end("over\n");
  await drained(child);
  output.end();
  const code = "code" in end ? end.code : null;
  return { ok, how, code, milliseconds: Math.round(performance.now() - began), lost_bytes: output.lost_bytes, left };
}

/** No core files, and a bound for each process; a server that it leaves behind lives without that. */
function bounded(line: string, { memory_mb }: Limits, leaves: boolean): string {
  const data = leaves ? "" : `ulimit -d ${(memory_mb + SLACK_MB) * 1024}; `;
  return `ulimit -c 0; ${data}exec sh -c ${quotedForShell(line)}`;
}

/** A process that waits for the runner's word; when the runner dies without one, it ends the command's group. */
function lifelineOf(pid: number): ChildProcess {
  const line = 'read word || kill -s KILL -- "-$1"';
  const lifeline = spawn("sh", ["-c", line, "lifeline", String(pid)], {
    env: { PATH: process.env.PATH },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  lifeline.on("error", () => {});
  lifeline.stdin.on("error", () => {});
  lifeline.unref();
  return lifeline;
}

/** Holds the limits. `why` says which one was broken. */
function watched(tree: ProcessTree, limits: Limits, signal: AbortSignal) {
  const state = { why: null as string | null, over: Promise.resolve(), stop: () => {} };
  state.over = new Promise((done) => {
    const end = (why: string) => {
      if (state.why !== null) return;
      state.why = why;
      done(tree.kill().then(() => {}));
    };
    const timer = setTimeout(() => end(`ended after ${limits.timeout_seconds} s`), limits.timeout_seconds * 1000);
    const looks = setInterval(() => {
      const members = tree.look();
      const bytes = members.reduce((sum, { resident_bytes }) => sum + resident_bytes, 0);
      if (bytes > limits.memory_mb * 2 ** 20) end(`ended over ${limits.memory_mb} MB of memory`);
      else if (members.length > PROCESSES_MAX) end(`ended over ${PROCESSES_MAX} processes`);
    }, LOOK_MS);
    const stopped = () => end(`stopped: ${(signal.reason as Error)?.message ?? "by the runner"}`);
    if (signal.aborted) stopped();
    else signal.addEventListener("abort", stopped, { once: true });
    state.stop = () => {
      clearTimeout(timer);
      clearInterval(looks);
      signal.removeEventListener("abort", stopped);
    };
  });
  return state;
}

function howOf(end: { code: number | null; signal: string | null } | { error: Error }): string {
  if ("error" in end) return end.error.message;
  return end.code === null ? `killed by ${end.signal}` : `exit code ${end.code}`;
}

async function drained({ stdout, stderr }: ChildProcess): Promise<void> {
  const closed = [stdout!, stderr!].map((one) => one.closed || new Promise((done) => one.once("close", done)));
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([Promise.all(closed), new Promise((done) => (timer = setTimeout(done, DRAIN_MS)))]);
  clearTimeout(timer);
  stdout!.destroy();
  stderr!.destroy();
}
