import { limits } from "./budget.ts";
import { hasOption, optionWord, readOptions } from "./options.ts";
import { resolved } from "./paths.ts";
import { joinedWords, nothingRun, quotedWords, runText, runWords } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import { merged, type State } from "./state.ts";
import { HOLE, certainly, isKnown, literally, type Argument } from "./values.ts";

/** Programs that run a command with words from elsewhere: from their input, or from the file system. */
export const argumentRunners = new Map<string, Handler>([
  ["xargs", xargs],
  ["gxargs", xargs],
  ["parallel", parallel],
  ["find", find],
  ["gfind", find],
  ["fd", fd],
  ["fdfind", fd],
  ["forfiles", find],
  ["run-parts", runParts],
]);

/** More runs than this tell nothing new; the rest is one with an unknown word. */
const RUNS_MAX = 64;

const unknownWord: Argument = { value: HOLE, isGlob: false, text: "…" };

function xargs(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, {
    short: "adEILnPs",
    long: ["arg-file", "delimiter", "max-args", "max-lines", "max-procs", "max-chars", "replace"],
  });
  const given = call.argv.slice(options.at);
  const command = given.length > 0 ? given : [literally("echo")];
  const file = optionWord(options, "a", "arg-file");
  const input = (file ? shell.read(resolved(certainly(file), state.cwd), call.frame, state) : state.input) ?? HOLE;
  const replaced =
    optionWord(options, "I", "replace")?.value ?? (hasOption(options, "i", "replace") ? "{}" : undefined);
  const delimiter = optionWord(options, "d", "delimiter")?.value;
  const items = itemsOf(input, { delimiter, isLines: replaced !== undefined, isNull: hasOption(options, "0", "null") });
  const after = { ...state, input: state.input === undefined ? undefined : "" };
  const run = (words: readonly Argument[]) => runWords(shell, call, after, words, { via: "xargs" });
  if (replaced !== undefined) {
    const runs = items.length > RUNS_MAX ? [unknownWord] : items;
    return merged(runs.flatMap((item) => run(command.map((word) => replacedIn(word, replaced, item)))));
  }
  const size = Number(optionWord(options, "n", "L", "max-args", "max-lines")?.value ?? items.length) || items.length;
  const batches = Math.ceil(items.length / Math.max(1, size));
  if (items.length === 0) return hasOption(options, "r", "no-run-if-empty") ? nothingRun(after) : run(command);
  if (batches > RUNS_MAX) return run([...command, unknownWord]);
  const all = Array.from({ length: batches }, (_, at) => items.slice(at * size, (at + 1) * size));
  return merged(all.flatMap((batch) => run([...command, ...batch])));
}

