import { resolved } from "./paths.ts";
import { nothingRun, runText } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import { afterwards, type State } from "./state.ts";
import { HOLE, certainly, isKnown } from "./values.ts";

/**
 * Code in other languages is not understood: what it hands to a shell in literal strings is read, and where it starts
 * programs in any other way that is told as unknown.
 */
type Language = {
  /** Options that take code, and those that take another word. */
  code: readonly string[];
  takes?: readonly string[];
  /** Calls that start programs. */
  starts: RegExp;
  /** Calls that run text of their own language. */
  evaluates?: RegExp;
};

const python: Language = {
  code: ["-c"],
  takes: ["-W", "-X", "-m"],
  starts:
    /\b(?:os\.(?:system|popen|exec\w*|spawn\w*|posix_spawnp?)|subprocess\.\w+|Popen|check_call|check_output|getoutput|getstatusoutput|system|popen|run|call|pty\.spawn|create_subprocess_\w+)\s*\(/g,
  evaluates: /\b(?:exec|eval|compile|__import__|getattr|import_module)\s*\(/,
};
const node: Language = {
  code: ["-e", "-p", "-pe", "-ep", "--eval", "--print", "eval"],
  takes: ["-r", "--require", "--import", "--loader", "-C", "--input-type"],
  starts:
    /\b(?:exec|execSync|spawn|spawnSync|execFile|execFileSync|execa|execaSync|execaCommand|fork|Bun\.spawn|Deno\.Command|shell\.exec)\s*\(|(?<![\w$])\$(?=`)/g,
  evaluates: /\beval\s*\(|\bFunction\s*\(|child_process|process\.binding/,
};
const perl: Language = {
  code: ["-e", "-E", "-ne", "-pe", "-lne", "-le", "-nle", "-lane", "-ane", "-i -pe", "-pi", "-0pe"],
  starts: /\b(?:system|exec|popen)\b\s*\(?|(?=`|\bqx[({[<|/!])|\bopen\s*\(/g,
  evaluates: /\beval\b|\|\s*["']|["']\s*\|/,
};
const ruby: Language = {
  code: ["-e"],
  takes: ["-r", "-I"],
  starts: /\b(?:system|exec|spawn|popen\d?|capture\w*|sh)\b\s*\(?|(?=`|%x[({[<|/!])/g,
  evaluates: /\beval\b|\binstance_eval\b|\bsend\b|\bIO\.|\bKernel\b/,
};
const php: Language = {
  code: ["-r", "-R"],
  takes: ["-d", "-c"],
  starts: /\b(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec)\s*\(|(?=`)/g,
  evaluates: /\beval\s*\(|\bassert\s*\(|call_user_func/,
};
const awk: Language = {
  code: [],
  takes: ["-F", "-v", "-f"],
  starts: /\bsystem\s*\(|\|&?\s*(?=")|(?="[^"\n]*"\s{0,20}\|&?\s{0,20}getline)/g,
  evaluates: /\|&?\s*getline|print[^;}\n]{0,200}\|/,
};
const other: Language = {
  code: ["-e", "-c", "--eval", "-E", "eval", "-x"],
  starts: /\b(?:system|exec\w*|execute|popen|spawn|run|shell|do shell script|cmd|sh)\b\s*\(?/g,
  evaluates: /\beval\b|\bload(string)?\s*\(|\bopen\b/,
};

const psql: Language = {
  ...other,
  code: ["-c"],
  starts: /\\!\s*|\bPROGRAM\s+/g,
  evaluates: /\\copy[^;]{0,500}program/i,
};
const mysql: Language = { ...other, code: ["-e"], starts: /\\!\s*|\bsystem\s+/g, evaluates: undefined };

const named = (language: Language, names: string) => names.split(" ").map((name) => [name, language] as const);

const languages = new Map<string, Language>([
  ...named(python, "python pypy"),
  ...named(node, "node nodejs bun deno tsx ts-node"),
  ...named(perl, "perl"),
  ...named(ruby, "ruby"),
  ...named(php, "php"),
  ...named(awk, "awk gawk mawk nawk"),
  ...named(other, "lua luajit osascript rscript julia tclsh expect elixir groovy scala guile gdb sqlite3"),
  ...named(psql, "psql"),
  ...named(mysql, "mysql mariadb"),
]);

export function codeLanguage(name: string): Language | undefined {
  const plain = name.toLowerCase().replace(/(?<=[a-z])[\d.]+$/, "");
  return languages.get(plain) ?? languages.get(name);
}

export function codeHandler(name: string): Handler | undefined {
  const language = codeLanguage(name);
  return language && ((shell, call, state) => interpreted(shell, call, state, language));
}

function interpreted(shell: Shell, call: Call, state: State, language: Language): State[] {
  const words = call.argv.slice(1).map(certainly);
  let isGiven = false;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    const flag = language.code.find((one) => word === one || (one.startsWith("--") && word.startsWith(`${one}=`)));
    const isCluster =
      !word.startsWith("--") && /^-[a-zA-Z\d]*[eErc]$/.test(word) && language.code.includes(`-${word.slice(-1)}`);
    if (flag !== undefined || isCluster) {
      isGiven = true;
      runCode(
        shell,
        call,
        state,
        word.includes("=") ? word.slice(word.indexOf("=") + 1) : (words[++at] ?? ""),
        language,
        "text",
      );
    } else if (language.takes?.includes(word)) {
      if (word === "-f") isGiven = fromFile(shell, call, state, words[at + 1] ?? "", language) || isGiven;
      if (word === "-m") isGiven = true;
      at++;
    } else if (!word.startsWith("-") || word === "-") break;
  }
  const first = words[at];
  if (!isGiven && language === awk && first !== undefined) runCode(shell, call, state, first, language, "text");
  else if (!isGiven && first !== undefined && first !== "-") fromFile(shell, call, state, first, language);
  else if (!isGiven && state.input !== undefined) runCode(shell, call, state, state.input, language, "text");
  return nothingRun(state);
}

function fromFile(shell: Shell, call: Call, state: State, path: string, language: Language): boolean {
  const own = resolved(path, state.cwd);
  const text = /\/node_modules\//.test(own) ? null : shell.read(own, call.frame, state);
  if (text !== null) runCode(shell, call, state, text, language, "file");
  return true;
}

/** Reads what code starts. A file's calls are told one by one, code in a command as a whole. */
export function runCode(
  shell: Shell,
  call: Call,
  state: State,
  code: string,
  language: Language,
  kind: "text" | "file",
): State[] {
  const via = certainly(call.argv[0]!).replace(/^.*\//s, "");
  const after = { ...state, output: state.output === undefined ? undefined : HOLE, succeeded: undefined };
  if (!isKnown(code)) shell.unknown("a part of the code that runs here is not known", call.frame.statement || code);
  let isRead = true;
  for (const match of code.matchAll(language.starts)) {
    shell.budget.spend(2);
    const at = match.index + match[0].length;
    const text = firstLiteral(code, at);
    if (text !== undefined) runText(shell, call, { ...state, output: undefined }, text, { via });
    else if (/[\w`]/.test(code[at] ?? "") || match[0].includes("(")) {
      isRead = false;
      if (kind === "file") shell.unknown("this starts a program that is not known", lineAt(code, match.index));
    }
  }
  if (kind === "text" && (!isRead || language.evaluates?.test(code)))
    shell.unknown("this code may start programs", code);
  return [afterwards(state, after)];
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
  const rest = code[next] === "[" ? listOfLiterals(code, next + 1, "]") : listOfLiterals(code, next, ")");
  if (rest === undefined) return /^\s*(\{|\w+\s*=)/.test(code.slice(next, next + 40)) ? first.value : undefined;
  return rest === "" ? first.value : `${quoted(first.value)} ${rest}`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function listOfLiterals(code: string, start: number, close: string): string | undefined {
  const words: string[] = [];
  for (let at = start; ;) {
    while (/[\s,]/.test(code[at] ?? "")) at++;
    const isOver = at >= code.length || (close === ")" && /[;}]/.test(code[at]!));
    if (code[at] === close || isOver) return words.map(quoted).join(" ");
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
