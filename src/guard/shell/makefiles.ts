import { optionWord, readOptions } from "./options.ts";
import { resolved } from "./paths.ts";
import { nothingRun, runText } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { HOLE, certainly, isKnown } from "./values.ts";

/** Runs the recipes of a Makefile or a justfile for the targets that are asked for, with what they depend on. */
export const makefiles = new Map<string, Handler>([
  ...["make", "gmake", "bmake", "remake"].map((name) => [name, make] as const),
  ["just", just],
]);

type Rule = { targets: string[]; needs: string[]; lines: string[] };
type Recipes = { rules: Rule[]; variables: Map<string, string>; isWhole: boolean };

const RULES_MAX = 200;

function make(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, {
    short: "CfIoWEj",
    long: ["directory", "file", "makefile", "include-dir", "eval"],
  });
  const directory = optionWord(options, "C", "directory");
  const there = directory ? { ...state, cwd: resolved(certainly(directory), state.cwd) } : state;
  const given = optionWord(options, "f", "file", "makefile");
  const paths = given ? [certainly(given)] : ["GNUmakefile", "makefile", "Makefile"];
  const evaluated = optionWord(options, "E", "eval");
  const read = paths.map((path) =>
    path === "-" ? state.input : shell.read(resolved(path, there.cwd), call.frame, there),
  );
  const text = read.find((one) => typeof one === "string");
  if (typeof text !== "string") {
    shell.unknown("the Makefile cannot be read", call.text ?? "make");
    return nothingRun(state);
  }
  const recipes = parseMakefile(evaluated ? `${text}\n${certainly(evaluated)}` : text);
  const targets: string[] = [];
  for (const word of call.argv.slice(options.at).map(certainly)) {
    const [, name, value] = /^([\w.-]+)\s*[:?+]?=(.*)$/s.exec(word) ?? [];
    if (name !== undefined) recipes.variables.set(name, value!);
    else if (!word.startsWith("-")) targets.push(word);
  }
  const first = recipes.rules.flatMap((rule) => rule.targets).find((target) => !/^\.|%/.test(target));
  for (const target of targets.length > 0 ? targets : [recipes.variables.get(".DEFAULT_GOAL") ?? first ?? "all"])
    build(shell, call, { ...there, output: undefined }, recipes, target, new Set());
  return nothingRun(state);
}

function build(shell: Shell, call: Call, state: State, recipes: Recipes, target: string, done: Set<string>): void {
  if (done.has(target) || done.size > RULES_MAX) return;
  done.add(target);
  const rules = recipes.rules.filter((rule) => rule.targets.some((pattern) => fits(pattern, target)));
  const isRoot = done.size === 1;
  if (rules.length === 0 && isRoot)
    shell.unknown("there is no recipe of this name that can be read", call.text ?? target);
  for (const rule of rules) {
    for (const need of rule.needs) build(shell, call, state, recipes, need, done);
    for (const line of rule.lines) {
      const text = madeText(shell, call, state, recipes, line, { target, needs: rule.needs });
      runText(shell, call, state, text.replace(/^[\s@+-]+/, ""), { via: "make" });
    }
  }
}

function fits(pattern: string, target: string): boolean {
  const percent = pattern.indexOf("%");
  if (!isKnown(pattern) || !isKnown(target)) return true;
  if (percent < 0) return pattern === target;
  return target.startsWith(pattern.slice(0, percent)) && target.endsWith(pattern.slice(percent + 1));
}

