import type { TestEvent } from "node:test/reporters";
import { relative } from "node:path";

/** One line for each test, the failures again at the end, and last the count that CI reads. */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: string[] = [];
  let passed = 0;
  let skipped = 0;
  for await (const { type, data } of source) {
    if (type === "test:stderr" || type === "test:stdout") yield data.message;
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
  if (failures.length > 0) yield `\n${failures.join("\n")}\n`;
  yield `\n${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`;
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