function itemsOf(
  input: string,
  how: { delimiter?: string | undefined; isLines: boolean; isNull: boolean },
): Argument[] {
  const asWords = (texts: readonly string[]) =>
    texts
      .filter((text) => text !== "")
      .map((text) => (isKnown(text) ? literally(text) : { ...unknownWord, value: text }));
  // NUL marks what is unknown: between NULs everything may stand.
  if (how.isNull)
    return input === "" ? [] : isKnown(input) ? asWords([input]) : asWords(input.split(HOLE)).concat(unknownWord);
  if (how.delimiter !== undefined) return asWords(input.split(how.delimiter === "\\n" ? "\n" : how.delimiter));
  if (/["'\\]/.test(input)) return quotedItems(input, how.isLines);
  return asWords(how.isLines ? input.split("\n").map((line) => line.trim()) : input.split(/[ \t\n]+/));
}

/** Quotes and backslashes mean nearly the same to xargs as to a shell, without expansions. */
function quotedItems(input: string, isLines: boolean): Argument[] {
  const items: string[] = [];
  let current: string | undefined;
  for (let at = 0; at < input.length; at++) {
    const char = input[at]!;
    const ends = isLines ? char === "\n" : /[ \t\n]/.test(char);
    if (ends) {
      if (current !== undefined) items.push(current);
      current = undefined;
    } else if (char === "\\") current = (current ?? "") + (input[++at] ?? "");
    else if (char === "'" || char === '"') {
      const end = input.indexOf(char, at + 1);
      current = (current ?? "") + (end < 0 ? HOLE : input.slice(at + 1, end));
      at = end < 0 ? input.length : end;
    } else if (current !== undefined || !/\s/.test(char)) current = (current ?? "") + char;
  }
  if (current !== undefined) items.push(current);
  return items.map((item) => (isKnown(item) ? literally(item) : { ...unknownWord, value: item }));
}

function replacedIn(word: Argument, mark: string, item: Argument): Argument {
  if (mark === "" || !word.value.includes(mark)) return word;
  const isLong = word.value.length * (item.value.length + 1) > limits.characters;
  const value = isLong ? HOLE : word.value.replaceAll(mark, () => certainly(item));
  return { value, isGlob: false, text: isKnown(value) ? value : word.text };
}

function parallel(shell: Shell, call: Call, state: State): State[] {
  const takes = {
    short: "jNnLISaPsdCE",
    long: ["jobs", "max-args", "colsep", "arg-file", "joblog", "delay", "retries", "timeout"],
  };
  const options = readOptions(call.argv, 1, takes);
  const rest = call.argv.slice(options.at);
  const mark = rest.findIndex(({ value }) => /^:::\+?$/.test(value));
  const isFile = rest.some(({ value }) => /^::::\+?$/.test(value));
  const file = optionWord(options, "a", "arg-file");
  const input = (file ? shell.read(resolved(certainly(file), state.cwd), call.frame, state) : state.input) ?? HOLE;
  const command = joinedWords(mark < 0 ? rest.filter(({ value }) => !value.startsWith(":::")) : rest.slice(0, mark));
  const listed = rest.slice(mark + 1).map(certainly);
  const items = isFile ? [HOLE] : mark >= 0 ? listed : input.split("\n").filter((line) => line !== "");
  const runs = items.length > RUNS_MAX || items.includes(":::") ? [HOLE] : items;
  const how = { via: "parallel" };
  return merged(
    runs.flatMap((item) => {
      // Without a command, each word is one.
      if (command === "") return runText(shell, call, state, item, how);
      const word = isKnown(item) ? quotedWords([literally(item)]) : item;
      const isLong = command.length * word.length > limits.characters;
      const text = isLong ? HOLE : command.includes("{}") ? command.replaceAll("{}", () => word) : `${command} ${word}`;
      return runText(shell, call, state, text.replaceAll(/\{[./%#]+\}|\{\d\}/g, HOLE), how);
    }),
  );
}

function find(shell: Shell, call: Call, state: State): State[] {
  const ways = nothingRun(state);
  for (const [at, { value }] of call.argv.entries()) {
    if (!/^-(exec|execdir|ok|okdir)$/.test(value)) continue;
    const end = call.argv.findIndex((word, index) => index > at && (word.value === ";" || word.value === "+"));
    const command = call.argv.slice(at + 1, end < 0 ? undefined : end);
    runWords(
      shell,
      call,
      state,
      command.map((word) => replacedIn(word, "{}", unknownWord)),
      { via: "find" },
    );
  }
  return ways;
}

function fd(shell: Shell, call: Call, state: State): State[] {
  for (const [at, { value }] of call.argv.entries()) {
    if (!/^(-x|-X|--exec|--exec-batch)$/.test(value)) continue;
    const end = call.argv.findIndex((word, index) => index > at && word.value === ";");
    const command = call.argv.slice(at + 1, end < 0 ? undefined : end);
    const hasMark = command.some((word) => /\{[./]*\}/.test(word.value));
    const words = command.map((word) => replacedIn(word, "{}", unknownWord));
    runWords(shell, call, state, hasMark ? words : [...words, unknownWord], { via: "fd" });
  }
  return nothingRun(state);
}

/** Each file of a directory; which those are, the file system says. */
function runParts(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "au", long: ["arg", "umask"] });
  const directory = call.argv[options.at];
  if (directory !== undefined && !hasOption(options, "test", "list"))
    shell.unknown("the script that runs here cannot be read", `run-parts ${certainly(directory)}/*`);
  return nothingRun(state);
}
