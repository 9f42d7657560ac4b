import type { CompoundCommand, Function, Pipeline, Redirected, Statement } from "unbash";
import { andOr, cases, conditional } from "./branches.ts";
import { limits } from "./budget.ts";
import { simpleCommand } from "./commands.ts";
import { Expansion } from "./expansion.ts";
import { arithmeticLoop, conditionLoop, overWords } from "./loops.ts";
import { entered, left, redirect } from "./redirections.ts";
import type { Frame, Runnable, Shell } from "./shell.ts";
import { afterwards, having, merged, type State } from "./state.ts";
import { suspectOperands } from "./subscripts.ts";
import { HOLE } from "./values.ts";

/** Statements one after the other; a way that has left the list skips the rest. */
export function runList(shell: Shell, statements: readonly Statement[], frame: Frame, state: State): State[] {
  let [ways, gone]: [State[], State[]] = [[state], []];
  for (const [index, statement] of statements.entries()) {
    const isOutermost = frame.statement === "";
    const own = isOutermost ? { ...frame, statement: frame.source.slice(statement.pos, statement.end) } : frame;
    const after = ways.flatMap((way) => runNode(shell, statement, own, way));
    gone.push(...after.filter((way) => way.jump !== undefined));
    const isLast = index === statements.length - 1;
    // Nobody asks for the success of a command in the middle: it would only hold ways apart.
    ways = merged(after.filter((way) => !way.jump).map((way) => (isLast ? way : { ...way, succeeded: undefined })));
    gone = merged(gone);
    if (ways.length === 0) break;
  }
  return [...ways, ...gone];
}

export function runNode(shell: Shell, node: Runnable, frame: Frame, state: State): State[] {
  shell.budget.spend(1);
  const deeper = { ...frame, nesting: frame.nesting + 1 / 16 };
  if (deeper.nesting > limits.nesting) {
    shell.unknown("this is nested too deep to read", frame.source.slice(node.pos, node.end));
    return [state];
  }
  switch (node.type) {
    case "Statement":
      if (!node.background) return runNode(shell, node.command, deeper, state);
      return merged(runNode(shell, node.command, deeper, { ...state, input: "" })).map((way) => ({
        ...afterwards(state, way),
        input: state.input,
        succeeded: true,
      }));
    case "AndOr":
      return andOr(shell, node, deeper, state);
    case "Pipeline":
      return pipeline(shell, node, deeper, state);
    case "CompoundList":
      return runList(shell, node.commands, deeper, state);
    case "Command":
      return simpleCommand(shell, node, deeper, state);
    case "Redirected":
      return redirected(shell, node, deeper, state);
    case "Function":
      return [defined(node, deeper, state)];
    case "Coproc":
      // What it reads is written elsewhere in the command.
      return runNode(
        shell,
        node.body,
        { ...deeper, statement: shell.whole },
        { ...state, input: HOLE, output: undefined },
      ).map((way) => ({ ...state, files: way.files, succeeded: true }));
    default:
      return compound(shell, node, deeper, state);
  }
}

function compound(shell: Shell, node: CompoundCommand, frame: Frame, state: State): State[] {
  switch (node.type) {
    case "Subshell":
      // It has no traps of the shell around it, and its own run at its end.
      return merged(
        shell
          .ended(runList(shell, node.body.commands, frame, { ...state, traps: new Map() }), frame)
          .map((way) => afterwards(state, way)),
      );
    case "BraceGroup":
      return runList(shell, node.body.commands, frame, state);
    case "If":
      return conditional(shell, node, frame, state);
    case "For":
    case "Select":
      return overWords(shell, node, frame, state);
    case "While":
      return conditionLoop(shell, node, frame, state);
    case "ArithmeticFor":
      return arithmeticLoop(shell, node, frame, state);
    case "Case":
      return cases(shell, node, frame, state);
    case "TestCommand": {
      const expansion = new Expansion(shell, frame, state);
      suspectOperands(expansion, node);
      return [{ ...expansion.state, succeeded: undefined }];
    }
    case "ArithmeticCommand": {
      const expansion = new Expansion(shell, frame, state);
      const value = expansion.number(node.expression);
      return [{ ...expansion.state, succeeded: value === HOLE ? undefined : value !== "0" }];
    }
  }
}

function pipeline(shell: Shell, node: Pipeline, frame: Frame, state: State): State[] {
  const isNegated = node.prefixes.filter((prefix) => prefix.type === "Negation").length % 2 === 1;
  const negated = (way: State) =>
    isNegated && way.succeeded !== undefined ? { ...way, succeeded: !way.succeeded } : way;
  if (node.commands.length === 0) return [state];
  if (node.commands.length === 1) return runNode(shell, node.commands[0]!, frame, state).map(negated);
  const whole = { ...frame, statement: frame.source.slice(node.pos, node.end) };
  let ways: State[] = [{ ...state, output: "" }];
  for (const [index, command] of node.commands.entries()) {
    const isLast = index === node.commands.length - 1;
    const after = merged(
      ways.flatMap((way) => runNode(shell, command, whole, { ...way, output: isLast ? state.output : "" })),
    );
    if (isLast) return merged(after.flatMap((way) => lastOfPipe(state, negated(way))));
    ways = merged(after.map((way) => ({ ...state, files: way.files, input: way.output ?? HOLE, output: "" })));
  }
  return ways;
}

/** Bash runs the last part of a pipe in a shell of its own, zsh in this one: `echo main | read branch`. */
function lastOfPipe(state: State, way: State): State[] {
  const inBash = { ...afterwards(state, way), input: state.input };
  const inZsh = { ...way, input: state.input, jump: undefined };
  return way.variables === state.variables && way.cwd === state.cwd ? [inBash] : [inBash, inZsh];
}

function redirected(shell: Shell, node: Redirected, frame: Frame, state: State): State[] {
  const expansion = new Expansion(shell, frame, state);
  const streams = redirect(shell, expansion, node.redirects, frame);
  const own = expansion.state;
  if (streams.writes.length > 0) {
    const text = frame.source.slice(node.redirects[0]!.pos, node.end);
    shell.invoke({ argv: [], frame, text, writes: streams.writes }, own);
  }
  return runNode(shell, node.command, frame, entered(own, streams)).map((way) => left(own, streams, way));
}

function defined(node: Function, frame: Frame, state: State): State {
  const body = { node: node.body, source: frame.source };
  return { ...state, functions: having(state.functions, node.name.value, body), succeeded: true };
}
