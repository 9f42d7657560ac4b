import { variablesIn } from "./environment_files.ts";
import { hasOption, optionWord, readOptions, type Options } from "./options.ts";
import { resolved } from "./paths.ts";
import { joinedWords, nothingRun, quotedWords, runInput, runText, runWords } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import { having, type State } from "./state.ts";
import { HOLE, certainly, literally, type Argument } from "./values.ts";
import { table, type Wrapper } from "./wrapper_table.ts";

export const wrappers = new Map<string, Handler>([
  ...Object.entries(table).map(([name, wrapper]) => [name, wrapped(name, wrapper)] as const),
  ["env", environment],
  ["genv", environment],
  ["sudo", superuser],
  ["su", otherUser],
  ["runuser", otherUser],
  ["flock", locked],
  ["script", recorded],
  ["coverage", covered],
  ["bwrap", bubbled],
  ["flatpak", sandboxed],
  ["snap", sandboxed],
]);

/** Whether what runs is told by itself: a program that only starts the words after its own. */
export const onlyStarts = (name: string) =>
  /^(parallel|g?xargs)$/.test(name) || (Object.hasOwn(table, name) && !table[name]!.joins);

function wrapped(via: string, wrapper: Wrapper): Handler {
  return (shell, call, state) => {
    const first = readOptions(call.argv, 1, wrapper);
    const verb = wrapper.verb?.test(call.argv[first.at]?.value ?? "");
    if (verb === false) return nothingRun(state);
    const options = verb ? readOptions(call.argv, first.at + 1, wrapper) : first;
    const start = options.at + (wrapper.skips ?? 0);
    const given = wrapper.variables ? withVariables(shell, call, state, options, wrapper.variables) : state;
    const { at, inner } = wrapper.assigns ? assignments(call.argv, start, given) : { at: start, inner: given };
    const rest = call.argv.slice(at);
    const how = { via, isElsewhere: wrapper.isElsewhere };
    const isText = wrapper.joins || (wrapper.joinsWith && hasOption(options, wrapper.joinsWith));
    if (!isText) return runWords(shell, call, inner, rest, how);
    return runText(shell, call, inner, joinedWords(rest), how);
  };
}

/** The state with what a file sets. */
function withVariables(shell: Shell, call: Call, state: State, options: Options, names: readonly string[]): State {
  const file = optionWord(options, ...names);
  const path = resolved(file ? certainly(file) : ".env", state.cwd);
  let { variables } = state;
  for (const [name, value] of variablesIn(shell.read(path, call.frame, state) ?? ""))
    variables = having(variables, name, { value, isExported: true });
  return { ...state, variables };
}

/** A function that bash takes from its environment. */
const FUNCTION = /^BASH_FUNC_[^=]*=\s*(\(\).*)$/s;

/** `A=b C=d` before a command. */
function assignments(argv: readonly Argument[], start: number, state: State): { at: number; inner: State } {
  let [at, variables] = [start, state.variables];
  for (; at < argv.length; at++) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(argv[at]!.value) ?? [];
    if (name === undefined && FUNCTION.test(argv[at]!.value)) continue;
    if (name === undefined) break;
    variables = having(variables, name, { value: argv[at]!.isGlob ? HOLE : value!, isExported: true });
  }
  return { at, inner: { ...state, variables } };
}

function environment(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "uCSaP", long: ["unset", "chdir", "split-string", "argv0"] });
  let variables = state.variables;
  const isEmptied = hasOption(options, "i", "ignore-environment") || call.argv[options.at]?.value === "-";
  if (isEmptied)
    variables = new Map(
      [...Object.keys(shell.around.env), ...variables.keys()].map((name) => [
        name,
        { value: undefined, isExported: true },
      ]),
    );
  for (const [name, word] of options.given)
    if (/^(u|unset)$/.test(name) && word)
      variables = having(variables, word.value, { value: undefined, isExported: true });
  const start = options.at + (call.argv[options.at]?.value === "-" ? 1 : 0);
  for (const word of call.argv) {
    const [, body] = FUNCTION.exec(certainly(word)) ?? [];
    if (body !== undefined) runText(shell, call, state, `f ${body}; f`, { via: "env" });
  }
  const { at, inner } = assignments(call.argv, start, { ...state, variables });
  const directory = optionWord(options, "C", "chdir");
  const there = directory ? { ...inner, cwd: resolved(certainly(directory), state.cwd) } : inner;
  const split = optionWord(options, "S", "split-string");
  const rest = call.argv.slice(at);
  if (split) return runText(shell, call, there, `${certainly(split)} ${quotedWords(rest)}`, { via: "env" });
  return runWords(shell, call, there, rest, { via: "env" });
}

const ofSudo = {
  short: "CDghpRrTtUu",
  long: [
    "close-from",
    "chdir",
    "group",
    "host",
    "prompt",
    "chroot",
    "role",
    "type",
    "command-timeout",
    "other-user",
    "user",
  ],
};

