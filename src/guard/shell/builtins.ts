import { quotedForShell } from "../../shell_words.ts";
import { Expansion } from "./expansion.ts";
import { changeDirectory, popDirectory, pushDirectory } from "./directories.ts";
import {
  declareVariables,
  exportVariables,
  localVariables,
  mapLines,
  readLine,
  readonlyVariables,
  setOptions,
  unsetNames,
} from "./declarations.ts";
import { assigned, assignedAt } from "./parameters.ts";
import { resolved } from "./paths.ts";
import { echoed, formatted } from "./printing.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import { having, merged, printed, type Jump, type State } from "./state.ts";
import { suspectInteger } from "./subscripts.ts";
import { HOLE, certainly, isKnown } from "./values.ts";

/** What bash does itself, as far as it changes what later commands mean. */
export const builtins = new Map<string, Handler>([
  [":", (_, __, state) => [{ ...state, succeeded: true }]],
  ["true", (_, __, state) => [{ ...state, succeeded: true }]],
  ["false", (_, __, state) => [{ ...state, succeeded: false }]],
  ["echo", (_, call, state) => [{ ...printed(state, echoed(values(call))), succeeded: true }]],
  ["print", (_, call, state) => [{ ...printed(state, echoed(values(call))), succeeded: true }]],
  ["printf", print],
  ["pwd", (_, __, state) => [{ ...printed(state, `${state.cwd}\n`), succeeded: true }]],
  ["cd", changeDirectory],
  ["chdir", changeDirectory],
  ["pushd", pushDirectory],
  ["popd", popDirectory],
  ["export", exportVariables],
  ["declare", declareVariables],
  ["typeset", declareVariables],
  ["readonly", readonlyVariables],
  ["local", localVariables],
  ["unset", unsetNames],
  ["read", readLine],
  ["mapfile", mapLines],
  ["readarray", mapLines],
  ["set", setOptions],
  ["shift", shift],
  ["eval", evaluate],
  ["source", source],
  [".", source],
  ["exec", execute],
  ["command", command],
  ["builtin", builtin],
  ["alias", alias],
  ["unalias", unalias],
  ["hash", hash],
  ["trap", trap],
  ["bind", bind],
  ["complete", complete],
  ["compgen", complete],
  ["history", (shell, call, state) => afterFlag(shell, call, state, "-s")],
  ["let", letNumbers],
  ["getopts", (shell, call, state) => [undecided(assigned(state, shell.around, values(call)[1] ?? "REPLY", HOLE))]],
  ["emulate", (shell, call, state) => afterFlag(shell, call, state, "-c")],
  ["type", lookProgram],
  ["test", (_, __, state) => [undecided(state)]],
  ["[", (_, __, state) => [undecided(state)]],
  ["shopt", (_, __, state) => [undecided(state)]],
  ["break", (_, call, state) => jump(call, state, "break")],
  ["continue", (_, call, state) => jump(call, state, "continue")],
  ["return", (_, call, state) => jump(call, state, "return")],
  ["exit", (_, call, state) => jump(call, state, "exit")],
  ["logout", (_, call, state) => jump(call, state, "exit")],
]);

function values(call: Call): string[] {
  return call.argv.slice(1).map(certainly);
}

function undecided(state: State): State {
  return { ...state, succeeded: undefined };
}

function print(shell: Shell, call: Call, state: State): State[] {
  const words = values(call);
  const name = words[0] === "-v" ? words[1] : undefined;
  const rest = words.slice(name === undefined ? 0 : 2);
  const [format = "", ...given] = rest[0] === "--" ? rest.slice(1) : rest;
  const text = formatted(format, given);
  const after = { ...state, succeeded: true };
  if (name !== undefined) suspectInteger(shell, state, name, text);
  return [name === undefined ? printed(after, text) : assignedAt(after, shell.around, name, text)];
}

function shift(_: Shell, call: Call, state: State): State[] {
  const count = Number(values(call)[0] ?? 1);
  const [name, ...rest] = state.positional;
  const isClear = Number.isSafeInteger(count) && isKnown(rest.slice(0, count).join(""));
  return [undecided({ ...state, positional: isClear ? [name!, ...rest.slice(count)] : [name!, HOLE] })];
}

function evaluate(shell: Shell, call: Call, state: State): State[] {
  const text = values(call).join(" ").replace(/^-- /, "");
  return shell.run(text, { ...call.frame, via: [...call.frame.via, "eval"] }, state);
}

function source(shell: Shell, call: Call, state: State): State[] {
  const [path = "", ...words] = values(call);
  const text = shell.read(resolved(path, state.cwd), call.frame, state);
  if (text === null) {
    shell.unknown("the file that is sourced here cannot be read", call.text ?? path);
    return [undecided(printed(state, HOLE))];
  }
  const isOwn = state.files.has(resolved(path, state.cwd));
  const statement = isOwn ? shell.whole : call.frame.statement;
  const frame = { ...call.frame, statement, via: [...call.frame.via, "source"] };
  const positional = words.length > 0 ? [state.positional[0]!, ...words] : state.positional;
  return shell.run(text, frame, { ...state, positional }).map((way) => ({
    ...way,
    positional: state.positional,
    jump: way.jump?.kind === "return" ? undefined : way.jump,
  }));
}

