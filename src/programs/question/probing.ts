import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { redact } from "../../guard/actions/redaction.ts";
import { commanded } from "../../runner/commanded.ts";
import type { Env } from "../../runner/environment.ts";
import { type Jail, jailOf } from "../../runner/jail.ts";

/** A probe looks something up. What needs more is work, and has a ticket. */
const LIMITS = { timeout_seconds: 30, memory_mb: 512, output_kb: 16 };
const EVIDENCE_CHARACTERS_MAX = 600;
/** What a command of another seat is told of this environment: where programs are, and nothing that opens anything. */
const PASSED = ["PATH", "LANG", "LC_ALL", "TZ", "HOME"];

export type Confined = { jail: Jail; isWhole: boolean; lacks: string[] };

/** The jail of probes, and what this machine cannot promise about it. */
export function confined(wanted: { hidden: readonly string[]; offline: boolean; shown: string }): Confined {
  const { offline } = wanted;
  const jail = jailOf({ ...wanted, memory_mb: LIMITS.memory_mb });
  const lacks = jail.protections.filter(({ held, what }) => !held && (offline || what !== "no network"));
  return { jail, isWhole: lacks.length === 0, lacks: lacks.map(({ what, how }) => `${what} (${how})`) };
}

export type Probed = { outcome: "done" | "open" | "error"; evidence: string };

/** Runs one probe in a directory that is thrown away; it finds the caller's as `$DIRECTORY`. */
export async function probed(
  line: string,
  { jail }: Confined,
  around: { env: Env; cwd: string; stop: AbortSignal },
): Promise<Probed> {
  const at = await mkdtemp(join(await realpath(tmpdir()), `longwatch-probe-${process.pid}-`));
  // The command runs as another user where the runner is root.
  if (jail.uid !== null) await chmod(at, 0o777);
  const said: string[] = [];
  try {
    const { ok, how, code } = await commanded({
      ...{ stage: "probe", line, cwd: at, topology: LIMITS, about: { DIRECTORY: around.cwd }, jail },
      env: Object.fromEntries(PASSED.map((name) => [name, around.env[name]])),
      signal: around.stop,
      say: (text) => void said.push(text),
    });
    const outcome = ok ? "done" : code === null ? "error" : "open";
    // The shell's own codes: no such command, or one that cannot be run.
    const isBroken = code === 126 || code === 127;
    const words = said
      .join("")
      .split("\n")
      .filter((one) => !one.startsWith("longwatch: probe: "));
    const evidence = `${how}: ${redact(words.join(" "))}`.slice(0, EVIDENCE_CHARACTERS_MAX).toWellFormed();
    return { outcome: isBroken ? "error" : outcome, evidence };
  } finally {
    await rm(at, { recursive: true, force: true });
  }
}
