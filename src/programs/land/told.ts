import { Refusal, refusalKinds } from "../../kernel/refusal.ts";
import type { Report } from "../../runner/report.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";
import type { Place } from "./land.ts";

/** What steers a terminal: it could rewrite what was said above, the title, or what is to be pasted. Colours stay. */
const STEERING = /\u001b(?!\[[\d;]*m)|\r(?!\n)|[\0-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f]/g;

/** A command's words, for a terminal: they are a stranger's. */
export const plain = (words: string) => words.replace(STEERING, "\ufffd");

/** Says what went wrong; the exit code that it has. */
export function refusedExit(error: unknown, json: boolean, { stdout, stderr }: Pick<Place, "stdout" | "stderr">) {
  if (!(error instanceof Refusal)) {
    stderr(`the runner failed: ${(error as Error).message}\n`);
    return 1;
  }
  if (json) stdout(`${JSON.stringify({ outcome: "refused", code: error.code, cause: error.message })}\n`);
  return sayRefusal(error, false, { write: stderr });
}

/** The first Ctrl-C ends it in order; the second ends the runner. */
export function stoppable(): { stop: AbortSignal; over(): void } {
  const stop = new AbortController();
  const stopped = () => stop.abort(new Error("the runner was stopped"));
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, stopped);
  return { stop: stop.signal, over: () => signals.forEach((signal) => void process.removeListener(signal, stopped)) };
}

/** Throws where it is no whole number from the least to the most. */
export function wholeNumber(flag: string, given: string | undefined, normal: number, least: number, most: number) {
  const number = Number(given ?? normal);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`${flag} is a whole number from ${least} to ${most}.`);
}

/** The exit code that an outcome has. */
export function exitOf({ outcome }: Report): number {
  if (outcome === "refused") return refusalKinds.denied.exit;
  if (outcome === "lost") return refusalKinds.conflict.exit;
  return outcome === "rolled_back" || outcome === "failed" ? 1 : 0;
}

const SHOWN_MAX = 20;

/** The report for people. */
export function told(report: Report): string {
  const { environment, deploy, sha, closure, verify, cause, protections } = report;
  const lines = [headOf(report)];
  if (cause !== null) lines.push(`why: ${cause}`);
  if (closure !== null && closure.missing.length > 0) {
    for (const { kind, name, needed_by, commit } of closure.missing.slice(0, SHOWN_MAX)) {
      const where = commit === null ? "no commit of the source has it" : `in ${commit.slice(0, 12)}`;
      lines.push(`missing: ${kind} ${name}${needed_by === null ? "" : `, needed by ${needed_by}`} (${where})`);
    }
    if (closure.missing.length > SHOWN_MAX) lines.push(`missing: ${closure.missing.length - SHOWN_MAX} more`);
    if (closure.forced_by !== null) lines.push(`forced by the operator's consent ${closure.forced_by}`);
    else if (closure.command !== null) lines.push(`next: ${closure.command}`);
  }
  for (const { path, why } of closure?.not_checked.slice(0, SHOWN_MAX) ?? []) lines.push(`not checked: ${path} ${why}`);
  if (verify !== null) lines.push(`verify: ${verify.how} after ${verify.milliseconds} ms`);
  for (const { what, held, how } of protections) if (!held) lines.push(`not held: ${what} (${how})`);
  if (report.down_from !== null) {
    const { downtime_milliseconds: down } = report;
    lines.push(`down: from ${report.down_from}, ${down === null ? "and still" : `for ${down} ms`}`);
  }
  if (report.failure !== null) lines.push(`record: longwatch failure list --environment ${environment} --all`);
  if (report.outcome === "lost") lines.push(`next: longwatch land recover ${environment}`);
  if (deploy !== null && sha !== null) lines.push(`log: longwatch deploy log --id ${deploy}`);
  return `${lines.join("\n")}\n`;
}

function headOf({ outcome, environment, sha, served_release, closure }: Report): string {
  const short = sha?.slice(0, 12) ?? "nothing";
  const heads: Record<Report["outcome"], string> = {
    landed: `landed: ${environment} serves ${short}`,
    rolled_back: `rolled back: ${environment} serves ${served_release?.slice(0, 12)} again, not ${short}`,
    failed: `failed: ${environment} does not serve ${short}, and its last good release could not be restored`,
    refused: `refused: ${short} does not go to ${environment}; nothing was touched`,
    lost: `lost: somebody else goes on with ${environment}; nothing more was changed by this runner`,
    served_already: `landed before: ${environment} serves ${short}`,
    passed: `passed: ${short} could go to ${environment} (${closure?.checked ?? 0} changed paths looked at)`,
    planned: `planned: ${short} would go to ${environment}; nothing was done`,
  };
  return heads[outcome];
}
