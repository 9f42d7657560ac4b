import { resolved } from "./paths.ts";
import { nothingRun, runText, runWords } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { certainly, isKnown, literally } from "./values.ts";

/**
 * Languages that are compiled. What a program of theirs starts is looked for around the calls that start something:
 * in sources that are run at once, and in those that the command itself has just written.
 */
const runs: Record<string, RegExp | undefined> = {
  go: /^run$/,
  zig: /^run$/,
  dart: /^run$|\.dart$/,
  tcc: /^-run$/,
  java: /\.java$/,
  runghc: /./,
  "rust-script": /./,
};
const compilers = "gcc g++ cc c++ clang clang++ rustc javac kotlinc swiftc ghc nim dmd ldc2 fpc ocamlopt cargo".split(
  " ",
);

export const compiled = new Map<string, Handler>(
  [...Object.keys(runs), ...compilers].map((name) => [name, readSources] as const),
);

const source = /\.(c|cc|cpp|cxx|go|rs|java|kt|swift|zig|dart|cr|nim|hs|d|pas|ml|m)$/;
const starting =
  /\b(?:exec\.Command(?:Context)?|system|popen|exec[lv]p?e?|posix_spawnp?|Command::new|ProcessBuilder|exec|Process\.(?:run|start)|Process|spawnProcess|executeShell|callCommand|readProcess|execCmd|execShellCmd)\s*[("]/g;
/** Options whose word is a program that they start; `-wrapper` has its words between commas. */
const tools: Record<string, RegExp> = {
  go: /^-?-(?:toolexec|exec|vettool)(?:=(.+))?$/s,
  rustc: /^(?:-C)?linker(?:=(.+))$/s,
  ...Object.fromEntries(["gcc", "g++", "cc", "c++", "clang", "clang++"].map((name) => [name, /^-wrapper$/])),
};

/** As far as the words of a call may lie from it. */
const CALL_LENGTH = 300;

/** Tells where the source of a program starts others. */
export function startedBy(shell: Shell, text: string): void {
  for (const { index } of text.matchAll(starting))
    shell.unknown("this program starts others", text.slice(index, index + CALL_LENGTH));
}

function readSources(shell: Shell, call: Call, state: State): State[] {
  const [name, ...words] = call.argv.map(certainly);
  const isRun = words.some((word) => runs[name!]?.test(word));
  for (const word of new Set(words.filter((one) => isKnown(one) && source.test(one)))) {
    const path = resolved(word, state.cwd);
    const text = isRun || state.files.has(path) ? shell.read(path, call.frame, state) : null;
    startedBy(shell, text ?? "");
  }
  for (const [at, word] of words.entries()) {
    const match = tools[name!]?.exec(word);
    const tool = match && (match[1] ?? words[at + 1]);
    const own = { ...state, output: undefined };
    if (tool && word === "-wrapper") runWords(shell, call, own, tool.split(",").map(literally), { via: name! });
    else if (tool) runText(shell, call, own, tool, { via: name! });
  }
  return nothingRun(state);
}
