import { runCode } from "./code.ts";
import { startedBy } from "./compilers.ts";
import { codeLanguage } from "./languages.ts";
import { runText } from "./running.ts";
import type { Call, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { isKnown } from "./values.ts";

/**
 * Files that a program looks for by itself and runs, by their names. Where the command itself has just written one, it
 * is read; what lay there before was looked at when it was written.
 */
const table: Readonly<Record<string, RegExp>> = {
  python: /^(site|user)customize\.py$/,
  pytest: /^(conftest|test_\w+|\w+_test)\.py$/,
  pip: /^setup\.py$/,
  uv: /^(setup|conftest)\.py$/,
  cargo: /^build\.rs$/,
  go: /\.go$/,
  bundle: /^Gemfile$/,
  gem: /\.gemspec$/,
};
const languageOf: Readonly<Record<string, string>> = { py: "python", Gemfile: "ruby", gemspec: "ruby" };

/** Reads what a program finds of the files that the command itself wrote. */
export function readFound(shell: Shell, call: Call, state: State, name: string): void {
  const plain = name.replace(/^(python|pip)[\d.]+$/, "$1");
  const names = Object.hasOwn(table, plain) ? table[plain]! : undefined;
  if (names === undefined) return;
  for (const [path, text] of state.files) {
    const file = path.slice(path.lastIndexOf("/") + 1);
    if (!names.test(file) || !isKnown(text)) continue;
    const language = codeLanguage(languageOf[file.slice(file.lastIndexOf(".") + 1)] ?? "");
    if (language !== undefined) runCode(shell, call, state, text, language, "file");
    else if (plain !== "go") startedBy(shell, text);
    else if (call.argv[1]?.value === "generate")
      for (const [, command] of text.matchAll(/^\/\/go:generate\s+(.+)$/gm))
        runText(shell, call, { ...state, output: undefined }, command!, { via: plain });
  }
}
