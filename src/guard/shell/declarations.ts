import { quotedForShell } from "../../shell_words.ts";
import { written } from "./paths.ts";
import { DEFAULT_IFS, assigned, assignedAt, integer, valueOf, variableOf } from "./parameters.ts";
import { Expansion } from "./expansion.ts";
import { FieldSink } from "./fields.ts";
import { hasOption, optionWord, readOptions } from "./options.ts";
import type { Call, Shell } from "./shell.ts";
import { having, type State } from "./state.ts";
import { suspectIndex, suspectInteger } from "./subscripts.ts";
import { HOLE, certainly, isKnown } from "./values.ts";

export function exportVariables(shell: Shell, call: Call, state: State): State[] {
  return [declared(shell, call, state, "x")];
}

export function declareVariables(shell: Shell, call: Call, state: State): State[] {
  // In a function they are its own, unless `-g` says otherwise or they are only told of.
  const isOwn = call.frame.calls.length > 0 && !words(call).some((word) => /^-[A-Za-z]*[gpfF]/.test(word));
  return isOwn ? localVariables(shell, call, state) : [declared(shell, call, state, "")];
}

export function readonlyVariables(shell: Shell, call: Call, state: State): State[] {
  return [declared(shell, call, state, "")];
}

export function localVariables(shell: Shell, call: Call, state: State): State[] {
  const shadowed = new Map(state.shadowed);
  // Each declaration copies them, as often as the function says so.
  shell.budget.spend(shadowed.size / 16);
  for (const word of words(call)) {
    const name = /^[A-Za-z_]\w*/.exec(word)?.[0];
    if (name !== undefined && !shadowed.has(name)) shadowed.set(name, state.variables.get(name));
  }
  return [declared(shell, call, { ...state, shadowed }, "")];
}

/** The attributes that change what a variable's text is: integer, lower, upper. */
const ODD = /[ilucI]/;

function declared(shell: Shell, call: Call, state: State, always: string): State {
  const given = words(call);
  const flags = always + given.filter((word) => /^[-+][A-Za-z]+$/.test(word)).join("");
  let next: State = { ...state, succeeded: true };
  for (const word of given) {
    if (flags.includes("f")) {
      const isExport = flags.includes("x") && !/^[-+]/.test(word);
      if (isExport) next = { ...next, options: new Set([...next.options, `function ${word}`]) };
      continue;
    }
    const [, name, sign, value] = /^([A-Za-z_][\w]*)(?:(\+?=)(.*))?$/s.exec(word) ?? [];
    if (name === undefined) continue;
    if (always === "" && flags.includes("i")) {
      shell.budget.spend(next.options.size / 16);
      next = { ...next, options: new Set([...next.options, integer(name)]) };
      // `declare -ai x=(…)` has been given its elements before.
      const given = variableOf(name, next, shell.around)?.value;
      shell.budget.spend(given instanceof Map ? given.size / 16 : 0);
      for (const item of given instanceof Map ? given.values() : []) suspectInteger(shell, next, name, item);
    }
    if (always === "" && flags.includes("n")) {
      suspectIndex(shell, value ?? "");
      next = referring(next, name, flags.includes("+") ? undefined : (value ?? ""));
      continue;
    }
    if (sign !== undefined) {
      const before = sign === "+=" ? (valueOf(name, next, shell.around) ?? "") : "";
      const isOdd = always === "" && ODD.test(flags) && !/^\d+$/.test(value!);
      if (isOdd && flags.includes("i")) new Expansion(shell, call.frame, next).reckon(value!);
      next = assigned(next, shell.around, name, isOdd ? HOLE : before + value!);
    }
    if (flags.includes("x")) next = exported(shell, next, name, !(always === "x" && flags.includes("n")));
  }
  return next;
}

