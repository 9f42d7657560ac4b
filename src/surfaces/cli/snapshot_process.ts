import { writeSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { startupSnapshot } from "node:v8";
import { keepSnapshot } from "./keep.ts";

/** What a program that bin/longwatch starts out of a startup snapshot needs besides its work. */

/** Instead of a name: make the snapshot. */
const KEEP = ":keep";
/** Instead of a name: only start, to see whether a snapshot does. */
const CHECK = ":check";

/** How bin/longwatch starts one: `node <bundle> <called as> <words>`. */
export type Start = { bundle: string; calledAs: string; words: string[] };

/**
 * Runs the program: when the snapshot is started, or at once where there is none. The rehearsal is run while the
 * snapshot is made, so that what a usual start needs is in it compiled; nothing may stay of it but that.
 */
export function fromSnapshot(
  main: (start: Start) => void | Promise<void>,
  fail: (error: unknown) => void,
  rehearse: () => Promise<unknown>,
): void {
  const start = async () => {
    forgetAsked(process.env);
    const [, bundle = "", calledAs = "", ...words] = process.argv;
    if (calledAs === CHECK) return;
    if (calledAs === KEEP) return keepSnapshot(bundle, words);
    await main({ bundle, calledAs, words });
  };
  const begin = () => void start().catch(fail);
  if (!startupSnapshot.isBuildingSnapshot()) return begin();
  startupSnapshot.setDeserializeMainFunction(begin);
  dropCompiled();
  // What it cannot do is compiled when it is needed, as everything else.
  void rehearse().catch(() => {});
  process.once("beforeExit", forgetTimers);
}

/**
 * Node asks the system to be woken for its next timer only. One that a rehearsal set and stopped would be the next in
 * the snapshot for ever: nothing would wake a start that waits longer, and a guard would wait for a silent server until
 * its CLI loses patience and lets the call pass. When nothing else is left, one that really ends makes Node forget it.
 */
function forgetTimers(): void {
  setTimeout(() => {}, 1);
}

/**
 * V8 drops the compiled form of a function that was not run for six collections. What Node needed to start up is as
 * long as a program, is not needed again, and would be read at each start. Memory that is not V8's own makes it
 * collect; nothing else can be asked for here, and none of this is ever touched.
 */
function dropCompiled(): void {
  for (let n = 0; n < 12; n++) new ArrayBuffer(96 * 1024 * 1024);
}

/**
 * For a rehearsal: runs `work` beside a server on this machine that answers whatever it is asked. What Node has for
 * sockets is a hundred functions, and to compile them at each start took 3 ms.
 */
export async function besideServer(
  answer: (asked: string) => unknown,
  work: (url: string) => Promise<unknown>,
): Promise<void> {
  const server = createServer((socket) => {
    // No socket.setTimeout: Node keeps the lists of such timers, and would wait for them (forgetTimers).
    const late = setTimeout(() => socket.destroy(), REHEARSAL_MS_MAX);
    socket.on("close", () => clearTimeout(late));
    socket.on("data", (asked) => {
      const body = JSON.stringify(answer(asked.toString()));
      socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((listening, fail) => server.once("error", fail).listen(0, "127.0.0.1", listening));
  const closed = new Promise((done) => server.once("close", done));
  await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).finally(() => server.close());
  await closed;
}

const REHEARSAL_MS_MAX = 2_000;

/** Nothing waits for the end of such a process, and `process.exit` takes 0.6 ms to ask whether anything does. */
export function endNow(code: number): never {
  (process as unknown as { reallyExit(code: number): never }).reallyExit(code);
  throw new Error("the process goes on after its end");
}

/** process.stdout takes a millisecond to set up; a command writes once or twice, and may block while it does. */
export function writeWhole(descriptor: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The reader had enough, as in `longwatch ticket list | head`.
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      // A pipe that another process made non-blocking, and that is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** What bin/longwatch asks of malloc for the start of a snapshot, and of nothing that runs for longer. */
const FOR_THE_START = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=67108864:glibc.malloc.top_pad=16777216";

/** What it starts itself, git or the whole program, is not to have it. */
function forgetAsked(env: NodeJS.ProcessEnv): void {
  if (env.GLIBC_TUNABLES === FOR_THE_START) delete env.GLIBC_TUNABLES;
}

/** The same process goes on as the whole program, so that signals, the terminal and the exit code are its own. */
export function become(program: string, words: string[]): void {
  const argv = [process.execPath, "--disable-warning=ExperimentalWarning", program, ...words];
  const env = { ...process.env } as Record<string, string>;
  process.execve?.(process.execPath, argv, env);
}
