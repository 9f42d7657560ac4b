import type { Assignment, Command, Word } from "unbash";
import { assign } from "./assignments.ts";
import { Expansion } from "./expansion.ts";
import { assigned, lookUp } from "./parameters.ts";
import { resolved, written } from "./paths.ts";
import { entered, left, redirect, type Streams } from "./redirections.ts";
import type { Frame, Shell } from "./shell.ts";
import { having, merged, printed, type State } from "./state.ts";
import { HOLE, type Argument } from "./values.ts";

/**
 * A simple command. When it needs a parameter that nobody set, it is read twice: as if the parameter were empty, which
 * it is in a new shell, and as if it were anything, which it may be in one that lives on between an agent's calls.
 */
export function simpleCommand(shell: Shell, node: Command, frame: Frame, state: State): State[] {
  const expansion = new Expansion(shell, frame, state);
  const ways = expandedCommand(shell, node, frame, expansion);
  if (expansion.sawAbsent) expandedCommand(shell, node, frame, new Expansion(shell, frame, state, ""));
  return ways;
}

function expandedCommand(shell: Shell, node: Command, frame: Frame, expansion: Expansion): State[] {
  const alias = aliased(shell, node, frame, expansion.state);
  const argv = wordsOf(shell, node, expansion);
  const streams = redirect(shell, expansion, node.redirects, frame);
  const assignments = node.prefix.filter((prefix) => prefix.type === "Assignment");
  const text = frame.source.slice(node.pos, node.end);
  if (argv.length === 0) {
    for (const assignment of assignments) {
      assign(shell, expansion, assignment);
      standing(shell, assignment.name, frame, expansion.state);
    }
    const isRead = assignments.length === 0 && streams.input !== undefined && streams.input !== expansion.state.input;
    const before: State = { ...expansion.state, succeeded: assignments.some(hasCommand) ? undefined : true };
    // `$(< file)`
    const own = isRead ? printed(before, streams.input!) : before;
    if (streams.writes.length > 0) shell.invoke({ argv, frame, text, writes: streams.writes }, own);
    return [left(own, streams, entered(own, streams)), ...alias];
  }
  const outer = expansion.state;
  for (const assignment of assignments) {
    assign(shell, expansion, assignment);
    standing(shell, assignment.name, frame, expansion.state);
    const variable = expansion.state.variables.get(assignment.name)!;
    const variables = having(expansion.state.variables, assignment.name, { ...variable, isExported: true });
    expansion.state = { ...expansion.state, variables };
  }
  const own = expansion.state;
  // From here on, all that the shell reads and writes is elsewhere.
  if (argv.length === 1 && argv[0]!.value === "exec") {
    shell.invoke({ argv: [], frame, text, writes: streams.writes }, own);
    return [{ ...forgetfully(own, streams), succeeded: true }];
  }
  for (const word of ofAssignments.test(argv[0]!.value) ? argv : []) {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(word.value) ?? [];
    if (name !== undefined) standing(shell, name, frame, assigned(own, shell.around, name, value!));
  }
  const isPermanent = argv[0]!.value === "exec" || argv[0]!.value === "export";
  const after = shell.invoke({ argv, frame, text, writes: streams.writes }, entered(own, streams));
  return merged([
    ...after.map((way) => {
      const rest = left(own, streams, way);
      const last = shell.tracksLast ? (argv.at(-1)!.isGlob ? HOLE : argv.at(-1)!.value) : rest.last;
      const variables = isPermanent ? rest.variables : without(assignments, outer, rest.variables);
      return { ...rest, variables, last };
    }),
    ...alias,
  ]);
}

function forgetfully(state: State, { input, output }: Streams): State {
  if (output === "reader") return { ...state, input };
  const rest = { ...state, input, output: state.output && HOLE };
  return output === "nowhere" ? rest : written(rest, output.path, HOLE);
}

/** The assignments before a command are over with it. */
function without(assignments: readonly Assignment[], outer: State, variables: State["variables"]): State["variables"] {
  return assignments.reduce((all, { name }) => having(all, name, outer.variables.get(name)), variables);
}

