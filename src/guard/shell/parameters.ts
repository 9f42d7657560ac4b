import type { Surroundings } from "./reading.ts";
import { having, type State, type Variable } from "./state.ts";
import { HOLE } from "./values.ts";

/**
 * A parameter's values. `isAbsent`: neither the command nor its environment has it, so it is empty, unless the agent's
 * shell lives on from an earlier command and has it from there.
 */
export type Parameter = { items: readonly string[]; isList: boolean; isSet: boolean; isAbsent: boolean };

/** Bash sets these itself, to values that depend on the machine and the moment. */
const ofTheShell = new Set(
  [
    "? $ ! - RANDOM SRANDOM SECONDS LINENO EPOCHSECONDS EPOCHREALTIME BASHPID PPID UID EUID GROUPS HOSTNAME HOSTTYPE",
    "MACHTYPE OSTYPE BASH BASH_VERSION BASH_VERSINFO BASH_SUBSHELL BASH_COMMAND BASH_ARGV0 BASH_SOURCE BASH_REMATCH",
    "FUNCNAME PIPESTATUS SHELLOPTS BASHOPTS DIRSTACK OPTIND OPTARG COLUMNS LINES SHLVL PATH HOME COPROC REPLY",
  ].flatMap((names) => names.split(" ")),
);

export const DEFAULT_IFS = " \t\n";

export function lookUp(name: string, index: string | undefined, state: State, around: Surroundings): Parameter {
  if (name === "@" || name === "*") return list(state.positional.slice(1));
  if (/^\d+$/.test(name)) return positional(Number(name), state);
  if (name === "#") return one(state.positional.includes(HOLE, 1) ? HOLE : String(state.positional.length - 1));
  if (name === "_") return one(state.last);
  if (name === "PWD" && !state.variables.has(name)) return one(state.cwd);
  const variable = variableOf(name, state, around);
  const isList = index === "@" || index === "*";
  if (variable === undefined) return { ...missing(name), ...(isList && { isList }) };
  if (variable.value === undefined) return { items: [], isList, isSet: false, isAbsent: false };
  return typeof variable.value === "string" ? scalar(variable.value, index) : element(variable.value, index);
}

export function variableOf(name: string, state: State, around: Surroundings): Variable | undefined {
  const own = state.variables.get(name);
  if (own !== undefined) return own;
  const inherited = Object.hasOwn(around.env, name) ? around.env[name] : undefined;
  return inherited === undefined ? undefined : { value: inherited, isExported: true };
}

/** A variable's single value: an array's first element. */
export function valueOf(name: string, state: State, around: Surroundings): string | undefined {
  return lookUp(name, undefined, state, around).items[0];
}

export function assigned(state: State, around: Surroundings, name: string, value: Variable["value"]): State {
  const before = variableOf(name, state, around);
  const isExported = (before?.isExported ?? false) || state.options.has("allexport");
  return { ...state, variables: having(state.variables, name, { value, isExported }) };
}

function missing(name: string): Parameter {
  if (name === "IFS") return one(DEFAULT_IFS);
  if (ofTheShell.has(name)) return one(HOLE);
  return { items: [], isList: false, isSet: false, isAbsent: true };
}

function positional(place: number, state: State): Parameter {
  // A hole stands for any number of parameters, so that nothing after it has a known place.
  const isMoved = state.positional.slice(1, place + 1).includes(HOLE);
  const value = isMoved ? HOLE : state.positional[place];
  return value === undefined ? { items: [], isList: false, isSet: false, isAbsent: false } : one(value);
}

function scalar(value: string, index: string | undefined): Parameter {
  if (index === "@" || index === "*") return list([value]);
  if (index === undefined || index === "0" || index === "-1") return one(value);
  return index.includes(HOLE) ? one(HOLE) : { items: [], isList: false, isSet: false, isAbsent: false };
}

function element(items: ReadonlyMap<string, string>, index: string | undefined): Parameter {
  if (index === "@" || index === "*") return list([...items.values()]);
  if (index?.includes(HOLE)) return one(HOLE);
  const keys = [...items.keys()];
  const value = items.get(index?.startsWith("-") ? (keys.at(Number(index)) ?? "") : (index ?? "0"));
  return value === undefined ? { items: [], isList: false, isSet: false, isAbsent: false } : one(value);
}

function one(value: string): Parameter {
  return { items: [value], isList: false, isSet: true, isAbsent: false };
}

function list(items: readonly string[]): Parameter {
  return { items, isList: true, isSet: items.length > 0, isAbsent: false };
}
