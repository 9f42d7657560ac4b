import type { CompoundCommand, CompoundList, Redirected } from "unbash";
import { Exhausted, limits } from "./budget.ts";
import { HOLE, either } from "./values.ts";

/** A function's body with the source that its positions mean. */
export type Body = { node: CompoundCommand | Redirected | CompoundList; source: string };

/**
 * `value` is undefined for what was unset. An array has the items by index or key, in their order. `refersTo` is the
 * variable that `declare -n` made this one stand for; "" until it is given one.
 */
export type Variable = {
  value: string | ReadonlyMap<string, string> | undefined;
  isExported: boolean;
  refersTo?: string;
};

/** `levels` are the loops that are still to be left. */
export type Jump = { kind: "break" | "continue" | "return" | "exit"; levels: number };

/**
 * What a shell knows at one point, on one way through the command. Never changed: the commands after it have another,
 * so that both sides of a branch can go on from here. Strings may have holes.
 */
export type State = {
  /** Laid over the environment of the surroundings. */
  variables: ReadonlyMap<string, Variable>;
  functions: ReadonlyMap<string, Body>;
  aliases: ReadonlyMap<string, string>;
  /** Content of files that were written by the command itself, by absolute path. */
  files: ReadonlyMap<string, string>;
  cwd: string;
  directories: readonly string[];
  /** `$0`, then the positional parameters. */
  positional: readonly string[];
  /** What is left on standard input; undefined where it is the whole command's. */
  input: string | undefined;
  /** What was printed so far; undefined where nothing in the command reads it, so that it tells no ways apart. */
  output: string | undefined;
  /** Whether the last command succeeded, where that is certain. */
  succeeded: boolean | undefined;
  /** What ends the list that is running: `break 2`, `return`, `exit`. */
  jump: Jump | undefined;
  /** `$_` */
  last: string;
  /** `allexport` and the like: `set -a` changes what later assignments mean. */
  options: ReadonlySet<string>;
  /** What `trap` was told to run, by the signals' names: at the end with what is known by then. */
  traps: ReadonlyMap<string, string>;
  /** What the variables declared local in the running function were before. */
  shadowed: ReadonlyMap<string, Variable | undefined>;
};

export function freshState(cwd: string): State {
  return {
    variables: new Map(),
    functions: new Map(),
    aliases: new Map(),
    files: new Map(),
    cwd,
    directories: [],
    positional: ["bash"],
    input: undefined,
    output: undefined,
    succeeded: true,
    jump: undefined,
    last: HOLE,
    options: new Set(),
    traps: new Map(),
    shadowed: new Map(),
  };
}

/** The map with one more entry, or one less. */
export function having<V>(map: ReadonlyMap<string, V>, key: string, value: V | undefined): ReadonlyMap<string, V> {
  if (map.size > limits.names) throw new Exhausted("these are more names than are kept");
  const next = new Map(map);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
}

/** Each way once; when they are too many, one that knows what all of them agree on. */
export function merged(states: readonly State[]): State[] {
  if (states.length < 2) return [...states];
  const distinct: State[] = [];
  for (const state of states) if (!distinct.some((other) => isSame(state, other))) distinct.push(state);
  return distinct.length <= limits.ways ? distinct : [distinct.reduce(joined)];
}

/** The state after printing. */
export function printed(state: State, text: string): State {
  if (state.output === undefined || text === "" || (text === HOLE && state.output.endsWith(HOLE))) return state;
  const output = state.output + text;
  return { ...state, output: output.length <= limits.value_characters ? output : HOLE };
}

/** What a shell of its own leaves behind: files, output, and how much was read. */
export function afterwards(outer: State, inner: State): State {
  const { files, output, input, succeeded } = inner;
  return { ...outer, files, output, input, succeeded };
}

const maps = ["variables", "functions", "aliases", "files", "traps", "shadowed"] as const;
const texts = ["cwd", "input", "output", "succeeded", "last"] as const;

export function isSame(one: State, other: State): boolean {
  if (one === other) return true;
  return (
    texts.every((field) => one[field] === other[field]) &&
    one.jump?.kind === other.jump?.kind &&
    one.jump?.levels === other.jump?.levels &&
    isSameList(one.positional, other.positional) &&
    isSameList(one.directories, other.directories) &&
    isSameList([...one.options], [...other.options]) &&
    maps.every((field) => isSameMap<unknown>(one[field], other[field]))
  );
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((item, index) => item === other[index]));
}

function isSameMap<V>(one: ReadonlyMap<string, V>, other: ReadonlyMap<string, V>): boolean {
  if (one === other) return true;
  if (one.size !== other.size) return false;
  for (const [key, value] of one) if (!other.has(key) || !isSameEntry(value, other.get(key))) return false;
  return true;
}

function isSameEntry(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!isVariable(one) || !isVariable(other) || one.isExported !== other.isExported) return false;
  if (one.refersTo !== other.refersTo) return false;
  if (one.value instanceof Map && other.value instanceof Map) return isSameMap(one.value, other.value);
  return one.value === other.value;
}

function isVariable(entry: unknown): entry is Variable {
  return typeof entry === "object" && entry !== null && "isExported" in entry;
}

function joined(one: State, other: State): State {
  const variables = new Map<string, Variable>();
  for (const name of [...one.variables.keys(), ...other.variables.keys()]) {
    const [left, right] = [one.variables.get(name), other.variables.get(name)];
    const isExported = Boolean(left?.isExported || right?.isExported);
    const agreed = left && right && isSameEntry({ ...left, isExported }, { ...right, isExported });
    variables.set(name, agreed ? { ...left, isExported } : { value: HOLE, isExported });
  }
  const files = new Map<string, string>();
  for (const path of [...one.files.keys(), ...other.files.keys()])
    files.set(path, either(one.files.get(path), other.files.get(path)));
  return {
    ...one,
    variables,
    files,
    functions: new Map([...one.functions, ...other.functions]),
    aliases: new Map([...one.aliases, ...other.aliases]),
    cwd: either(one.cwd, other.cwd),
    directories: isSameList(one.directories, other.directories) ? one.directories : [],
    positional: isSameList(one.positional, other.positional) ? one.positional : [HOLE, HOLE],
    input: one.input === other.input ? one.input : HOLE,
    output: one.output === other.output ? one.output : HOLE,
    jump: undefined,
    succeeded: one.succeeded === other.succeeded ? one.succeeded : undefined,
    last: either(one.last, other.last),
    options: new Set([...one.options, ...other.options]),
    traps: new Map([...one.traps, ...other.traps]),
    shadowed: new Map([...one.shadowed, ...other.shadowed]),
  };
}