function superuser(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, ofSudo);
  const { at, inner } = assignments(call.argv, options.at, state);
  const directory = optionWord(options, "D", "chdir");
  const there = directory ? { ...inner, cwd: resolved(certainly(directory), state.cwd) } : inner;
  const rest = call.argv.slice(at);
  const isShell = rest.length === 0 && hasOption(options, "s", "i", "shell", "login");
  return runWords(shell, call, there, isShell ? [literally("sh")] : rest, { via: "sudo" });
}

function otherUser(shell: Shell, call: Call, state: State): State[] {
  const via = certainly(call.argv[0]!).replace(/^.*\//s, "");
  const takes = {
    short: "cCgGsuw",
    long: ["command", "session-command", "group", "supp-group", "shell", "user", "whitelist-environment"],
  };
  // Its options may stand after the user's name.
  const all: Options[] = [];
  let at = 1;
  while (at < call.argv.length) {
    const options = readOptions(call.argv, at, takes);
    all.push(options);
    if (hasOption(options, "u", "user")) return runWords(shell, call, state, call.argv.slice(options.at), { via });
    at = Math.max(options.at, at) + 1;
  }
  const text = all.map((options) => optionWord(options, "c", "command", "session-command")).find(Boolean);
  if (text) return runText(shell, call, state, certainly(text), { via });
  return runInput(shell, call, state, { via });
}

function locked(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, {
    short: "wEc",
    long: ["timeout", "wait", "conflict-exit-code", "command"],
  });
  const [, next, text] = call.argv.slice(options.at);
  const given = optionWord(options, "c", "command") ?? (/^(-c|--command)$/.test(next?.value ?? "") ? text : undefined);
  if (given) return runText(shell, call, state, certainly(given), { via: "flock" });
  return runWords(shell, call, state, call.argv.slice(options.at + 1), { via: "flock" });
}

function recorded(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "cEIBmOoTt", long: ["command", "log-in", "log-out", "log-io"] });
  const rest = call.argv.slice(options.at);
  const after = readOptions(rest, 1, { short: "c", long: ["command"] });
  const text = optionWord(options, "c", "command") ?? optionWord(after, "c", "command");
  if (text) return runText(shell, call, state, certainly(text), { via: "script" });
  // On a Mac the command stands after the file.
  if (rest.length > 1) return runWords(shell, call, state, rest.slice(1), { via: "script" });
  return state.input === undefined ? nothingRun(state) : runInput(shell, call, state, { via: "script" });
}

/** `coverage run -a tool.py` is `python tool.py`. */
function covered(shell: Shell, call: Call, state: State): State[] {
  if (call.argv[1]?.value !== "run") return nothingRun(state);
  const start = call.argv.findIndex(({ value }, at) => at > 1 && (value === "-m" || !value.startsWith("-")));
  if (start < 0) return nothingRun(state);
  return runWords(shell, call, state, [literally("python"), ...call.argv.slice(start)], { via: "coverage" });
}

/** `flatpak run --command=git app push` runs git inside, and `snap run git push` a snap's own program. */
function sandboxed(shell: Shell, call: Call, state: State): State[] {
  const verb = readOptions(call.argv, 1, {}).at;
  if (call.argv[verb]?.value !== "run") return nothingRun(state);
  const options = readOptions(call.argv, verb + 1, { long: ["command", "cwd", "branch", "arch", "env"] });
  const [app, ...rest] = call.argv.slice(options.at);
  if (app === undefined) return nothingRun(state);
  const isShell = hasOption(options, "shell");
  const program = isShell ? literally("sh") : (optionWord(options, "command") ?? app);
  return runWords(shell, call, state, [program, ...rest], { via: certainly(call.argv[0]!) });
}

/** How many words the options of bwrap take: `--ro-bind / / --dev /dev ./build.sh`. */
const ofBwrap: Readonly<Record<string, number>> = Object.fromEntries(
  [
    "",
    "args argv0 userns userns2 pidns uid gid hostname chdir unsetenv lock-file sync-fd remount-ro exec-label " +
      "file-label proc dev tmpfs mqueue dir seccomp add-seccomp-fd block-fd userns-block-fd info-fd json-status-fd " +
      "perms size cap-add cap-drop overlay-src tmp-overlay ro-overlay",
    "bind bind-try dev-bind dev-bind-try ro-bind ro-bind-try bind-fd ro-bind-fd file bind-data ro-bind-data symlink " +
      "setenv chmod",
    "overlay",
  ].flatMap((names, count) => names.split(" ").map((name) => [`--${name}`, count])),
);

function bubbled(shell: Shell, call: Call, state: State): State[] {
  let at = 1;
  for (; /^--./.test(call.argv[at]?.value ?? ""); at++) at += ofBwrap[call.argv[at]!.value] ?? 0;
  if (call.argv[at]?.value === "--") at++;
  return runWords(shell, call, state, call.argv.slice(at), { via: "bwrap" });
}
