import { quotedForShell } from "../../shell_words.ts";
import type { Call, Shell } from "./shell.ts";
import { printed, type State } from "./state.ts";
import { HOLE, certainly, isKnown, type Argument } from "./values.ts";

/** What a program's handler does with the words and texts that the program would run. */
type Running = { via: string; isElsewhere?: boolean };

function inside(call: Call, { via, isElsewhere }: Running): Call["frame"] {
  const { frame } = call;
  return { ...frame, via: [...frame.via, via], isElsewhere: frame.isElsewhere || Boolean(isElsewhere) };
}

export function runWords(shell: Shell, call: Call, state: State, argv: readonly Argument[], how: Running): State[] {
  const frame = inside(call, how);
  const nesting = frame.nesting + 1 / 4;
  if (argv.length === 0) return nothingRun(state);
  return shell.invoke({ argv, frame: { ...frame, nesting }, skips: "shell" }, state);
}

/** Runs text as `sh -c` would. */
export function runText(
  shell: Shell,
  call: Call,
  state: State,
  text: string,
  how: Running,
  positional?: readonly string[],
): State[] {
  const frame = inside(call, how);
  if (text.replaceAll(HOLE, "").trim() === "") {
    if (text.includes(HOLE)) shell.unknown("what runs here is not known", frame.statement || call.text || text);
    return nothingRun(state);
  }
  return shell.runApart(text, frame, state, positional);
}

/** Runs what stands on standard input, for a shell that was given nothing else. */
export function runInput(
  shell: Shell,
  call: Call,
  state: State,
  how: Running,
  positional?: readonly string[],
): State[] {
  if (state.input === undefined) return nothingRun(state);
  const ways = runText(shell, call, { ...state, input: "" }, state.input, how, positional);
  return ways.map((way) => ({ ...way, input: "" }));
}

/** A program of which nothing is known but that it ran. */
export function nothingRun(state: State): State[] {
  return [printed({ ...state, succeeded: undefined }, HOLE)];
}

/** Words as they are joined to text by `ssh`, `watch` and `eval`. */
export function joinedWords(argv: readonly Argument[]): string {
  return argv.map(certainly).join(" ");
}

/** Words as text that means just these words. */
export function quotedWords(argv: readonly Argument[]): string {
  return argv
    .map(certainly)
    .map((value) => (isKnown(value) ? quotedForShell(value) : value))
    .join(" ");
}
