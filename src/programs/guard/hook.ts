import { readSync } from "node:fs";
import { type Answer, denied, isCliName } from "../../guard/clis/index.ts";
import { guard } from "../../guard/guard.ts";
import type { Env } from "../../guard/settings.ts";

/** What a tool call may be written in; an editor's call carries the whole file. */
const BYTES_MAX = 64 << 20;
const CHUNK_BYTES = 64 * 1024;
const PAUSE_MS = 2;
/** For a CLI that started us and says nothing; its own patience ends later. */
const PATIENCE_MS = 10_000;

/** The words of a hook's command line: `<cli> [--settings FILE]`. */
function hookWords(argv: readonly string[]): { cli: string; settings?: string } | undefined {
  const [cli, flag, settings, ...more] = argv;
  if (cli === undefined || more.length > 0) return undefined;
  if (flag === undefined) return { cli };
  return flag === "--settings" && settings !== undefined ? { cli, settings } : undefined;
}

/** Answers the hook that started us. A command line that is not understood refuses, as does all that is not. */
export async function answerHook(argv: readonly string[], env: Env): Promise<Answer> {
  const words = hookWords(argv);
  if (!words || !isCliName(words.cli))
    return denied(
      "Longwatch refused this call: its hook is written wrongly. Use: longwatch guard <cli> [--settings FILE]",
    );
  return guard(words.cli, heardOn(0), { env, settings: words.settings });
}

/**
 * Everything that the CLI says, until it ends or what came so far is whole: a CLI that forgets to close the pipe shall
 * not hold up its own call.
 */
export function heardOn(descriptor: number): Buffer {
  const parts: Buffer[] = [];
  for (let bytes = 0; bytes <= BYTES_MAX;) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const size = readNow(descriptor, chunk);
    if (size === 0) break;
    bytes += size;
    parts.push(chunk.subarray(0, size));
    if (isEnd(chunk, size) && isWhole(parts)) break;
  }
  return Buffer.concat(parts);
}

function readNow(descriptor: number, chunk: Buffer): number {
  for (let waited_ms = 0; ; waited_ms += PAUSE_MS)
    try {
      return readSync(descriptor, chunk);
    } catch (error) {
      // Some CLIs hand us a pipe that does not wait.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || waited_ms > PATIENCE_MS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
}

/** Whether a JSON object may end here. No regular expression: compiling one takes longer than this whole reading. */
function isEnd(chunk: Buffer, size: number): boolean {
  let at = size - 1;
  while (at > 0 && chunk[at]! <= 0x20) at--;
  return chunk[at] === 0x7d;
}

function isWhole(parts: readonly Buffer[]): boolean {
  try {
    JSON.parse(Buffer.concat(parts).toString());
    return true;
  } catch {
    return false;
  }
}
