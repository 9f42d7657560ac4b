import { harmless } from "../../surfaces/cli/show.ts";
import type { Outcome, Played } from "./play.ts";

/** What was played, for people: each step with today's outcome beside the historical one. */
export function told(played: readonly Played[]): string {
  return harmless([...played.map(incidentTold), sumOf(played)].join("\n"));
}

function incidentTold({ case: name, title, outcomes, differs, as_recorded, sound, record }: Played): string {
  const marks = [differs ? "DIFFERS from history" : "as in history"];
  if (!as_recorded) marks.push("NOT as recorded");
  if (!sound) marks.push("NOT SOUND: tables and ledger disagree");
  const lines = [`${name}  ${title}`, `  ${marks.join("; ")}`, ...outcomes.flatMap(stepTold)];
  return [...lines, ...(record === "" ? [] : [`  record: ${record}`]), ""].join("\n");
}

function stepTold({ at, seat, what, policy, then, differs, as_recorded, doubts, hint }: Outcome): string[] {
  const mark = !as_recorded ? "!" : differs ? "≠" : then === null ? "·" : "=";
  const head = `  ${mark} ${at === null ? "" : `${at}  `}${seat}: ${what}`;
  const lines = [head, `      policy: ${policy}${hint === null ? "" : `  (${hint})`}`];
  if (then !== null) lines.push(`      then:   ${then}`);
  return doubts.length === 0 ? lines : [...lines, `      time:   ${doubts.join("; ")}`];
}

/** How many differ, how many of those that were about a number, and how many are not as recorded. */
export function counted(played: readonly Played[]): Record<string, number> {
  const numbers = played.filter(({ kind }) => kind === "number");
  return {
    incidents: played.length,
    differ: played.filter(({ differs }) => differs).length,
    number_collisions: numbers.length,
    number_collisions_that_differ: numbers.filter(({ differs }) => differs).length,
    not_as_recorded: played.filter(({ as_recorded }) => !as_recorded).length,
    not_sound: played.filter(({ sound }) => !sound).length,
  };
}

function sumOf(played: readonly Played[]): string {
  const { incidents, differ, number_collisions, number_collisions_that_differ, not_as_recorded } = counted(played);
  const numbers = `of ${number_collisions} collisions of numbers, ${number_collisions_that_differ}`;
  const recorded = not_as_recorded === 0 ? "all as recorded" : `${not_as_recorded} NOT as recorded`;
  return `${incidents} incidents; ${differ} end otherwise than in history (${numbers}); ${recorded}.\n`;
}
