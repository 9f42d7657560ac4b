import type { Catalogue, Operation } from "../../kernel/catalogue.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { globalFlags } from "./command.ts";
import { faces } from "./faces.ts";

export type Programs = Record<string, { summary: string }>;

/** A verb of a noun: an operation, or a program of two words. */
export type Verb = { verb: string; summary: string; operation?: Operation };

/** The whole of what can be said, by noun. */
export function overview(catalogue: Catalogue, programs: Programs, columns = 100): string {
  const width = Math.max(40, columns);
  const parts = [
    "Usage: longwatch <noun> <verb> [flags]",
    "       longwatch <program> [arguments]",
    "",
    "longwatch <noun> <verb> --help tells the flags; longwatch <noun> --help the verbs.",
    "",
  ];
  for (const [noun, verbs] of byNoun(catalogue, programs)) parts.push(...listed(noun, rowsOf(verbs), width));
  const local = ofOneWord(programs).map((name): [string, string] => [name, programs[name]!.summary]);
  local.push(["completion", "Print the completion script of a shell: bash, zsh or fish."]);
  parts.push(...listed("Programs", local, width));
  parts.push(
    ...listed(
      "Familiar names",
      Object.entries(faces).map(([name, { summary }]) => [name, summary]),
      width,
    ),
  );
  parts.push(...listed("Global flags", [...globalFlags.map(([flag, told]): [string, string] => [flag, told])], width));
  parts.push("Exit codes: 0 done, 2 invalid, 3 no valid token, 4 denied, 5 missing, 6 the state forbids it,");
  parts.push("            7 a limit is reached, 8 no answer (try again), 1 our bug.");
  return `${parts.join("\n")}\n`;
}

/** The verbs of a noun; what only programs say stands by itself. */
export function nounHelp(noun: string, verbs: readonly Verb[], columns = 100): string {
  const width = Math.max(60, columns);
  const [said, others] = [false, true].map((by) =>
    verbs.filter((verb) => (verb.operation?.said_by !== undefined) === by),
  );
  const parts = [`Usage: longwatch ${noun} <verb> [flags]`, ""];
  if (said!.length > 0) parts.push(...told("Verbs", rowsOf(said!), width));
  if (others!.length > 0) parts.push(...told("What programs and the server itself say", rowsOf(others!), width));
  parts.push(`longwatch ${noun} <verb> --help tells the flags.`);
  return `${parts.join("\n")}\n`;
}

/** Each word with its sentence, which goes on below itself where it is too long. */
function told(title: string, rows: [string, string][], width: number): string[] {
  const first = Math.max(12, ...rows.map(([word]) => word.length));
  const room = width - first - 4;
  const lines = rows.flatMap(([word, text]) => {
    const folded = text.match(new RegExp(`\\S{${room},}|.{1,${room}}(?=\\s|$)`, "g")) ?? [];
    return folded.map((line, at) => `  ${(at === 0 ? word : "").padEnd(first)}  ${line.trim()}`);
  });
  return [title, ...lines, ""];
}

/** The verbs of each noun. A program takes the place of an operation of its name, else it stands at the end. */
export function byNoun({ operations }: Catalogue, programs: Programs): Map<string, Verb[]> {
  const verbs = new Map<string, Verb>();
  for (const operation of operations) {
    const [noun = "", name = ""] = operation.name.split(".");
    // As flags are written: `rotate-key`. What is typed with an underscore is as good.
    const verb = name.replaceAll("_", "-");
    verbs.set(`${noun} ${verb}`, { verb, summary: operation.summary, operation });
  }
  for (const [name, { summary }] of Object.entries(programs)) {
    const [, verb] = name.split(" ");
    if (verb !== undefined) verbs.set(name, { verb, summary });
  }
  const nouns = new Map<string, Verb[]>();
  for (const [name, verb] of verbs) {
    const [noun = ""] = name.split(" ");
    nouns.set(noun, [...(nouns.get(noun) ?? []), verb]);
  }
  return nouns;
}

export function ofOneWord(programs: Programs): string[] {
  return Object.keys(programs).filter((name) => !name.includes(" "));
}

function rowsOf(verbs: readonly Verb[]): [string, string][] {
  return verbs.map(({ verb, summary }) => [verb, summary]);
}

function listed(title: string, rows: [string, string][], width: number): string[] {
  const first = Math.max(12, ...rows.map(([word]) => word.length));
  const lines = rows.map(([word, told]) => {
    const room = width - first - 4;
    return `  ${word.padEnd(first)}  ${told.length > room ? `${told.slice(0, Math.max(0, room - 1))}…` : told}`;
  });
  return [title, ...lines, ""];
}

export function unknownWord(catalogue: Catalogue, programs: Programs, noun: string, verb: string | undefined): Refusal {
  const nouns = byNoun(catalogue, programs);
  const verbs = nouns.get(noun)?.map(({ verb }) => verb);
  const first = [...nouns.keys(), ...ofOneWord(programs), ...Object.keys(faces), "completion"];
  const said = verbs && verb !== undefined ? `longwatch ${noun} ${verb}` : `longwatch ${noun}`;
  const near = verbs && verb !== undefined ? nearest(verb, verbs) : nearest(noun, first);
  const guess = near === undefined ? undefined : verbs ? `longwatch ${noun} ${near}` : `longwatch ${near}`;
  const all = verbs ? `${noun} knows: ${verbs.join(", ")}` : "`longwatch --help` lists everything";
  return new Refusal("invalid", "command.unknown", `There is no \`${said}\`.`, {
    hint: guess ? `Did you mean \`${guess}\`? ${all}.` : `${all}.`,
    facts: near === undefined ? {} : { nearest: near },
  });
}

/** The word within two slips of the pen, or a third of its length. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((one) => ({ one, slips: slips(word, one) })).sort((a, b) => a.slips - b.slips);
  const best = ranked[0];
  if (!best) return undefined;
  const close = best.slips <= Math.max(2, Math.floor(best.one.length / 3));
  return close ? best.one : known.find((one) => word.length > 1 && one.startsWith(word));
}

/** Damerau-Levenshtein: letters missing, added, changed or swapped. */
function slips(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, changed);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
