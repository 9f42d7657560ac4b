import { valueOf } from "./parameters.ts";
import { resolved } from "./paths.ts";
import type { Call, Shell } from "./shell.ts";
import { having, type State } from "./state.ts";
import { HOLE, certainly, isKnown } from "./values.ts";

/** A change of directory is taken to succeed: what follows is then judged where the command means to be. */
export function changeDirectory(shell: Shell, call: Call, state: State): State[] {
  return [moved(state, target(shell, call, state))];
}

export function pushDirectory(shell: Shell, call: Call, state: State): State[] {
  const isSwap = call.argv.length === 1;
  const [top = HOLE, ...rest] = state.directories;
  if (isSwap) return [{ ...moved(state, top), directories: [state.cwd, ...rest] }];
  const isRotation = /^[-+]\d+$/.test(call.argv[1]!.value);
  const next = isRotation ? HOLE : target(shell, call, state);
  return [{ ...moved(state, next), directories: isRotation ? [] : [state.cwd, ...state.directories] }];
}

export function popDirectory(_: Shell, call: Call, state: State): State[] {
  const [top = HOLE, ...rest] = state.directories;
  if (call.argv.length > 1) return [{ ...moved(state, HOLE), directories: [] }];
  return [{ ...moved(state, top), directories: rest }];
}

function target(shell: Shell, call: Call, state: State): string {
  const words = call.argv.slice(1).filter(({ value }) => !/^-[LPe@]+$|^--$/.test(value));
  const [word] = words;
  if (word === undefined) return call.argv.length > 1 && call.argv[1]!.value === "--" ? HOLE : home(shell, state);
  const path = certainly(word);
  if (words.length > 1 || !isKnown(path)) return HOLE;
  if (path === "") return state.cwd;
  if (path === "-") return valueOf("OLDPWD", state, shell.around) ?? HOLE;
  const isSearched = !/^\.{0,2}\//.test(path) && path !== "." && path !== "..";
  if (isSearched && valueOf("CDPATH", state, shell.around)) return HOLE;
  return resolved(path, state.cwd);
}

function home(shell: Shell, state: State): string {
  return valueOf("HOME", state, shell.around) ?? HOLE;
}

function moved(state: State, cwd: string): State {
  const before = { value: state.cwd, isExported: false };
  const variables = having(having(state.variables, "OLDPWD", before), "PWD", undefined);
  return { ...state, cwd, variables, succeeded: isKnown(cwd) ? true : undefined };
}
