import { fileURLToPath } from "node:url";
import { classify } from "../../src/guard/actions/classify.ts";
import type { Found } from "../../src/guard/vocabulary.ts";
import { bypasses, type Case, harmless } from "./cases.ts";
import { openPlace } from "./place.ts";

/**
 * `npm run corpus`: how many of the bypasses are caught, and how many harmless look-alikes are stopped. A bypass is
 * caught when its action is found in it, or something that could not be read whole and is therefore asked about.
 */
export type Score = { groups: Map<string, { cases: number; wrong: number }>; cases: number; wrong: Wrong[] };
type Wrong = { group: string; line: string; said: string };

const isCaught = (one: Case, founds: readonly Found[]) =>
  founds.some(({ action, certain }) => action === one.expected || !certain);

export function score(): { caught: Score; stopped: Score } {
  const place = openPlace();
  try {
    const judged = (cases: readonly Case[], isRight: (one: Case, founds: readonly Found[]) => boolean): Score => {
      const result: Score = { groups: new Map(), cases: cases.length, wrong: [] };
      for (const one of cases) {
        const founds = classify(one.call, place.around(one.call.cwd));
        const group = result.groups.get(one.group) ?? { cases: 0, wrong: 0 };
        group.cases++;
        if (!isRight(one, founds)) {
          group.wrong++;
          const said = founds
            .map(({ action, because, certain }) => `${action}${certain ? "" : "?"} (${because})`)
            .join(", ");
          result.wrong.push({ group: one.group, line: one.line, said: said || "nothing" });
        }
        result.groups.set(one.group, group);
      }
      return result;
    };
    return { caught: judged(bypasses(), isCaught), stopped: judged(harmless(), (_, founds) => founds.length === 0) };
  } finally {
    place.close();
  }
}

/** The two figures on a line, as README has them. */
export function summary({ caught, stopped }: ReturnType<typeof score>): string {
  const percent = ((100 * stopped.wrong.length) / stopped.cases).toFixed(1);
  const right = caught.cases - caught.wrong.length;
  const looks = `look-alikes stopped ${stopped.wrong.length}/${stopped.cases} (${percent} %)`;
  return `bypasses caught ${right}/${caught.cases}, ${looks}`;
}

function report(): void {
  const result = score();
  for (const [title, { groups, wrong }, word] of [
    ["Bypasses", result.caught, "missed"],
    ["Look-alikes", result.stopped, "stopped"],
  ] as const) {
    console.log(title);
    for (const [group, { cases, wrong: count }] of groups)
      console.log(`  ${String(cases).padStart(4)}  ${group}${count > 0 ? `: ${count} ${word}` : ""}`);
    for (const { line, said } of wrong) console.log(`    ${word}: ${line.replaceAll("\n", "⏎")}\n        ${said}`);
  }
  console.log(summary(result));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) report();
