import { quotedForShell } from "../../shell_words.ts";
import { broughtIn, filesOfModule } from "./code_files.ts";
import { awk, codeLanguage, onlyChecks, type Language } from "./languages.ts";
import { loadingPrograms } from "./loading_programs.ts";
import { valueOf } from "./parameters.ts";
import { resolved } from "./paths.ts";
import { nothingRun, runText } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import { afterwards, type State } from "./state.ts";
import { HOLE, certainly, isKnown, literally } from "./values.ts";

/**
 * Code in other languages is not understood: what it hands to a shell in literal strings is read, and where it starts
 * programs in any other way that is told as unknown.
 */
export function codeHandler(name: string): Handler | undefined {
  const language = codeLanguage(name);
  return language && ((shell, call, state) => interpreted(shell, call, state, language));
}

function interpreted(shell: Shell, call: Call, state: State, language: Language): State[] {
  const given = call.argv.slice(1).map(certainly);
  const more = language.variable === undefined ? undefined : valueOf(language.variable, state, shell.around);
  const words = more === undefined ? given : [...more.split(/\s+/).filter(Boolean), ...given];
  if (
    onlyChecks(certainly(call.argv[0]!).replace(/^.*\//s, ""), words) &&
    !runsEvenSo(shell, call, state, words, language)
  )
    return nothingRun(state);
  loaded(shell, call, state, words, language);
  let isGiven = false;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    const flag = language.code.find((one) => word === one || (one.startsWith("--") && word.startsWith(`${one}=`)));
    const isCluster =
      !word.startsWith("--") && /^-[a-zA-Z\d]*[eErc]$/.test(word) && language.code.includes(`-${word.slice(-1)}`);
    if (flag !== undefined || isCluster) {
      isGiven = true;
      const code = word.includes("=") ? word.slice(word.indexOf("=") + 1) : (words[++at] ?? "");
      if (language.reads?.includes(word)) fromFile(shell, call, state, code, language);
      runCode(shell, call, state, code, language, "text");
    } else if (language.reads?.includes(word)) {
      isGiven = fromFile(shell, call, state, words[++at] ?? "", language);
    } else if (language.takes?.includes("-m") && /^-m./.test(word)) {
      module(shell, call, state, [word.slice(2), ...words.slice(at + 1)], language);
      isGiven = true;
      break;
    } else if (language.takes?.includes(word)) {
      if (word === "-f") isGiven = fromFile(shell, call, state, words[at + 1] ?? "", language) || isGiven;
      if (word === "-m") {
        isGiven = true;
        module(shell, call, state, words.slice(at + 1), language);
      }
      at++;
    } else if (!word.startsWith("-") || word === "-") break;
  }
  const first = words[at];
  if (!isGiven && language === awk && first !== undefined) runCode(shell, call, state, first, language, "text");
  else if (!isGiven && first !== undefined && first !== "-") fromFile(shell, call, state, first, language);
  else if (!isGiven && state.input !== undefined) runCode(shell, call, state, state.input, language, "text");
  return nothingRun(state);
}

/** Modules of Python that run code which they are given: in words, in a file, on standard input. */
const RUN_CODE = /^(timeit|pdb|bdb|trace|cProfile|profile|runpy|code|asyncio|IPython|coverage|debugpy)$/;

function module(
  shell: Shell,
  call: Call,
  state: State,
  [name = "", ...words]: readonly string[],
  language: Language,
): void {
  const program = loadingPrograms.get(name);
  if (program !== undefined) return void program(shell, { ...call, argv: [name, ...words].map(literally) }, state);
  if (!RUN_CODE.test(name)) return ofModule(shell, call, state, name, language);
  for (const word of words)
    if (/\.py$/.test(word)) fromFile(shell, call, state, word, language);
    else if (/[\s(]/.test(word)) runCode(shell, call, state, word, language, "text");
  if (state.input !== undefined) runCode(shell, call, state, state.input, language, "text");
}

/** `ruby -Ilib -rland -e 1`, `perl -MLand -e 1`: the code that says the same. */
function loaded(shell: Shell, call: Call, state: State, words: readonly string[], language: Language): void {
  const { loads } = language;
  if (loads === undefined) return;
  // The option's word may stand apart.
  const joined = words.map((word, at) => (/^-[Idr]$/.test(word) ? word + (words[at + 1] ?? "") : word));
  const modules = joined.flatMap((word) => loads.option.exec(word)?.[1] ?? []);
  if (modules.length === 0) return;
  const directories = joined.flatMap((word) => /^-I(.+)$/.exec(word)?.[1] ?? []);
  const code = [...directories.map(loads.directory), ...modules.map(loads.code)].join("");
  runCode(shell, call, state, code, language, "text");
}

/** Perl runs its BEGIN blocks while it only looks at the grammar. */
function runsEvenSo(shell: Shell, call: Call, state: State, words: readonly string[], { checks }: Language): boolean {
  const texts = words.flatMap((word) => [word, shell.read(resolved(word, state.cwd), call.frame, state) ?? ""]);
  return checks?.but !== undefined && texts.some((text) => checks.but!.test(text));
}

function ofModule(shell: Shell, call: Call, state: State, name: string, language: Language): void {
  const { modules } = language;
  if (modules === undefined || !isKnown(name)) return;
  for (const text of filesOfModule(shell, call, state, { name, modules }))
    runCode(shell, call, state, text, language, "file");
}

function fromFile(shell: Shell, call: Call, state: State, path: string, language: Language): boolean {
  const own = resolved(path, state.cwd);
  const text = /\/node_modules\//.test(own) ? null : shell.read(own, call.frame, state);
  // What the command itself has written is read as closely as what stands in its words.
  if (text !== null) runCode(shell, call, state, text, language, state.files.has(own) ? "text" : "file");
  else if (language.modules) ofModule(shell, call, state, path, language);
  return true;
}

/**
 * Reads what code starts. A file's calls are told one by one, code in a command as a whole, and of what it brings in
 * only what stands there plainly: most of that is not called.
 */
export function runCode(
  shell: Shell,
  call: Call,
  state: State,
  code: string,
  language: Language,
  kind: "text" | "file" | "brought",
): State[] {
  const via = certainly(call.argv[0]!).replace(/^.*\//s, "");
  const after = { ...state, output: state.output === undefined ? undefined : HOLE, succeeded: undefined };
  if (!isKnown(code)) shell.unknown("a part of the code that runs here is not known", call.frame.statement || code);
  let isRead = true;
  for (const match of code.matchAll(language.starts)) {
    shell.budget.spend(2);
    const at = match.index + match[0].length;
    const text = firstLiteral(code, at);
    // A string that is nothing but a variable holds what nobody knows.
    if (text !== undefined && !/^\s*[$@]\w+\s*$/.test(text))
      runText(shell, call, { ...state, output: undefined }, text, { via });
    else if (/[\w`$@*%&]/.test(code[at] ?? "") || match[0].includes("(")) {
      isRead = false;
      const told = `${lineAt(code, match.index)}\n${wordsGiven(call, code)}`.trim();
      if (kind === "file") shell.unknown("this starts a program that is not known", told);
    }
  }
  if (kind === "text" && language.modules)
    for (const text of broughtIn(shell, call, state, code, language.modules))
      runCode(shell, call, state, text, language, "brought");
  if (kind === "text" && (!isRead || language.evaluates?.test(code)))
    shell.unknown(
      isRead && !RUNS_TEXT.test(code) ? "this code could start programs" : "this code may start programs",
      [code, ...(isRead && !RUNS_TEXT.test(code) ? [] : given(call, state, code))].join("\n"),
    );
  return [afterwards(state, after)];
}

/** Code that runs what it was given as code. */
const RUNS_TEXT = /(?<![.\w])(?:eval|exec|Function)\s*\(/;
const READS_INPUT = /stdin|\binput\s*\(|\$_|\$0|<>|\bARGF\b|\bgets\b|fileinput|\$argn|readFileSync\(0|php:/i;
const READS_VARIABLES = /environ|getenv|\bENV\b|process\.env/i;

/** What code is given to work on may well be what it runs. */
function given(call: Call, state: State, code: string): string[] {
  const isFed = READS_INPUT.test(code) || call.argv.some(({ value }) => /^-[a-zA-Z]*[np]/.test(value));
  const variables = READS_VARIABLES.test(code) ? [...state.variables.values()] : [];
  const values = variables.flatMap(({ value, isExported }) => (isExported && typeof value === "string" ? [value] : []));
  return [wordsGiven(call, code), isFed ? (state.input ?? "") : "", ...values].filter(Boolean);
}

function wordsGiven(call: Call, code: string): string {
  const words = call.argv.slice(1).map(certainly);
  return words
    .filter((word) => word !== code)
    .map((word) => word.replace(/^\w+=/, ""))
    .join(" ");
}

/** The literal that a call begins with, or the words of a literal list of them, as shell text. */
function firstLiteral(code: string, start: number): string | undefined {
  let at = start;
  while (/[\s(]/.test(code[at] ?? "")) at++;
  if (code[at] === "[") return listOfLiterals(code, at + 1, "]");
  const first = literalAt(code, at);
  if (first === undefined) return undefined;
  // `execFile("git", ["push"])` and `system("git", "push")` give their words apart.
  let next = first.end;
  while (/\s/.test(code[next] ?? "")) next++;
  if (code[next] !== ",") return /[+.%]/.test(code[next] ?? "") && code[next + 1] !== "\n" ? undefined : first.value;
  next++;
  while (/\s/.test(code[next] ?? "")) next++;
  // R's lists are `c("push", "origin")`.
  const opening = /^(?:\[|c\()/.exec(code.slice(next, next + 2))?.[0] ?? "";
  const rest = listOfLiterals(code, next + opening.length, opening === "[" ? "]" : ")");
  if (rest === undefined) return /^\s*(\{|\w+\s*=)/.test(code.slice(next, next + 40)) ? first.value : undefined;
  return rest === "" ? first.value : `${quotedForShell(first.value)} ${rest}`;
}

function listOfLiterals(code: string, start: number, close: string): string | undefined {
  const words: string[] = [];
  for (let at = start; ;) {
    while (/[\s,]/.test(code[at] ?? "")) at++;
    const isOver = at >= code.length || (close === ")" && /[;}]/.test(code[at]!));
    if (code[at] === close || isOver) return words.map(quotedForShell).join(" ");
    const literal = literalAt(code, at);
    if (literal === undefined) return undefined;
    words.push(literal.value);
    at = literal.end;
  }
}

const LITERAL_MAX = 16_384;
const pairs: Record<string, string> = { "(": ")", "{": "}", "[": "]", "<": ">" };

function literalAt(code: string, start: number): { value: string; end: number } | undefined {
  let at = start;
  const prefix = /^(?:[rbu]{0,2}(?=["'])|%?[qQwx]{1,2}(?=[({[<|/!]))/.exec(code.slice(at, at + 4))?.[0] ?? "";
  at += prefix.length;
  const open = code[at] ?? "";
  const isQuote = /["'`]/.test(open);
  if (!isQuote && (prefix === "" || prefix.length === 0)) return undefined;
  const close = isQuote ? (code.startsWith(open.repeat(3), at) ? open.repeat(3) : open) : (pairs[open] ?? open);
  at += close.length;
  let value = "";
  for (; at < code.length && value.length < LITERAL_MAX; at++) {
    if (code.startsWith(close, at)) return { value: holed(value, open, prefix), end: at + close.length };
    if (code[at] === "\\" && !prefix.includes("r")) value += escapes[code[++at] ?? ""] ?? code[at] ?? "";
    else value += code[at];
  }
  return undefined;
}

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\n": "" };

/** What is put into a string while the code runs is not known. */
function holed(value: string, open: string, prefix: string): string {
  if (open === "'" && !prefix.includes("f")) return value;
  return value.replaceAll(/\$\{[^{}]*\}|#\{[^{}]*\}/g, HOLE);
}

function lineAt(code: string, at: number): string {
  const end = code.indexOf("\n", at);
  return code
    .slice(code.lastIndexOf("\n", at) + 1, end < 0 ? undefined : end)
    .trim()
    .slice(0, 400);
}
