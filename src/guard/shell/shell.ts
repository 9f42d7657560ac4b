import type { AndOr, CommandNode, CompoundList, Pipeline, Script, Statement } from "unbash";
import type { Budget } from "./budget.ts";
import type { Surroundings } from "./reading.ts";
import type { Body, State } from "./state.ts";
import type { Argument } from "./values.ts";

/** Where in the command the reading is. */
export type Frame = {
  /** What the positions of the syntax nodes mean. */
  source: string;
  via: readonly string[];
  /** In a container or on another machine: directories and files are not those of the surroundings. */
  isElsewhere: boolean;
  nesting: number;
  /** Functions that are running, each with the state that it was called in, so that a recursion ends. */
  calls: readonly (readonly [Body, State])[];
  /** The source of the statement, for those who are told of something unknown. */
  statement: string;
};

/** A command that is about to run: its words, and where. */
export type Call = {
  argv: readonly Argument[];
  frame: Frame;
  /** The source of the command; undefined where the words were put together. */
  text?: string;
  writes?: readonly Argument[];
  /** `functions` after `command` and `builtin`; `shell` for what a program runs, which knows no builtins either. */
  skips?: "functions" | "shell";
};

/** What can be run: a node of the syntax tree that stands for commands. */
export type Runnable = CommandNode | Pipeline | AndOr | CompoundList | Statement;

/** What the parts of the reading ask of each other. A command's handler gives the ways that may follow it. */
export type Shell = {
  around: Surroundings;
  budget: Budget;
  /** The whole command, for what was prepared in one part of it and runs in another. */
  whole: string;
  /** Whether `$_` is used anywhere. */
  tracksLast: boolean;
  node(node: Runnable, frame: Frame, state: State): State[];
  /** Runs words as a command would be run: through functions, builtins, wrappers. */
  invoke(call: Call, state: State): State[];
  /** Runs text in this very shell. */
  run(text: string, frame: Frame, state: State): State[];
  /** Runs text in a shell of its own. */
  runApart(text: string, frame: Frame, state: State, positional?: readonly string[]): State[];
  /** The ways at a shell's end, where its traps run. */
  ended(ways: readonly State[], frame: Frame): readonly State[];
  /** The output of a substitution. */
  substitute(script: Script, frame: Frame, state: State): { output: string; state: State };
  callFunction(body: Body, call: Call, state: State): State[];
  unknown(why: string, text: string): void;
  /** A file as it will be by then: what the command itself wrote comes first. */
  read(path: string, frame: Frame, state: State): string | null;
};

export type Handler = (shell: Shell, call: Call, state: State) => State[];
