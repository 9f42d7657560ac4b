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
  const target = referred(name, state);
  if (target?.index !== undefined) return lookUp(target.name, index ?? target.index, state, around);
  const variable = variableOf(name, state, around);
  const isList = index === "@" || index === "*";
  if (target?.name === HOLE) return one(HOLE);
  if (variable === undefined) return { ...missing(name), ...(isList && { isList }) };
  if (variable.value === undefined) return { items: [], isList, isSet: false, isAbsent: false };
  return typeof variable.value === "string" ? scalar(variable.value, index) : element(variable.value, index);
}

export function variableOf(name: string, state: State, around: Surroundings): Variable | undefined {
  const target = referred(name, state);
  if (target !== undefined) return variableOf(target.name, state, around);
  const own = state.variables.get(name);
  if (own !== undefined) return own;
  const inherited = Object.hasOwn(around.env, name) ? around.env[name] : undefined;
  return inherited === undefined ? undefined : { value: inherited, isExported: true };
}

/** What the options of the shell have for a variable that is an integer: `declare -i x`. */
export const integer = (name: string) => `integer ${name}`;

/** Those that are integers without being declared. */
const integersOfTheShell = new Set(["RANDOM", "SRANDOM", "OPTIND", "HISTCMD"]);

/** Whether bash reckons what this variable, or an element of it, is given. */
export function isInteger(target: string, state: State): boolean {
  const name = target.replace(/\[.*$/s, "");
  const own = referred(name, state)?.name ?? name;
  return integersOfTheShell.has(own) || state.options.has(integer(own));
}

const REFERENCES_MAX = 8;

/** What a name reference stands for: `declare -n r=x`, `declare -n r='x[1]'`. */
function referred(name: string, state: State): { name: string; index: string | undefined } | undefined {
  let own = state.variables.get(name);
  if (own?.refersTo === undefined) return undefined;
  let target: RegExpExecArray | null = null;
  for (let steps = 0; own?.refersTo !== undefined && steps < REFERENCES_MAX; steps++) {
    target = /^(\w+)(?:\[([^\]]*)\])?$/.exec(own.refersTo);
    if (target === null) break;
    own = state.variables.get(target[1]!);
  }
  // What is not known, and what goes round in a circle, is the name of no variable.
  return target === null || own?.refersTo !== undefined
    ? { name: HOLE, index: undefined }
    : { name: target[1]!, index: target[2] };
}

/** A variable's single value: an array's first element. */
export function valueOf(name: string, state: State, around: Surroundings): string | undefined {
  return lookUp(name, undefined, state, around).items[0];
}

export function assigned(state: State, around: Surroundings, name: string, value: Variable["value"]): State {
  const own = state.variables.get(name);
  if (own?.refersTo === "" && typeof value === "string")
    return { ...state, variables: having(state.variables, name, { ...own, refersTo: value }) };
  const target = referred(name, state);
  if (target !== undefined) return referring(state, around, target, value);
  const before = variableOf(name, state, around);
  const isExported = (before?.isExported ?? false) || state.options.has("allexport");
  return { ...state, variables: having(state.variables, name, { value, isExported }) };
}

function referring(
  state: State,
  around: Surroundings,
  { name, index }: { name: string; index: string | undefined },
  value: Variable["value"],
): State {
  if (index === undefined) return assigned(state, around, name, value);
  return assignedAt(state, around, `${name}[${index}]`, typeof value === "string" ? value : HOLE);
}

/** Assigns to a name that may have an index: `x`, `x[1]`, as `printf -v`, `read` and `unset` are given it. */
export function assignedAt(state: State, around: Surroundings, target: string, value: string | undefined): State {
  const [, name = target, index] = /^(\w+)\[(.*)\]$/s.exec(target) ?? [];
  if (index === undefined) return assigned(state, around, name, value);
  const before = variableOf(name, state, around)?.value;
  const items = new Map(before instanceof Map ? before : typeof before === "string" ? [["0", before]] : []);
  const key = index.replace(/^(['"])(.*)\1$/s, "$2");
  // An unknown place may be any of them.
  if (!/^[\w.-]+$/.test(key)) return assigned(state, around, name, HOLE);
  if (value === undefined) items.delete(key);
  else items.set(key, value);
  return assigned(state, around, name, items);
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
  if (index === "@" || index === "*") return list(inOrder(items));
  if (index?.includes(HOLE)) return one(HOLE);
  const keys = [...items.keys()];
  const value = items.get(index?.startsWith("-") ? (keys.at(Number(index)) ?? "") : (index ?? "0"));
  return value === undefined ? { items: [], isList: false, isSet: false, isAbsent: false } : one(value);
}

/** An array's items stand by their indices, whatever was assigned first; those of keys have no order to know. */
function inOrder(items: ReadonlyMap<string, string>): string[] {
  const entries = [...items];
  const isNumbered = entries.every(([key]) => /^\d+$/.test(key));
  return (isNumbered ? entries.sort(([a], [b]) => Number(a) - Number(b)) : entries).map(([, value]) => value);
}

function one(value: string): Parameter {
  return { items: [value], isList: false, isSet: true, isAbsent: false };
}

function list(items: readonly string[]): Parameter {
  return { items, isList: true, isSet: items.length > 0, isAbsent: false };
}