/** `declare -n r=x`: whoever reads or writes r means x; `declare +n r` ends that. */
function referring(state: State, name: string, target: string | undefined): State {
  const { refersTo: _, ...plain } = state.variables.get(name) ?? { value: undefined, isExported: false };
  const variable = target === undefined ? plain : { ...plain, refersTo: target };
  return { ...state, variables: having(state.variables, name, variable) };
}

function exported(shell: Shell, state: State, name: string, isExported: boolean): State {
  const variable = variableOf(name, state, shell.around);
  if (variable === undefined) return state;
  return { ...state, variables: having(state.variables, name, { ...variable, isExported }) };
}

export function unsetNames(shell: Shell, call: Call, state: State): State[] {
  const given = words(call);
  const isFunctions = given[0] === "-f";
  let next: State = { ...state, succeeded: true };
  for (const name of given.filter((word) => !/^-[fvn]$/.test(word))) {
    const isFunction =
      isFunctions || (given[0] !== "-v" && !variableOf(name, next, shell.around) && next.functions.has(name));
    if (isFunction) next = { ...next, functions: having(next.functions, name, undefined) };
    else if (/^[A-Za-z_]\w*$/.test(name))
      next = { ...next, variables: having(next.variables, name, { value: undefined, isExported: false }) };
    else if (name.includes("[")) next = assignedAt(next, shell.around, name, undefined);
  }
  return [next];
}

const READ_WITH_WORD = /^-[ersz]*[adinNptu]$/;

export function readLine(shell: Shell, call: Call, state: State): State[] {
  const options = new Map<string, string>();
  const given = words(call);
  let at = 0;
  for (; /^-./.test(given[at] ?? ""); at++) {
    const word = given[at]!;
    if (READ_WITH_WORD.test(word)) options.set(word.slice(-1), given[++at] ?? "");
    else if (/^-[dinNptau]./.test(word)) options.set(word[1]!, word.slice(2));
    if (word.includes("r") && !READ_WITH_WORD.test(word)) options.set("r", "");
    if (/^-[esz]*r[ersz]*[a-zA-Z]$/.test(word)) options.set("r", "");
  }
  const names = given.slice(at);
  const array = options.get("a");
  const isOdd = ["n", "N", "t"].some((letter) => options.has(letter));
  const descriptor = options.get("u");
  const input = descriptor === undefined ? state.input : state.files.get(`/dev/fd/${descriptor}`);
  if (input === undefined || isOdd) {
    const all = array === undefined ? (names.length > 0 ? names : ["REPLY"]) : [array];
    const next = all.reduce((way, name) => assigned(way, shell.around, name, HOLE), state);
    return [{ ...next, succeeded: undefined }];
  }
  const delimiter = options.has("d") ? (options.get("d")![0] ?? HOLE) : "\n";
  const { line, rest, succeeded } = firstLine(input, delimiter);
  const text = options.has("r") || !line.includes("\\") ? line : HOLE;
  const next =
    descriptor === undefined
      ? { ...state, input: rest, succeeded }
      : { ...written(state, `/dev/fd/${descriptor}`, rest), succeeded };
  for (const name of names.length > 0 ? names : ["REPLY"]) suspectInteger(shell, state, name, text);
  if (array !== undefined) return [assigned(next, shell.around, array, numbered(split(shell, state, text)))];
  return [assignFields(shell, next, names, text)];
}

/** A delimiter of HOLE is `-d ''`: everything, for text has no NUL. */
function firstLine(input: string, delimiter: string): { line: string; rest: string; succeeded: boolean | undefined } {
  const end = delimiter === HOLE ? -1 : input.indexOf(delimiter);
  const hole = input.indexOf(HOLE);
  if (hole >= 0 && (end < 0 || hole < end)) return { line: input.slice(0, hole + 1), rest: HOLE, succeeded: undefined };
  if (end < 0) return { line: input, rest: "", succeeded: false };
  return { line: input.slice(0, end), rest: input.slice(end + 1), succeeded: true };
}

