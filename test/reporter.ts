import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";

/** How many of the slowest files `--slow` tells. */
const SLOW_FILES_MAX = 40;

/** One line for each test, the failures again at the end, and last the count that CI reads. */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: string[] = [];
  const took_ms = new Map<string, number>();
  /** What went wrong behind a test's back: it fails the file, whose end says nothing of it. */
  const late: string[] = [];
  let passed = 0;
  let skipped = 0;
  for await (const { type, data } of source) {
    if (type === "test:stderr" || type === "test:stdout") yield data.message;
    if (type === "test:diagnostic" && data.message.startsWith("Error: ")) late.push(`    ${data.message}`);
    if (type === "test:summary" && data.file) took_ms.set(relative(process.cwd(), data.file), data.duration_ms);
    if (type !== "test:pass" && type !== "test:fail") continue;
    const { name, file, skip, details } = data;
    // A file or a suite is the sum of its tests, and counts by itself only when it broke outside of them.
    const isFile = file !== undefined && (name === file || file.endsWith(name));
    if ((details.type === "suite" || isFile) && (type === "test:pass" || isSum(details))) continue;
    const where = file ? relative(process.cwd(), file) : "";
    if (type === "test:fail") {
      failures.push(`✖ ${where}: ${name}\n${explain((details as { error?: Error }).error)}`);
      yield `✖ ${where}: ${name}\n`;
    } else if (skip) {
      skipped++;
      yield `- ${where}: ${name} (skipped${typeof skip === "string" ? `: ${skip}` : ""})\n`;
    } else {
      passed++;
      yield `✔ ${where}: ${name} (${Math.round(details.duration_ms)} ms)\n`;
    }
  }
  if (process.env.LONGWATCH_TEST_SLOW) yield slowest(took_ms);
  if (failures.length > 0) yield `\n${[...failures, ...late].join("\n")}\n`;
  yield `\n${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`;
}

/** Where the time went, from the start of a file's process to its end. */
function slowest(took_ms: Map<string, number>): string {
  const sorted = [...took_ms].sort(([, a], [, b]) => b - a);
  const all = sorted.reduce((sum, [, one]) => sum + one, 0);
  const line = (name: string, one: number) => `${(one / 1000).toFixed(1).padStart(8)} s  ${name}\n`;
  const lines = sorted.slice(0, SLOW_FILES_MAX).map(([file, one]) => line(file, one));
  return `\nThe slowest files:\n${lines.join("")}${line(`all ${sorted.length} files`, all)}`;
}

function isSum(details: object): boolean {
  return (details as { error?: { failureType?: string } }).error?.failureType === "subtestsFailed";
}

/** Of a file that ended badly although its tests passed nothing is known but how it ended. */
function explain(error: (Error & { exitCode?: number; signal?: string }) | undefined): string {
  const cause = (error?.cause ?? error) as Error | undefined;
  const { exitCode, signal } = error ?? {};
  const ended = exitCode === undefined ? "" : ` (exit code ${exitCode}, signal ${signal ?? "none"})`;
  return `${cause?.stack ?? String(cause)}${ended}`.replace(/^/gm, "    ");
}
