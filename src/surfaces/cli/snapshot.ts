import { writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { isatty } from "node:tty";
import { startupSnapshot } from "node:v8";
import { exchangeOverSocket } from "../../client/wire.ts";
import type { Catalogue } from "../../kernel/catalogue.ts";
import { keepSnapshot } from "./keep.ts";
import { isOperation, run, type Terminal } from "./run.ts";

/**
 * The generated commands as one file, dist/cli.cjs. bin/longwatch runs it out of a startup snapshot or, until there is
 * one, as it is: `node cli.cjs <called as> <words>`. For everything else it becomes dist/longwatch.js.
 */

/** Put there by scripts/build.ts. */
declare const LONGWATCH_CATALOGUE: Catalogue;
/** The programs of two words, which are not here even where an operation has that name. */
declare const LONGWATCH_PROGRAMS: readonly string[];

/** Instead of a name: make the snapshot. */
const KEEP = ":keep";
/** Instead of a name: only start, to see whether a snapshot does. */
const CHECK = ":check";

async function main(): Promise<void> {
  const [, bundle = "", calledAs = "", ...words] = process.argv;
  if (calledAs === CHECK) return;
  if (calledAs === KEEP) return keepSnapshot(bundle, words);
  if (!isOperation(words, LONGWATCH_CATALOGUE, calledAs, LONGWATCH_PROGRAMS))
    return become(join(dirname(bundle), "longwatch.js"), words);
  const code = await run(words, {
    catalogue: LONGWATCH_CATALOGUE,
    env: process.env,
    stdout: terminal(1),
    stderr: terminal(2),
    stdin: () => process.stdin,
    calledAs,
    // Only plain http is worth the shortcut; TLS needs Node's own client.
    exchange: (sent) => (sent.url.protocol === "http:" ? exchangeOverSocket(sent) : undefined),
  });
  // Without this the process waits for Node to take its heap down.
  process.exit(code);
}

/** process.stdout takes a millisecond to set up; a command writes once or twice, and may block while it does. */
function terminal(descriptor: 1 | 2): Terminal {
  return {
    write: (text) => writeWhole(descriptor, Buffer.from(text)),
    get isTTY() {
      return isatty(descriptor);
    },
    get columns() {
      return isatty(descriptor) ? (descriptor === 1 ? process.stdout : process.stderr).columns : undefined;
    },
  };
}

function writeWhole(descriptor: number, bytes: Buffer): void {
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

/** The same process goes on as the whole program, so that signals, the terminal and the exit code are its own. */
function become(program: string, words: string[]): void {
  const argv = [process.execPath, "--disable-warning=ExperimentalWarning", program, ...words];
  process.execve?.(process.execPath, argv, process.env as Record<string, string>);
}

function fail(error: unknown): void {
  writeWhole(2, Buffer.from(`longwatch failed, which is a bug of ours: ${(error as Error)?.stack ?? error}\n`));
  process.exit(1);
}

const start = () => void main().catch(fail);
if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.setDeserializeMainFunction(start);
else start();
