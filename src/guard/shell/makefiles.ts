import { hasOption, readOptions, type Options } from "./options.ts";
import { variableOf } from "./parameters.ts";
import { resolved } from "./paths.ts";
import { joinedWords, nothingRun, runText } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { HOLE, certainly, isKnown, literally, shown, type Argument } from "./values.ts";

/** Runs the recipes of a Makefile for the targets that are asked for, with what they depend on. */
export const makefiles = new Map<string, Handler>(
  ["make", "gmake", "bmake", "remake"].map((name) => [name, make] as const),
);

type Rule = { targets: string[]; needs: string[]; lines: string[] };
type Recipes = {
  rules: Rule[];
  variables: Map<string, string>;
  /** Lines that make expands while it reads them, and commands that it runs then: `X != cmd`. */
  read: string[];
  commands: string[];
  /** With `-n`, `-q` and `-t` no recipe runs, but for the lines that are marked, and those that call make again. */
  isDry: boolean;
};

const RULES_MAX = 200;
const FILES_MAX = 16;

const takes = {
  short: "CfIoWE",
  long: [
    ..."directory file makefile include-dir eval old-file assume-old".split(" "),
    ..."what-if new-file assume-new".split(" "),
  ],
};
const DRY = ["n", "q", "t", "just-print", "dry-run", "recon", "question", "touch"];