/** Reads rules and plain variables; conditionals are read on all their sides. */
function parseMakefile(text: string): Recipes {
  const recipes: Recipes = { rules: [], variables: new Map(), isWhole: true };
  let rule: Rule | undefined;
  for (const line of text.replaceAll(/\\\n[ \t]*/g, " ").split("\n")) {
    if (line.startsWith("\t") && rule) {
      rule.lines.push(line.slice(1));
      continue;
    }
    const plain = line.replace(/(^|\s)#.*$/, "").trimEnd();
    const [, name, value] = /^(?:export\s+|override\s+)?([\w.-]+)\s*(?:::?|\?|\+|!)?=\s*(.*)$/.exec(plain) ?? [];
    if (name !== undefined) {
      recipes.variables.set(name, value!);
      continue;
    }
    const colon = plain.indexOf(":");
    const targets = plain.slice(0, Math.max(colon, 0));
    if (targets.trim() === "" || /^\s|[#=]/.test(targets)) continue;
    const [, needs = "", inline] = /^:?([^;=]*)(?:;(.*))?$/.exec(plain.slice(colon + 1)) ?? [];
    rule = {
      targets: wordsIn(targets, recipes),
      needs: wordsIn(needs.replace("|", " "), recipes),
      lines: inline ? [inline] : [],
    };
    recipes.rules.push(rule);
  }
  return recipes;
}

function wordsIn(text: string, recipes: Recipes): string[] {
  const expanded = text.replaceAll(/\$[({]([\w.-]+)[)}]/g, (_, name: string) => recipes.variables.get(name) ?? HOLE);
  return expanded.split(/\s+/).filter((word) => word !== "");
}

/** A recipe's line as the shell gets it. */
function madeText(
  shell: Shell,
  call: Call,
  state: State,
  recipes: Recipes,
  line: string,
  { target, needs }: { target: string; needs: readonly string[] },
  depth = 0,
): string {
  shell.budget.spend(1 + line.length / 64);
  if (depth > 8) return HOLE;
  const again = (text: string) => madeText(shell, call, state, recipes, text, { target, needs }, depth + 1);
  return line.replaceAll(
    /\$(?:\$|[({]((?:[^(){}$]|\$[({][^(){}]*[)}])*)[)}]|(.))/g,
    (all, inside?: string, letter?: string) => {
      if (all === "$$") return "$";
      const name = inside ?? letter!;
      if (name === "@") return target;
      if (name === "<") return needs[0] ?? "";
      if (name === "^" || name === "+") return needs.join(" ");
      if (name === "MAKE") return "make";
      const [, command] = /^shell\s+(.*)$/s.exec(name) ?? [];
      if (command !== undefined) runText(shell, call, state, again(command), { via: "make" });
      const value = recipes.variables.get(name) ?? shell.around.env[name];
      if (value === undefined) return /^[\w.-]+$/.test(name) ? "" : HOLE;
      const made = again(value);
      return shell.budget.holds(made.length) ? made : HOLE;
    },
  );
}

function just(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "fd", long: ["justfile", "working-directory", "set"] });
  const directory = optionWord(options, "d", "working-directory");
  const there = directory ? { ...state, cwd: resolved(certainly(directory), state.cwd) } : state;
  const given = optionWord(options, "f", "justfile");
  const paths = given ? [certainly(given)] : ["justfile", "Justfile", ".justfile"];
  const text = paths
    .map((path) => shell.read(resolved(path, there.cwd), call.frame, there))
    .find((one) => one !== null);
  if (typeof text !== "string") {
    shell.unknown("the justfile cannot be read", call.text ?? "just");
    return nothingRun(state);
  }
  const rules = parseJustfile(text);
  const asked = call.argv
    .slice(options.at)
    .map(certainly)
    .filter((word) => !/^[-\w]+=/.test(word));
  const names = asked.length > 0 ? asked : rules.slice(0, 1).map((rule) => rule.targets[0]!);
  const done = new Set<Rule>();
  const run = (name: string, isAsked: boolean) => {
    const rule = rules.find(({ targets }) => targets.includes(name));
    if (rule === undefined && isAsked)
      return shell.unknown("there is no recipe of this name that can be read", call.text ?? name);
    if (rule === undefined || done.has(rule)) return;
    done.add(rule);
    for (const need of rule.needs) run(need, false);
    const lines = rule.lines.map((line) => line.replaceAll(/\{\{[^}]*\}\}/g, HOLE));
    const isScript = lines[0]?.startsWith("#!") ?? false;
    for (const part of isScript ? [lines.join("\n")] : lines.map((line) => line.replace(/^[@-]+/, "")))
      runText(shell, call, { ...there, output: undefined }, part, { via: "just" });
  };
  // Words after the first may be its parameters.
  for (const [at, name] of names.entries()) run(name, at === 0);
  return nothingRun(state);
}

function parseJustfile(text: string): Rule[] {
  const rules: Rule[] = [];
  for (const line of text.replaceAll(/\\\n[ \t]*/g, " ").split("\n")) {
    const [, name, needs] = /^@?([A-Za-z_][\w-]*)(?:\s[^:]*)?:(?!=)\s*(.*)$/.exec(line) ?? [];
    const words = (needs ?? "")
      .replaceAll(/[()&]/g, " ")
      .split(/\s+/)
      .filter((word) => /^[A-Za-z_][\w-]*$/.test(word));
    if (name !== undefined) rules.push({ targets: [name], needs: words, lines: [] });
    else if (/^[ \t]+\S/.test(line)) rules.at(-1)?.lines.push(line.trim());
    const [, alias, target] = /^alias\s+([\w-]+)\s*:=\s*([\w-]+)/.exec(line) ?? [];
    if (alias !== undefined) rules.find(({ targets }) => targets.includes(target!))?.targets.push(alias);
  }
  return rules;
}
