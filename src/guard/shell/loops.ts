import type { ArithmeticFor, For, Select, While } from "unbash";
import { limits } from "./budget.ts";
import { Expansion } from "./expansion.ts";
import { assigned } from "./parameters.ts";
import type { Frame, Shell } from "./shell.ts";
import { isSame, merged, type State } from "./state.ts";
import { suspectInteger } from "./subscripts.ts";
import { HOLE, certainly, isKnown } from "./values.ts";

export function overWords(shell: Shell, node: For | Select, frame: Frame, state: State): State[] {
  const expansion = new Expansion(shell, frame, state);
  const items = node.wordlist
    ? node.wordlist.flatMap((word) => expansion.fields(word)).map(certainly)
    : expansion.state.positional.slice(1);
  const isSelect = node.type === "Select";
  const rounds = isSelect || items.length > limits.rounds ? [HOLE] : items;
  const start = { ...expansion.state, succeeded: true };
  let [ways, done]: [State[], State[]] = [[start], isSelect ? [start] : []];
  for (const item of items) suspectInteger(shell, start, node.name.value, item);
  for (const item of rounds) {
    const before = ways.map((way) => assigned(way, shell.around, node.name.value, item));
    const after = before.flatMap((way) => shell.node(node.body, frame, way));
    ({ ways, done } = nextRound(after, done));
    // What is not known may have been no round at all.
    if (!isKnown(item)) ways = merged([...ways, ...before]);
    if (ways.length === 0) break;
  }
  if (rounds.length === 0) shell.node(node.body, frame, assigned(start, shell.around, node.name.value, HOLE));
  return merged([...ways, ...done]);
}

/** After a round: the ways that go on, and those that have left the loop. */
function nextRound(after: readonly State[], done: readonly State[]): { ways: State[]; done: State[] } {
  const [ways, gone]: [State[], State[]] = [[], []];
  for (const way of after) {
    const { jump } = way;
    if (jump === undefined) ways.push(way);
    else if (jump.kind === "return" || jump.kind === "exit") gone.push(way);
    else if (jump.levels > 1) gone.push({ ...way, jump: { ...jump, levels: jump.levels - 1 } });
    else (jump.kind === "break" ? gone : ways).push({ ...way, jump: undefined });
  }
  return { ways: merged(ways), done: merged([...done, ...gone]) };
}

/** Rounds of a loop that nobody knows the end of; then its variables are unknown. */
const UNDECIDED_ROUNDS_MAX = 4;

type Ask = (way: State) => State[];

function loop(ask: Ask, body: Ask, shell: Shell, state: State): State[] {
  let [ways, done]: [State[], State[]] = [[state], []];
  const seen: State[] = [];
  let undecided = 0;
  for (let round = 0; round < limits.rounds && ways.length > 0; round++) {
    seen.push(...ways);
    const asked = merged(ways.flatMap(ask));
    done = merged([...done, ...asked.filter((way) => way.jump || way.succeeded !== true)]);
    let open = asked.filter((way) => !way.jump && way.succeeded !== false);
    if (open.length === 0 && round === 0) asked.flatMap(body);
    if (open.some((way) => way.succeeded === undefined) && ++undecided > UNDECIDED_ROUNDS_MAX) {
      open = [forgotten(state, open)];
      round = limits.rounds;
    }
    shell.budget.spend(1);
    ({ ways, done } = nextRound(open.flatMap(body), done));
    ways = ways.filter((way) => !seen.some((other) => isSame(way, other)));
  }
  return done.length > 0
    ? done.map((way) => (way.jump ? way : { ...way, succeeded: true }))
    : [...ways, ...seen.slice(-1)];
}

/** What a loop may have made of its variables after any number of rounds. */
function forgotten(before: State, ways: readonly State[]): State {
  const variables = new Map(ways[0]!.variables);
  for (const way of ways)
    for (const [name, variable] of way.variables)
      if (before.variables.get(name)?.value !== variable.value) variables.set(name, { ...variable, value: HOLE });
  const input = ways.some((way) => way.input !== before.input) ? HOLE : before.input;
  const cwd = ways.some((way) => way.cwd !== before.cwd) ? HOLE : before.cwd;
  return { ...ways[0]!, variables, input, cwd };
}

export function conditionLoop(shell: Shell, node: While, frame: Frame, state: State): State[] {
  const ask = (way: State) =>
    shell
      .node(node.clause, frame, way)
      .map((after) =>
        node.kind === "until" && after.succeeded !== undefined ? { ...after, succeeded: !after.succeeded } : after,
      );
  return loop(ask, (way) => shell.node(node.body, frame, way), shell, state);
}

export function arithmeticLoop(shell: Shell, node: ArithmeticFor, frame: Frame, state: State): State[] {
  const reckoned = (expression: ArithmeticFor["test"], way: State): State => {
    const expansion = new Expansion(shell, frame, way);
    const value = expansion.number(expression);
    const succeeded = expression === undefined ? true : value === HOLE ? undefined : value !== "0";
    return { ...expansion.state, succeeded };
  };
  const body = (way: State) =>
    shell.node(node.body, frame, way).map((after) => (after.jump ? after : reckoned(node.update, after)));
  return loop((way) => [reckoned(node.test, way)], body, shell, reckoned(node.initialize, state));
}
