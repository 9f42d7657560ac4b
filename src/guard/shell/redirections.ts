import type { Redirection } from "unbash";
import type { Expansion } from "./expansion.ts";
import { assigned } from "./parameters.ts";
import { resolved, written } from "./paths.ts";
import type { Frame, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { HOLE, isKnown, type Argument } from "./values.ts";

/** What a command reads and writes instead of what its shell does. */
export type Streams = {
  input: string | undefined;
  /** Where standard output goes: to whoever reads it, nowhere, or to a file. */
  output: "reader" | "nowhere" | { path: string; isAppended: boolean };
  writes: Argument[];
};

/** Expands and applies redirections; the state has the files that they made. */
export function redirect(
  shell: Shell,
  expansion: Expansion,
  redirections: readonly Redirection[],
  frame: Frame,
): Streams {
  const streams: Streams = { input: expansion.state.input, output: "reader", writes: [] };
  for (const redirection of redirections) {
    const { descriptor: given } = redirection;
    const descriptor = given?.type === "FileDescriptorVariable" ? allotted(shell, expansion, given.name) : given?.value;
    if (redirection.type === "Redirect") one(shell, expansion, redirection, descriptor, streams, frame);
    else {
      const text =
        redirection.type === "HereDoc"
          ? expansion.document(redirection)
          : redirection.target
            ? `${expansion.text(redirection.target)}\n`
            : "";
      if ((descriptor ?? 0) === 0) streams.input = text;
      else expansion.state = written(expansion.state, `/dev/fd/${descriptor}`, text);
    }
  }
  return streams;
}

/** `exec {fd}<file`: the shell finds a number and puts it into the variable. */
function allotted(shell: Shell, expansion: Expansion, name: string): number {
  let descriptor = 10;
  while (expansion.state.files.has(`/dev/fd/${descriptor}`)) descriptor++;
  expansion.state = assigned(expansion.state, shell.around, name, String(descriptor));
  return descriptor;
}

function one(
  shell: Shell,
  expansion: Expansion,
  redirection: Extract<Redirection, { type: "Redirect" }>,
  descriptor: number | undefined,
  streams: Streams,
  frame: Frame,
): void {
  const { operator, target } = redirection;
  if (target === undefined) return;
  const fields = expansion.fields(target);
  const word = fields.length === 1 ? fields[0]! : { value: HOLE, isGlob: false, text: target.text };
  if (operator === "<" && (descriptor ?? 0) !== 0) {
    const content = word.isGlob ? null : shell.read(resolved(word.value, expansion.state.cwd), frame, expansion.state);
    expansion.state = written(expansion.state, `/dev/fd/${descriptor}`, content ?? HOLE);
    return;
  }
  if (operator === "<") return reads(shell, expansion.state, word, streams, frame);
  const isDuplicate = /^(\d+-?|-)$/.test(word.value) && (operator === "<&" || operator === ">&");
  if (operator === "<&") {
    const other = expansion.state.files.get(`/dev/fd/${word.value.replace(/-$/, "")}`) ?? HOLE;
    if ((descriptor ?? 0) === 0) streams.input = word.value === "-" ? "" : word.value === "0" ? streams.input : other;
    return;
  }
  if (isDuplicate) {
    if ((descriptor ?? 1) === 1 && word.value !== "1") streams.output = "nowhere";
    return;
  }
  if (word.value === "/dev/null") {
    if ((descriptor ?? 1) === 1) streams.output = "nowhere";
    return;
  }
  streams.writes.push(word);
  const isOutput = descriptor === undefined ? operator !== "<>" : descriptor === 1;
  const isAppended = operator === ">>" || operator === "&>>";
  const path = word.isGlob ? HOLE : resolved(word.value, expansion.state.cwd);
  if (isOutput) streams.output = { path, isAppended };
  // What another descriptor gets is told by nobody; what is opened to be written is empty first.
  const content = isOutput ? (isAppended ? before(shell, path, frame, expansion.state) : "") : HOLE;
  expansion.state = written(expansion.state, path, content);
}

function before(shell: Shell, path: string, frame: Frame, state: State): string {
  return shell.read(path, frame, state) ?? (isKnown(path) ? "" : HOLE);
}

function reads(shell: Shell, state: State, word: Argument, streams: Streams, frame: Frame): void {
  if (word.value === "/dev/null") streams.input = "";
  else if (word.value !== "/dev/stdin")
    streams.input = word.isGlob ? HOLE : (shell.read(resolved(word.value, state.cwd), frame, state) ?? HOLE);
}

/** The state that the command starts in. */
export function entered(state: State, streams: Streams): State {
  const isRead = streams.output !== "reader" && streams.output !== "nowhere";
  return {
    ...state,
    input: streams.input,
    output: streams.output === "reader" ? state.output : isRead ? "" : undefined,
  };
}

/** The state after the command, with what it printed where it belongs. */
export function left(before: State, streams: Streams, after: State): State {
  const own = { ...after, input: streams.input === before.input ? after.input : before.input };
  if (streams.output === "reader") return own;
  const rest = { ...own, output: before.output };
  if (streams.output === "nowhere") return rest;
  const { path } = streams.output;
  const start = streams.output.isAppended ? (after.files.get(path) ?? "") : "";
  return written(rest, path, start + (after.output ?? HOLE));
}