function execute(shell: Shell, call: Call, state: State): State[] {
  let at = 1;
  while (/^-[cl]*a?$/.test(call.argv[at]?.value ?? "")) at += call.argv[at]!.value.endsWith("a") ? 2 : 1;
  const frame = { ...call.frame, via: [...call.frame.via, "exec"] };
  const ways = shell.invoke({ argv: call.argv.slice(at), frame, skips: "shell" }, state);
  return ways.map((way) => ({ ...way, jump: { kind: "exit", levels: 1 } }));
}

function command(shell: Shell, call: Call, state: State): State[] {
  let at = 1;
  while (/^-[pvV]+$/.test(call.argv[at]?.value ?? ""))
    if (/v/i.test(call.argv[at++]!.value)) return lookProgram(shell, call, state);
  if (call.argv[at]?.value === "--") at++;
  return directly(shell, call, at, state);
}

function builtin(shell: Shell, call: Call, state: State): State[] {
  return directly(shell, call, 1, state);
}

function directly(shell: Shell, call: Call, at: number, state: State): State[] {
  if (at >= call.argv.length) return [{ ...state, succeeded: true }];
  const frame = { ...call.frame, via: [...call.frame.via, call.argv[0]!.value] };
  return shell.invoke({ argv: call.argv.slice(at), frame, skips: "functions" }, state);
}

/** `command -v git` names the program, which is all that anybody does with it. */
function lookProgram(_: Shell, call: Call, state: State): State[] {
  const names = values(call).filter((word) => !word.startsWith("-"));
  const isPath = values(call).some((word) => /^-[vpP]/.test(word));
  const lines = names.map((name) =>
    isPath && isKnown(name) ? `/usr/bin/${name}\n`.replace(/^\/usr\/bin\/\//, "/") : HOLE,
  );
  return [undecided(printed(state, lines.join("")))];
}

function alias(_: Shell, call: Call, state: State): State[] {
  let { aliases } = state;
  for (const word of values(call)) {
    const [, name, value] = /^([^=\s]+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && isKnown(name)) aliases = having(aliases, name, value);
  }
  return [undecided({ ...state, aliases })];
}

function unalias(_: Shell, call: Call, state: State): State[] {
  const names = values(call);
  const aliases = names.includes("-a")
    ? new Map<string, string>()
    : names.reduce((all, name) => having(all, name, undefined), state.aliases);
  return [undecided({ ...state, aliases })];
}

/** `hash -p /usr/bin/git g` gives a program another name. */
function hash(_: Shell, call: Call, state: State): State[] {
  const [flag, path, name] = values(call);
  if (flag !== "-p" || path === undefined || name === undefined) return [undecided(state)];
  return [{ ...state, aliases: having(state.aliases, name, quotedForShell(path)), succeeded: true }];
}

function trap(shell: Shell, call: Call, state: State): State[] {
  const words = values(call).filter((word, at) => at > 0 || word !== "--");
  const [text = "-"] = words;
  const isSet = words.length > 1 && text !== "-" && !/^-[lp]/.test(text);
  if (!isSet) return [{ ...state, succeeded: true }];
  aside(shell, call, state, text);
  return [{ ...state, traps: having(state.traps, words.slice(1).join(" "), text), succeeded: true }];
}

/** Reads text that will run some time later. */
function aside(shell: Shell, call: Call, state: State, text: string): void {
  const frame = { ...call.frame, via: [...call.frame.via, call.argv[0]!.value] };
  shell.run(text, frame, { ...state, output: undefined });
}

function bind(shell: Shell, call: Call, state: State): State[] {
  for (const word of values(call)) {
    const [, text] = /^[^:]*:(.+)$/s.exec(word) ?? [];
    if (text !== undefined) aside(shell, call, state, text.trim().replace(/^"(.*)"$/s, "$1"));
  }
  return [undecided(state)];
}

function complete(shell: Shell, call: Call, state: State): State[] {
  const words = values(call);
  for (const [at, word] of words.entries()) {
    const next = words[at + 1];
    const [, attached] = /^-[CF](.*)$/s.exec(word) ?? [];
    const command = attached === "" ? next : attached;
    if (command !== undefined) aside(shell, call, state, command);
    if (word === "-W" && /\$\(|`/.test(next ?? "")) aside(shell, call, state, `: ${next}`);
  }
  return [undecided(state)];
}

function afterFlag(shell: Shell, call: Call, state: State, flag: string): State[] {
  const words = values(call);
  const at = words.indexOf(flag);
  if (at >= 0 && words[at + 1] !== undefined) aside(shell, call, state, words[at + 1]!);
  return [undecided(state)];
}

function letNumbers(shell: Shell, call: Call, state: State): State[] {
  const expansion = new Expansion(shell, call.frame, state);
  for (const word of values(call)) expansion.reckon(word);
  return [undecided(expansion.state)];
}

function jump(call: Call, state: State, kind: Jump["kind"]): State[] {
  const isLoop = kind === "break" || kind === "continue";
  const levels = isLoop ? Math.max(1, Number(values(call)[0] ?? 1) || 1) : 1;
  return merged([{ ...state, jump: { kind, levels }, succeeded: isLoop ? true : undefined }]);
}