function assignFields(shell: Shell, state: State, names: readonly string[], text: string): State {
  if (names.length === 0) return assigned(state, shell.around, "REPLY", text);
  const separators = valueOf("IFS", state, shell.around) ?? DEFAULT_IFS;
  const isSpace = (char: string) => separators.includes(char) && DEFAULT_IFS.includes(char);
  let next = state;
  let rest = text;
  for (const [index, name] of names.entries()) {
    let start = 0;
    while (start < rest.length && isSpace(rest[start]!)) start++;
    let end = start;
    while (end < rest.length && !separators.includes(rest[end]!)) end++;
    if (index === names.length - 1) {
      let last = rest.length;
      while (last > start && isSpace(rest[last - 1]!)) last--;
      const whole = rest.slice(start, last);
      end = whole.length;
      next = assigned(next, shell.around, name, isKnown(rest) ? whole : HOLE);
    } else {
      next = assigned(next, shell.around, name, isKnown(rest.slice(0, end)) ? rest.slice(start, end) : HOLE);
      rest = isKnown(rest.slice(0, end))
        ? rest.slice(end).replace(isSpace(rest[end] ?? "") ? /^[ \t\n]+/ : /^./s, "")
        : HOLE;
    }
  }
  return next;
}

function split(shell: Shell, state: State, text: string): string[] {
  const sink = new FieldSink(valueOf("IFS", state, shell.around) ?? DEFAULT_IFS, false);
  sink.expanded(text);
  return sink.arguments("").map(({ value }) => value);
}

function numbered(items: readonly string[]): ReadonlyMap<string, string> {
  return new Map(items.map((item, index) => [String(index), item]));
}

export function mapLines(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "dnOsuCc" });
  const word = (letter: string) => optionWord(options, letter)?.value;
  const name = call.argv[options.at] ? certainly(call.argv[options.at]!) : "MAPFILE";
  const input = (hasOption(options, "u") ? state.files.get(`/dev/fd/${word("u")}`) : state.input) ?? HOLE;
  const delimiter = word("d")?.[0] ?? "\n";
  const lines = (input.endsWith(delimiter) ? input.slice(0, -1) : input).split(delimiter);
  const skipped = Number(word("s") ?? 0);
  const taken = lines.slice(skipped, skipped + (Number(word("n") ?? 0) || lines.length));
  const items = input === "" ? [] : hasOption(options, "t") ? taken : taken.map((line) => line + delimiter);
  const callback = word("C");
  if (callback !== undefined)
    for (const [at, item] of items.slice(0, 16).entries())
      shell.run(`${callback} ${at} ${quotedForShell(item)}`, call.frame, { ...state, output: undefined });
  for (const item of items) suspectInteger(shell, state, name, item);
  const isKnownPlace = !hasOption(options, "O");
  const made = isKnownPlace && isKnown(input) ? numbered(items) : numbered([HOLE]);
  return [{ ...assigned(state, shell.around, name, made), input: "", succeeded: true }];
}

export function setOptions(_: Shell, call: Call, state: State): State[] {
  const given = words(call);
  const options = new Set(state.options);
  const names: Record<string, string> = { a: "allexport", f: "noglob" };
  let at = 0;
  for (; /^[-+][A-Za-z]+$/.test(given[at] ?? ""); at++) {
    const word = given[at]!;
    const chosen = word.includes("o") ? [given[++at] ?? ""] : [...word.slice(1)].map((letter) => names[letter] ?? "");
    for (const option of chosen) word.startsWith("-") ? options.add(option) : options.delete(option);
  }
  const isList = at < given.length;
  const rest = given.slice(given[at] === "--" || given[at] === "-" ? at + 1 : at);
  return [
    { ...state, options, positional: isList ? [state.positional[0]!, ...rest] : state.positional, succeeded: true },
  ];
}

function words(call: Call): string[] {
  return call.argv.slice(1).map(certainly);
}
