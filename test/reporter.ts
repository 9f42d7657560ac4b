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
    // A file as a whole counts only when it broke outside of its tests; a suite is the sum of its tests.
    const isFile = file !== undefined && (name === file || file.endsWith(name));
    if (details.type === "suite" || (isFile && type === "test:pass")) continue;
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

function explain(error: Error | undefined): string {
  const cause = (error?.cause ?? error) as Error | undefined;
  return (cause?.stack ?? String(cause)).replace(/^/gm, "    ");
}
