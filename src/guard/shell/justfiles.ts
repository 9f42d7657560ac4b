import { hasOption, optionWord, readOptions } from "./options.ts";
import { resolved } from "./paths.ts";
import { joinedWords, nothingRun, runText, runWords } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { HOLE, certainly, shown } from "./values.ts";

/** Runs the recipes of a justfile that are asked for, with what they depend on. */
export const justfiles = new Map<string, Handler>([["just", just]]);

type Rule = { targets: string[]; needs: string[]; lines: string[] };
type Justfile = { rules: Rule[]; commands: string[] };

const FILES_MAX = 16;
const takes = {
  short: "fdE",
  long: [
    ..."justfile working-directory set shell shell-arg chooser color command-color".split(" "),
    ..."dotenv-path dotenv-filename dump-format list-heading list-prefix tempdir timestamp-format".split(" "),
  ],
};
/** With these nothing runs, or nothing but what the variables are made of. */
const TELLING = ["l", "list", "s", "show", "summary", "dump", "fmt", "variables", "groups", "n", "dry-run", "man"];

function just(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, takes);
  const directory = optionWord(options, "d", "working-directory");
  const there = { ...state, cwd: directory ? resolved(certainly(directory), state.cwd) : state.cwd, output: undefined };
  const rest = call.argv.slice(options.at);
  if (hasOption(options, ...TELLING) || hasOption(options, "help", "h", "version", "V")) return nothingRun(state);
  if (hasOption(options, "c", "command")) return runWords(shell, call, there, rest, { via: "just" });
  for (const program of [optionWord(options, "chooser"), optionWord(options, "shell")])
    if (program) runText(shell, call, there, certainly(program), { via: "just" });
  const given = optionWord(options, "f", "justfile");
  const read = (path: string) => shell.read(resolved(path, there.cwd), call.frame, there);
  const paths = given ? [certainly(given)] : ["justfile", "Justfile", ".justfile"];
  const text = paths.map(read).find((one) => one !== null);
  if (typeof text !== "string") {
    shell.unknown("the justfile cannot be read", call.text ?? shown(joinedWords(call.argv)));
    return nothingRun(state);
  }
  const file: Justfile = { rules: [], commands: [] };
  parseJustfile(text, file, read, { left: FILES_MAX });
  for (const command of file.commands) runText(shell, call, there, command, { via: "just" });
  if (hasOption(options, "evaluate")) return nothingRun(state);
  const asked = rest.map(certainly).filter((word) => !/^[-\w]+=/.test(word));
  const names = asked.length > 0 ? asked : file.rules.slice(0, 1).map((rule) => rule.targets[0]!);
  const done = new Set<Rule>();
  // Words after the first may be its parameters.
  for (const [at, name] of names.entries()) run(shell, call, there, file, name.replace(/^.*::/, ""), at === 0, done);
  return nothingRun(state);
}

function run(
  shell: Shell,
  call: Call,
  state: State,
  file: Justfile,
  name: string,
  isAsked: boolean,
  done: Set<Rule>,
): void {
  const rule = file.rules.find(({ targets }) => targets.includes(name));
  if (rule === undefined && isAsked)
    return shell.unknown(
      "there is no recipe of this name that can be read",
      call.text ?? shown(joinedWords(call.argv)),
    );
  if (rule === undefined || done.has(rule)) return;
  done.add(rule);
  for (const need of rule.needs) run(shell, call, state, file, need, false, done);
  const lines = rule.lines.map((line) => line.replaceAll(/\{\{[^}]*\}\}/g, HOLE));
  const isScript = lines[0]?.startsWith("#!") ?? false;
  for (const part of isScript ? [lines.join("\n")] : lines.map((line) => line.replace(/^[@-]+/, "")))
    runText(shell, call, state, part, { via: "just" });
}

/** Commands inside of an expression: a text in backticks, `shell("…")`. */
const expressions = /`([^`]+)`|\bshell\(\s*(?:'([^']*)'|"([^"]*)")/g;

function parseJustfile(
  text: string,
  file: Justfile,
  read: (path: string) => string | null,
  files: { left: number },
): void {
  const { rules } = file;
  for (const line of text.replaceAll(/\\\n[ \t]*/g, " ").split("\n")) {
    const [, path, name] = /^(?:import\??\s+['"]([^'"]+)['"]|mod\??\s+([\w-]+))/.exec(line) ?? [];
    for (const one of path ? [path] : name ? [`${name}.just`, `${name}/mod.just`, `${name}/justfile`] : []) {
      const inner = files.left-- > 0 ? read(one) : null;
      if (inner !== null) parseJustfile(inner, file, read, files);
    }
    const made = [...line.matchAll(/\{\{(.*?)\}\}/g)].map(([, inside]) => inside!);
    const [, value] = /^(?:export\s+)?[A-Za-z_][\w-]*\s*:=(.*)$/.exec(line) ?? [];
    for (const expression of [...made, value ?? ""])
      for (const [, back, single, double] of expression.matchAll(expressions))
        file.commands.push(back ?? single ?? double!);
    const [, target, needs] = /^@?([A-Za-z_][\w-]*)(?:\s[^:]*)?:(?!=)\s*(.*)$/.exec(line) ?? [];
    const words = (needs ?? "")
      .replaceAll(/[()&]/g, " ")
      .split(/\s+/)
      .filter((word) => /^[A-Za-z_][\w-]*$/.test(word));
    if (target !== undefined) rules.push({ targets: [target], needs: words, lines: [] });
    else if (/^[ \t]+\S/.test(line)) rules.at(-1)?.lines.push(line.trim());
    const [, alias, meant] = /^alias\s+([\w-]+)\s*:=\s*([\w-]+)/.exec(line) ?? [];
    if (alias !== undefined) rules.find(({ targets }) => targets.includes(meant!))?.targets.push(alias);
  }
}
