import { Command, CommanderError, Option } from "commander";
import { Refusal } from "../../kernel/refusal.ts";
import { boundsOf, type Flag, type Given, takesFile } from "./flags.ts";
import type { Globals, Terminal } from "./run.ts";

/** A command as commander sees it: one operation, or one familiar name for it. */
export type Spoken = { usage: string; summary: string; flags: readonly Flag[]; after?: string };

/** What the words of a command said; `help` when they asked for it and got it. */
export type Said = { given: Given; globals: Globals } | "help";

export const globalFlags = [
  ["--url <url>", "The server; else LONGWATCH_URL, else the project's (connect), else what the server wrote."],
  [
    "--token <token>",
    "Who you are; else LONGWATCH_TOKEN, else the project's seat (connect), else what the server wrote.",
  ],
  ["--json", "Print the answer, or the refusal, as one line of JSON."],
  ["--key <key>", "The Idempotency-Key: saying the same again with it does nothing twice."],
] as const;

export function parseWords(spoken: Spoken, words: readonly string[], out: Terminal): Said {
  const { command, globalOptions } = commandOf(spoken, out);
  try {
    command.parse(respell(spoken.flags, words), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return "help";
    const detail = error.message.replace(/^error: /, "").replaceAll("\n", " ");
    throw new Refusal("invalid", "flags.invalid", detail, { hint: `See \`${spoken.usage} --help\`.` });
  }
  const options = command.opts();
  const globals = Object.fromEntries(globalOptions.map((name) => [name, options[name]]));
  return { given: givenIn(spoken.flags, command), globals };
}

function commandOf({ usage, summary, flags, after }: Spoken, out: Terminal) {
  const command = new Command(usage).description(summary).exitOverride();
  command.configureOutput({
    writeOut: (text) => out.write(text),
    outputError: () => {},
    getOutHelpWidth: () => out.columns ?? 100,
    getOutHasColors: () => false,
  });
  const positional = flags.find((flag) => flag.positional);
  if (positional) command.argument(`[${positional.spelling}]`, positional.schema.description ?? "");
  for (const flag of flags) {
    command.addOption(optionOf(flag));
    const negative = negativeOf(flag);
    if (negative) command.addOption(negative);
  }
  command.optionsGroup("Global flags:");
  const globalOptions: string[] = [];
  for (const [spelling, told] of globalFlags) {
    const option = new Option(spelling, told);
    // An operation's own field wins; the global one can still be given before the noun.
    if (flags.some((flag) => `--${flag.spelling}` === option.long)) continue;
    command.addOption(option);
    globalOptions.push(option.attributeName());
  }
  command.helpOption("-h, --help", "Show this.");
  if (after) command.addHelpText("after", after);
  return { command, globalOptions };
}

function optionOf(flag: Flag): Option {
  const { spelling, kind, repeats, required, choices, schema } = flag;
  const value = { text: "text", integer: "n", number: "n", json: "json" } as const;
  const option = new Option(kind === "boolean" ? `--${spelling}` : `--${spelling} <${value[kind]}>`);
  const { least, most } = boundsOf(schema);
  const notes = [
    required ? "required" : "",
    choices ? `one of ${choices.join(", ")}` : "",
    least !== undefined || most !== undefined ? `${least ?? ""} to ${most ?? ""}`.trim() : "",
    defaultNote(schema.default),
    repeats ? "repeatable" : "",
    takesFile(flag) ? "- for standard input, @file for a file" : "",
  ].filter((note) => note !== "");
  option.description = [schema.description ?? "", notes.length > 0 ? `(${notes.join("; ")})` : ""].join(" ").trim();
  if (repeats) option.argParser((one: string, before: unknown) => [...(Array.isArray(before) ? before : []), one]);
  return option;
}

function defaultNote(value: unknown): string {
  if (value === undefined || value === false || value === "" || (Array.isArray(value) && value.length === 0)) return "";
  return `default ${typeof value === "string" ? value : JSON.stringify(value)}`;
}

function negativeOf({ spelling, kind, nullable, schema }: Flag): Option | undefined {
  if (kind !== "boolean" && !nullable) return undefined;
  const negative = new Option(`--no-${spelling}`, kind === "boolean" ? "The opposite." : "Set it to nothing.");
  return kind === "boolean" && schema.default !== true ? negative.hideHelp() : negative;
}

function givenIn(flags: readonly Flag[], command: Command): Given {
  const given: Given = new Map();
  const values = command.opts();
  for (const flag of flags) {
    const name = new Option(`--${flag.spelling}`).attributeName();
    // `--no-x` alone gives x a default of true; only what was typed counts.
    if (command.getOptionValueSource(name) === "cli") given.set(flag.field, values[name]);
    const first = flag.positional ? command.args[0] : undefined;
    if (first !== undefined && given.has(flag.field))
      throw new Refusal("invalid", "flags.invalid", `${flag.spelling} is given twice: ${first} and --${flag.spelling}`);
    if (first !== undefined) given.set(flag.field, first);
  }
  return given;
}

/** `--lease_seconds` is as good as `--lease-seconds`; what follows a flag as its value is left alone. */
function respell(flags: readonly Flag[], words: readonly string[]): string[] {
  const valued = new Set(globalFlags.filter(([spelling]) => spelling.includes("<")).map(([one]) => one.split(" ")[0]!));
  for (const { spelling, kind } of flags) if (kind !== "boolean") valued.add(`--${spelling}`);
  const spelled: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") return [...spelled, ...words.slice(at)];
    const [name, ...value] = word.startsWith("--") ? word.split("=") : [word];
    const dashed = name!.startsWith("--") ? name!.replaceAll("_", "-") : name!;
    spelled.push([dashed, ...value].join("="));
    if (value.length === 0 && valued.has(dashed) && at + 1 < words.length) spelled.push(words[++at]!);
  }
  return spelled;
}
