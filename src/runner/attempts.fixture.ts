import { mkdtempSync, chownSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, run } from "./command.ts";
import { environmentFor } from "./environment.ts";
import { jailOf, type Protection } from "./jail.ts";

/**
 * A runner in a process of its own, as which `malicious.test.ts` tries things: as root, and as an ordinary user. Its
 * environment holds a token, as a runner's does.
 */
export type Attempt = { name: string; line: string; memory_mb?: number; timeout_seconds?: number; offline?: boolean };
export type Tried = Ended & { output: string; work: string };
export type Trial = { protections: Protection[]; uid: number | null; tried: Record<string, Tried> };
type Order = { hidden: string[]; attempts: Attempt[] };

if (import.meta.filename === process.argv[1]) {
  const { hidden, attempts } = JSON.parse(process.argv[2]!) as Order;
  const trial: Trial = { protections: [], uid: null, tried: {} };
  const rest = [...attempts];
  const never = new AbortController().signal;
  const worker = async () => {
    for (let one = rest.shift(); one; one = rest.shift()) {
      const { name, line, memory_mb = 512, timeout_seconds = 300, offline = false } = one;
      // A fork bomb is not to trouble who else is on this machine.
      const jail = jailOf({ hidden, memory_mb, offline, processes_max: 100 });
      const work = mkdtempSync(join(tmpdir(), "longwatch-attempt-"));
      chmodSync(work, 0o711);
      if (jail.uid !== null) chownSync(work, jail.uid, jail.uid);
      let output = "";
      const { env } = environmentFor(line, process.env, { RUNNER: String(process.pid) });
      const ended = await run({
        ...{ line, cwd: work, env, jail, secrets: [], leaves: false, signal: never },
        limits: { timeout_seconds, memory_mb, output_bytes: 100_000 },
        each: (text) => (output += text),
      });
      trial.protections = [...jail.protections];
      trial.uid = jail.uid;
      trial.tried[name] = { ...ended, output, work };
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  process.stdout.write(JSON.stringify(trial));
}