function wordsOf(shell: Shell, node: Command, expansion: Expansion): Argument[] {
  const words = node.name ? expansion.fields(node.name) : [];
  for (const argument of node.args)
    if (argument.type === "Word") words.push(...expansion.fields(argument));
    else words.push(...declared(shell, argument, expansion));
  return words;
}

/** `export A=b`: an assignment to the grammar, a word to the builtin. */
function declared(shell: Shell, assignment: Assignment, expansion: Expansion): Argument[] {
  const { name, append, value, text } = assignment;
  if (value.type === "ArrayValue" || assignment.index) {
    assign(shell, expansion, assignment);
    return [{ value: name, isGlob: false, text }];
  }
  const start = `${name}${append ? "+" : ""}=`;
  // With braces in it, bash takes it for a word like any other.
  if (value.parts?.some((part) => part.type === "BraceExpansion"))
    return expansion.fields({ ...value, ...braced(value, start) });
  return [{ value: start + expansion.text(value, true), isGlob: false, text }];
}

function braced(value: Word, start: string): Pick<Word, "text" | "parts"> {
  const literal = { type: "Literal", value: start, text: start, pos: value.pos, end: value.pos } as const;
  return { text: start + value.text, parts: [literal, ...(value.parts ?? [])] };
}

/**
 * An alias works from the next line on, and only where the shell expands them: so the command is read both ways. Its
 * own name in it is no alias.
 */
function aliased(shell: Shell, node: Command, frame: Frame, state: State): State[] {
  const name = node.name?.text ?? "";
  const value = state.aliases.get(name);
  if (value === undefined) return [];
  const rest = frame.source.slice(node.name!.end, node.end);
  const without = { ...state, aliases: having(state.aliases, name, undefined) };
  const inside = { ...frame, via: [...frame.via, "alias"] };
  return shell.run(value + rest, inside, without).map((way) => ({ ...way, aliases: state.aliases }));
}

/** Programs run what these variables say: `GIT_EDITOR='sh -c …' git commit`, `PROMPT_COMMAND=…`. */
const ofCommands =
  /^(PROMPT_COMMAND|PS[0-4]|BASH_ENV|ENV|ZDOTDIR|(\w+_)?(EDITOR|PAGER|BROWSER|ASKPASS)|VISUAL|HGEDITOR|FCEDIT|MANPAGER|GIT_\w*(COMMAND|DIFF|PROXY)|LESSOPEN|LESSCLOSE|(RSYNC|CVS)_RSH|(GIT|SVN)_SSH|FZF_DEFAULT_COMMAND)$/;

const ofAssignments = /^(export|declare|typeset|local|readonly|env)$/;

function standing(shell: Shell, name: string, frame: Frame, state: State): void {
  if (!ofCommands.test(name)) return;
  const value = lookUp(name, "@", state, shell.around).items.join("\n");
  const inside = { ...frame, via: [...frame.via, name] };
  if (name === "ZDOTDIR") {
    for (const file of [".zshenv", ".zprofile", ".zshrc", ".zlogin"]) {
      const script = shell.read(resolved(`${value}/${file}`, state.cwd), frame, state);
      if (script !== null) shell.runApart(script, inside, state);
    }
  } else if (/^(BASH_ENV|ENV)$/.test(name)) {
    if (/\$\(|`/.test(value)) shell.runApart(`: "${value}"`, inside, state);
    const script = shell.read(resolved(value, state.cwd), frame, state);
    if (script !== null) shell.runApart(script, inside, state);
  } else if (/^PS\d$/.test(name)) {
    if (/\$\(|`/.test(value)) shell.runApart(`: "${value}"`, inside, state);
  } else if (value !== "") shell.runApart(value, inside, { ...state, output: undefined });
}

function hasCommand({ value }: Assignment): boolean {
  return value.type !== "Word" || (value.parts?.some((part) => part.type !== "Literal") ?? false);
}
