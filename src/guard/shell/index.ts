import { Budget, Exhausted, limits } from "./budget.ts";
import { Reader } from "./reader.ts";
import type { Reading, Surroundings } from "./reading.ts";
import { freshState } from "./state.ts";

export type { Invocation, Reading, Surroundings, Unknown, Word } from "./reading.ts";
export { matchesPattern } from "./patterns.ts";
export { onlyChecks } from "./languages.ts";
export { variablesIn } from "./environment_files.ts";
export { shown } from "./values.ts";
export { onlyStarts } from "./wrappers.ts";

/**
 * Reads what a bash command would run, without running anything. It never throws, ends after counted work, and says
 * in `unknowns` where it could not follow. Whatever may run is told: every branch, both sides of `&&` and `||`.
 */
export function readShell(command: string, around: Surroundings): Reading {
  const reader = new Reader(around, new Budget(), command);
  const frame = { source: command, via: [], isElsewhere: false, nesting: -1, calls: [], statement: "" };
  if (command.length > limits.characters) reader.unknown("this is too long to read", command);
  else
    try {
      reader.ended(reader.run(command, frame, freshState(around.cwd)), frame);
    } catch (error) {
      // Told where it was thrown.
      if (!(error instanceof Exhausted || error instanceof RangeError)) throw error;
    }
  return reader.reading;
}
