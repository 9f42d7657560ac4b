import { runCode } from "./code.ts";
import { codeLanguage } from "./languages.ts";
import { resolved } from "./paths.ts";
import { nothingRun, runText, runWords } from "./running.ts";
import type { Call, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { certainly, isKnown, literally, type Argument } from "./values.ts";

/** Where programs lie that are no part of a project: they are taken by their names. */
const ofTheSystem = /^\/(usr\/(local\/)?)?s?bin\/|^\/opt\/|^\/nix\/|\/node_modules\//;

/** A script that a shell is given by its path. */
export function runScript(shell: Shell, call: Call, state: State, words: readonly Argument[], via: string): State[] {
  const path = certainly(words[0]!);
  const text = shell.read(resolved(path, state.cwd), call.frame, state);
  if (text === null) {
    shell.unknown("the script that runs here cannot be read", call.text ?? path);
    return nothingRun(state);
  }
  return runText(shell, madeHere(shell, call, state, path), state, text, { via }, words.map(certainly));
}

/** `./deploy.sh`: a file with a first line that says who reads it; without one a shell does. */
export function runScriptFile(shell: Shell, call: Call, state: State): State[] {
  const path = resolved(certainly(call.argv[0]!), state.cwd);
  const text = ofTheSystem.test(path) ? null : shell.read(path, call.frame, state);
  if (text === null || (isKnown(text) && text.trim() === "")) return nothingRun(state);
  const [, interpreter] = /^#!\s*(.*)/.exec(text) ?? [];
  if (interpreter === undefined && !isText(text)) return nothingRun(state);
  const words = (interpreter ?? "/bin/sh").trim().split(/\s+/);
  const program = words.find(
    (word, at) => (at > 0 || !/\/env$/.test(word)) && !word.startsWith("-") && !word.includes("="),
  );
  const name = program?.replace(/^.*\//, "") ?? "sh";
  if (/^(ba|z|da|k|mk|a|fi)?sh$/.test(name))
    return runText(shell, madeHere(shell, call, state, path), state, text, { via: name }, call.argv.map(certainly));
  const language = codeLanguage(name);
  if (language !== undefined) return runCode(shell, call, state, text, language, "file");
  return runWords(shell, call, state, [literally(name), ...call.argv], { via: name });
}

/** What the command itself wrote, and nobody can read, came from anywhere in it. */
function madeHere(shell: Shell, call: Call, state: State, path: string): Call {
  const isOwn = state.files.has(resolved(path, state.cwd));
  return isOwn ? { ...call, frame: { ...call.frame, statement: shell.whole } } : call;
}

function isText(text: string): boolean {
  return !/[\x01-\x08\x0e-\x1a]/.test(text.slice(0, 1_024));
}
