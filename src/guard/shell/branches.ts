import type { AndOr, Case, CompoundList, If, Word } from "unbash";
import { Expansion } from "./expansion.ts";
import { searchCost } from "./operations.ts";
import { compilePattern, matchEnds } from "./patterns.ts";
import type { Frame, Shell } from "./shell.ts";
import { merged, type State } from "./state.ts";
import { isKnown } from "./values.ts";

/** Each side is read, whatever is known of the other's success; ways go on only from where they can have come. */
export function andOr(shell: Shell, node: AndOr, frame: Frame, state: State): State[] {
  let ways = shell.node(node.commands[0]!, frame, state);
  for (const [index, operator] of node.operators.entries()) {
    const command = node.commands[index + 1]!;
    const isTaken = (way: State) => !way.jump && way.succeeded !== (operator === "||");
    const isSkipped = (way: State) => way.jump !== undefined || way.succeeded !== (operator === "&&");
    const taken = ways.filter(isTaken).flatMap((way) => shell.node(command, frame, way));
    // Never taken as far as is known, but read all the same.
    if (!ways.some(isTaken)) shell.node(command, frame, { ...ways[0]!, jump: undefined });
    const skipped = ways.filter(isSkipped).map((way) => (way.jump ? way : { ...way, succeeded: operator === "||" }));
    ways = merged([...taken, ...skipped]);
  }
  return ways;
}

export function conditional(shell: Shell, node: If, frame: Frame, state: State): State[] {
  const results: State[] = [];
  let ways = [state];
  for (const { clause, then } of [node, ...node.elif]) {
    const asked = merged(ways.flatMap((way) => shell.node(clause, frame, way)));
    results.push(...asked.filter((way) => way.jump));
    results.push(...possible(shell, then, frame, asked, (way) => way.succeeded !== false));
    ways = asked.filter((way) => !way.jump && way.succeeded !== true);
    if (ways.length === 0) ways = [{ ...asked[0]!, jump: undefined, succeeded: true }];
  }
  // A last `succeeded: true` marks a way that cannot be: its commands are read, and it ends there.
  if (node.else) results.push(...possible(shell, node.else, frame, ways, (way) => way.succeeded !== true));
  else results.push(...ways.filter((way) => way.succeeded !== true).map((way) => ({ ...way, succeeded: true })));
  return merged(results);
}

/** Reads the list from each way, and gives what follows on those that are possible. */
function possible(
  shell: Shell,
  list: CompoundList,
  frame: Frame,
  ways: readonly State[],
  isPossible: (way: State) => boolean,
): State[] {
  const here = ways.filter((way) => !way.jump);
  const open = here.filter(isPossible);
  if (open.length === 0 && here[0]) shell.node(list, frame, here[0]);
  return open.flatMap((way) => shell.node(list, frame, way));
}

export function cases(shell: Shell, node: Case, frame: Frame, state: State): State[] {
  const expansion = new Expansion(shell, frame, state);
  const value = expansion.text(node.word);
  const start = expansion.state;
  const results: State[] = [];
  let isDecided = false;
  let falling: State[] = [];
  for (const item of node.items) {
    const fits = isDecided ? false : matchesAny(new Expansion(shell, frame, start), item.pattern, value);
    const after = shell.node(item.body, frame, start);
    const ways = [...(fits === false ? [] : after), ...falling.flatMap((way) => shell.node(item.body, frame, way))];
    falling = item.terminator === ";&" ? ways : [];
    if (item.terminator !== ";&") results.push(...ways);
    if (fits === true && item.terminator !== ";;&") isDecided = true;
  }
  results.push(...falling);
  return merged(isDecided ? results : [...results, { ...start, succeeded: true }]);
}

/** A longer comparison decides nothing. */
const SEARCH_COST_MAX = 1_000_000;

function matchesAny(expansion: Expansion, patterns: readonly Word[], value: string): boolean | undefined {
  let result: boolean | undefined = false;
  for (const word of patterns) {
    const pattern = expansion.pattern(word);
    const isSearchable = isKnown(pattern) && isKnown(value) && searchCost(value, pattern) < SEARCH_COST_MAX;
    const tokens = isSearchable ? compilePattern(pattern) : null;
    if (tokens === null) result = undefined;
    else if (matchEnds(tokens, value, 0).at(-1) === value.length) return true;
  }
  return result;
}