function make(shell: Shell, call: Call, state: State): State[] {
  const [program, ...argv] = call.argv;
  const flags = ["GNUMAKEFLAGS", "MAKEFLAGS"].map((name) => exported(shell, state, name) ?? "").join(" ");
  const { given, words } = optionsAndWords([program!, ...wordsOf(flags), ...argv]);
  const all = (...names: string[]) =>
    given.flatMap(([name, word]) => (names.some((one) => isNamed(name, one)) && word ? [certainly(word)] : []));
  const there = { ...state, cwd: all("C", "directory").reduce((cwd, path) => resolved(path, cwd), state.cwd) };
  const named = all("f", "file", "makefile");
  const found = ["GNUmakefile", "makefile", "Makefile"].find(
    (path) => shell.read(resolved(path, there.cwd), call.frame, there) !== null,
  );
  const recipes: Recipes = {
    rules: [],
    variables: new Map(),
    // What stands in these variables, make expands before it takes its words from there.
    read: [flags],
    commands: [],
    isDry: hasOption({ at: 0, given }, ...DRY),
  };
  const text = (path: string) =>
    path === "-" ? (state.input ?? null) : shell.read(resolved(path, there.cwd), call.frame, there);
  const before = (exported(shell, state, "MAKEFILES") ?? "").split(/\s+/).filter(Boolean);
  const texts = [...before, ...(named.length > 0 ? named : [found ?? "Makefile"])].map(text);
  if (texts.at(-1) === null) {
    shell.unknown("the Makefile cannot be read", call.text ?? shown(joinedWords(call.argv)));
    return nothingRun(state);
  }
  parseMakefile([...texts, ...all("E", "eval")].join("\n"), recipes, text, { left: FILES_MAX });
  const targets: string[] = [];
  for (const word of words.map(certainly)) {
    const [, name, value] = /^([\w.-]+)\s*[:?+]?=(.*)$/s.exec(word) ?? [];
    if (name === undefined) targets.push(word);
    else recipes.variables.set(name, value!);
    if (/\$[({]shell\s/.test(value ?? "")) recipes.read.push(value!);
  }
  const own = { ...there, output: undefined };
  whileReading(shell, call, own, recipes);
  if (hasOption({ at: 0, given }, "v", "version", "h", "help")) return nothingRun(state);
  const first = recipes.rules.flatMap((rule) => rule.targets).find((target) => !/^\.|%/.test(target));
  for (const target of targets.length > 0 ? targets : [recipes.variables.get(".DEFAULT_GOAL") ?? first ?? "all"])
    build(shell, call, own, recipes, target, new Set());
  return nothingRun(state);
}

/** `MAKEFLAGS=n`, `MAKEFLAGS='--eval=x:;cmd A=b'`: what is not known there is nothing. */
function wordsOf(flags: string): Argument[] {
  const words = [...flags.matchAll(/(?:[^\s\\]|\\.)+/gs)].map(([word]) => word.replaceAll(/\\(.)/gs, "$1"));
  return words
    .filter((word) => isKnown(word) && word !== "--")
    .map((word) => literally(/^\w+$/.test(word) ? `-${word}` : word));
}

/** A variable that make has from its environment, where it is known. */
function exported(shell: Shell, state: State, name: string): string | undefined {
  const { value, isExported } = variableOf(name, state, shell.around) ?? {};
  return isExported && typeof value === "string" && isKnown(value) ? value : undefined;
}

/** GNU's make reads an abbreviation for the whole name. */
const isNamed = (name: string, whole: string) =>
  name === whole || (name.length > 2 && whole.startsWith(name) && takes.long.includes(whole));

/** Options may stand between the targets. After `-j` a number is its word, and everything else is a target. */
function optionsAndWords(argv: readonly Argument[]): { given: Options["given"]; words: Argument[] } {
  const given: Options["given"][number][] = [];
  const words: Argument[] = [];
  for (let at = 1; at < argv.length;) {
    const options = readOptions(argv, at, takes);
    given.push(...options.given);
    const last = argv[options.at - 1]?.value ?? "";
    const isNumber = /^(-[a-zA-Z]*[jl]|--(jobs|load-average|max-load))$/.test(last);
    if (options.at > at && last === "--") return { given, words: [...words, ...argv.slice(options.at)] };
    const word = argv[options.at];
    if (word && !(isNumber && /^[\d.]+$/.test(word.value))) words.push(word);
    at = options.at + 1;
  }
  return { given, words };
}

/** What make starts before any recipe, whatever it was asked for. */
function whileReading(shell: Shell, call: Call, state: State, recipes: Recipes): void {
  for (const line of recipes.read) madeText(shell, call, state, recipes, line, { target: HOLE, needs: [] });
  for (const line of recipes.commands) {
    const text = madeText(shell, call, state, recipes, line, { target: HOLE, needs: [] });
    runText(shell, call, state, text, { via: "make" });
  }
  const own = recipes.variables.get("SHELL");
  if (own !== undefined && !/^(\/(usr\/)?(local\/)?bin\/)?(env )?(ba|z|da|k|a)?sh$/.test(own))
    runText(shell, call, state, `${own} -c :`, { via: "make" });
}

function build(shell: Shell, call: Call, state: State, recipes: Recipes, target: string, done: Set<string>): void {
  if (done.has(target) || done.size > RULES_MAX) return;
  done.add(target);
  const rules = recipes.rules.filter((rule) => rule.targets.some((pattern) => fits(pattern, target)));
  const isRoot = done.size === 1;
  if (rules.length === 0 && isRoot && !recipes.isDry)
    shell.unknown("there is no recipe of this name that can be read", call.text ?? shown(joinedWords(call.argv)));
  const isWhole = recipes.rules.some((rule) => rule.targets.includes(".ONESHELL"));
  for (const rule of rules) {
    for (const need of rule.needs) build(shell, call, state, recipes, need, done);
    for (const line of isWhole && rule.lines.length > 0 ? [rule.lines.join("\n")] : rule.lines) {
      const text = madeText(shell, call, state, recipes, line, { target, needs: rule.needs });
      const runs = !recipes.isDry || /^[\s@-]*\+|\$[({]MAKE[)}]/.test(line);
      if (runs) runText(shell, call, state, text.replace(/^[\s@+-]+/, ""), { via: "make" });
    }
  }
}

function fits(pattern: string, target: string): boolean {
  const percent = pattern.indexOf("%");
  if (!isKnown(pattern) || !isKnown(target)) return true;
  if (percent < 0) return pattern === target;
  return target.startsWith(pattern.slice(0, percent)) && target.endsWith(pattern.slice(percent + 1));
}

/** Reads rules and plain variables, and what is included; conditionals are read on all their sides. */
function parseMakefile(
  text: string,
  recipes: Recipes,
  file: (path: string) => string | null,
  files: { left: number },
): void {
  let rule: Rule | undefined;
  for (const line of text.replaceAll(/\\\n[ \t]*/g, " ").split("\n")) {
    if (line.startsWith("\t") && rule) {
      rule.lines.push(line.slice(1));
      continue;
    }
    const plain = line.replace(/(^|\s)#.*$/, "").trimEnd();
    if (/\$[({](shell|eval)\s/.test(plain)) recipes.read.push(plain);
    const [, included] = /^\s*[-s]?include\s+(.+)$/.exec(plain) ?? [];
    for (const path of included === undefined ? [] : wordsIn(included, recipes)) {
      const inner = isKnown(path) && files.left-- > 0 ? file(path) : null;
      if (inner !== null) parseMakefile(inner, recipes, file, files);
    }
    const [, name, sign, value] = /^(?:export\s+|override\s+)*([\w.-]+)\s*(:{0,3}|\?|\+|!)=\s*(.*)$/.exec(plain) ?? [];
    if (name !== undefined) {
      recipes.variables.set(name, sign === "!" ? HOLE : value!);
      if (sign === "!") recipes.commands.push(value!);
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
      if (name === "MAKE") return recipes.isDry ? "make -n" : "make";
      const [, command] = /^shell\s+(.*)$/s.exec(name) ?? [];
      if (command !== undefined) runText(shell, call, state, again(command), { via: "make" });
      const value = recipes.variables.get(name) ?? exported(shell, state, name);
      if (value === undefined) return /^[\w.-]+$/.test(name) ? "" : HOLE;
      const made = again(value);
      return shell.budget.holds(made.length) ? made : HOLE;
    },
  );
}
