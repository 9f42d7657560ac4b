import progress from "cli-progress";
import type { Client } from "../../client/client.ts";
import { summaryOf, told } from "./summary.ts";
import type { Source } from "./survey.ts";
import { Tally } from "./tally.ts";

export type Terminal = { stdout(text: string): void; stderr(text: string): void; interactive: boolean };

export type Asked = { tracker: string; from: string; sources: Source[]; json: boolean; format?: string | undefined };

/** Tells the summary, and answers the exit code. */
export function summed(
  tally: Tally,
  { from, json }: Asked,
  { url }: Client,
  { began, stdout }: { began: number; stdout: Terminal["stdout"] },
): number {
  const seconds = Math.round(performance.now() - began) / 1000;
  const summary = summaryOf(tally, { from, server: url.origin, seconds });
  stdout(json ? `${JSON.stringify(summary)}\n` : told(summary));
  return summary.complete ? 0 : 1;
}

export function tallyBeside(bar: progress.SingleBar | null, stderr: Terminal["stderr"]): Tally {
  return new Tally((line) => {
    // The bar has the terminal's last line; what is told stands above it.
    if (bar?.isActive) stderr("\r\x1b[K");
    stderr(`${line}\n`);
  });
}

export function newBar(): progress.SingleBar {
  const format = "{stage}  {bar}  {percentage}%  {value} of {total}  {eta_formatted} left";
  return new progress.SingleBar({ format, etaBuffer: 2_000 }, progress.Presets.shades_classic);
}
