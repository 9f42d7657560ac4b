import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { diff } from "node:util";

const directory = new URL("../../golden/", import.meta.url);
const LINES_AROUND = 2;
const LINES_SHOWN_MAX = 80;

/** Holds a text against `golden/<name>`. With GOLDEN=write the text becomes the golden. */
export async function holdsGolden(name: string, text: string): Promise<void> {
  const file = new URL(name, directory);
  const wanted = `${text.trimEnd()}\n`;
  const written = await readFile(file, "utf8").catch(() => "");
  if (written === wanted) return;
  if (process.env.GOLDEN === "write") return await writeFile(file, wanted);
  assert.fail(
    `golden/${name} is not what the program says any more (- golden, + now):\n${difference(written, wanted)}\n` +
      "If the change is meant, `npm run golden` accepts it; commit the golden with the change.",
  );
}

/** The changed lines with a little around them. */
export function difference(before: string, now: string): string {
  // diff() tells how to come from the second to the first: what only the second has is 1.
  const steps = diff(before.split("\n"), now.split("\n"));
  const near = (index: number) =>
    steps.slice(Math.max(0, index - LINES_AROUND), index + LINES_AROUND + 1).some(([change]) => change !== 0);
  const lines: string[] = [];
  for (const [index, [change, line]] of steps.entries()) {
    if (near(index)) lines.push(`${change === 0 ? " " : change === 1 ? "-" : "+"} ${line}`);
    else if (lines.at(-1) !== "  …") lines.push("  …");
  }
  const rest = lines.length - LINES_SHOWN_MAX;
  return rest > 0 ? `${lines.slice(0, LINES_SHOWN_MAX).join("\n")}\n  … and ${rest} lines more` : lines.join("\n");
}
