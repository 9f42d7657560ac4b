import { optionWord, readOptions } from "./options.ts";
import { resolved } from "./paths.ts";
import { unescaped } from "./printing.ts";
import { joinedWords, nothingRun, runInput, runText, runWords } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { HOLE, certainly, type Argument } from "./values.ts";

/** Terminals, editors and clocks that run shell text for whoever asks them. */
export const terminals = new Map<string, Handler>([
  ["tmux", tmux],
  ["screen", screen],
  ["at", later],
  ["batch", later],
  ["crontab", timetable],
  ...["vim", "vi", "nvim", "ex", "view", "gvim", "vimdiff"].map((name) => [name, editor] as const),
  ["ed", (shell, call, state) => editorScript(shell, call, state, state.input ?? "")],
  ["emacs", (shell, call, state) => emacs(shell, call, state)],
  ["concurrently", eachWord],
  ["watchexec", (shell, call, state) => joinedRest(shell, call, state)],
  ...[
    "xterm",
    "alacritty",
    "konsole",
    "urxvt",
    "rxvt",
    "st",
    "terminator",
    "xfce4-terminal",
    "uxterm",
    "lxterminal",
  ].map((name) => [name, (...of) => afterWord(...of, "-e", "-x")] as [string, Handler]),
  ...[
    "gnome-terminal",
    "ptyxis",
    "wezterm",
    "zellij",
    "wait-for-it",
    "wait-for-it.sh",
    "wait-for",
    "guix",
    "sentry-cli",
  ].map((name) => [name, (...of) => afterWord(...of, "--")] as [string, Handler]),
  ["nix-shell", (shell, call, state) => afterOption(shell, call, state, "--run", "--command")],
  ["nix", (shell, call, state) => afterWord(shell, call, state, "-c", "--command")],
  ["wsl", (shell, call, state) => afterWord(shell, call, state, "--", "-e", "--exec")],
  ["start-stop-daemon", (shell, call, state) => afterOption(shell, call, state, "--exec", "-x")],
  [
    "ssh-agent",
    (shell, call, state) =>
      runWords(
        shell,
        call,
        state,
        call.argv.slice(1).filter((word) => !/^-/.test(word.value)),
        { via: "ssh-agent" },
      ),
  ],
]);

const runs =
  /^(new|new-session|new-window|neww|split-window|splitw|respawn-pane|respawnp|respawn-window|respawnw|run-shell|run|if-shell|if|pipe-pane|pipep|display-popup|popup)$/;

function tmux(shell: Shell, call: Call, state: State): State[] {
  const start = readOptions(call.argv, 1, { short: "cfLSTL" });
  const there = { ...state, cwd: HOLE };
  sourced(shell, call, state, optionWord(start, "f"));
  for (const part of commandsOf(call.argv.slice(start.at))) {
    const verb = part[0]?.value ?? "";
    const options = readOptions(part, 1, {
      short: verb.startsWith("send") ? "tN" : verb.includes("popup") ? "bcdehsStTwxy" : "cefFlnpstxy",
    });
    const rest = part.slice(options.at);
    if (/^send(-keys)?$/.test(verb)) typed(shell, call, there, rest);
    else if (/^source(-file)?$/.test(verb)) sourced(shell, call, state, rest[0]);
    else if (/^loadb|^load-buffer$/.test(verb)) runInput(shell, call, there, { via: "tmux" });
    else if (runs.test(verb) && rest.length > 0) {
      const texts = /^if/.test(verb) ? rest.map(certainly) : [joinedWords(rest)];
      for (const text of texts) runText(shell, call, there, text, { via: "tmux" });
    }
  }
  return nothingRun(state);
}

/** A file of tmux's own commands. */
function sourced(shell: Shell, call: Call, state: State, path: Argument | undefined): void {
  if (path === undefined) return;
  const text = path.value === "-" ? (state.input ?? null) : configuration(shell, call, state, path);
  for (const line of (text ?? "").split("\n").filter((one) => /^\s*\w/.test(one)))
    runText(shell, call, { ...state, input: undefined }, `tmux ${line}`, { via: "tmux" });
}

/** What lies in a file of settings; one that is not there may be by the time that it is read. */
function configuration(shell: Shell, call: Call, state: State, path: Argument): string | null {
  const text = shell.read(resolved(certainly(path), call.frame.isElsewhere ? HOLE : state.cwd), call.frame, state);
  if (text === null) shell.unknown("the script that runs here cannot be read", path.text);
  return text;
}

function commandsOf(argv: readonly Argument[]): Argument[][] {
  const parts: Argument[][] = [[]];
  for (const word of argv)
    if (word.value === ";") parts.push([]);
    else parts.at(-1)!.push(word);
  return parts;
}

function typed(shell: Shell, call: Call, state: State, keys: readonly Argument[]): void {
  const named: Record<string, string> = { Enter: "\n", "C-m": "\n", KPEnter: "\n", "C-j": "\n", Space: " ", Tab: "" };
  const text = keys.map((key) => named[key.value] ?? (/^[CM]-.$/.test(key.value) ? "" : certainly(key))).join("");
  runText(shell, call, state, text, { via: "tmux" });
}

function screen(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "cehpSTst" });
  const rest = call.argv.slice(options.at);
  const path = optionWord(options, "c");
  const lines = path === undefined ? "" : (configuration(shell, call, state, path) ?? "");
  for (const [, started] of lines.matchAll(/^\s*(?:screen|exec|stuff)\s+(?:-\S+\s+)*(.+)$/gm))
    runText(shell, call, { ...state, cwd: HOLE }, started!, { via: "screen" });
  const stuffed = call.argv.findIndex(({ value }) => value === "stuff" || value === "exec" || value === "eval");
  if (stuffed > 0) {
    const text = unescaped(joinedWords(call.argv.slice(stuffed + 1)).replaceAll("^M", "\n"), "").value;
    return runText(shell, call, { ...state, cwd: HOLE }, text.replaceAll("\r", "\n"), { via: "screen" });
  }
  return runWords(shell, call, state, rest, { via: "screen" });
}

function later(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "fqtd" });
  // It also takes options behind the time: `at now -f script`.
  const file =
    optionWord(options, "f") ?? call.argv[call.argv.findIndex(({ value }) => value === "-f") + 1 || Infinity];
  const text = file ? (shell.read(resolved(certainly(file), state.cwd), call.frame, state) ?? HOLE) : state.input;
  const via = certainly(call.argv[0]!);
  return text === undefined ? nothingRun(state) : runInput(shell, call, { ...state, input: text }, { via });
}

/** A timetable's lines: five fields or a nickname, and then the command. */
function timetable(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "u" });
  const path = call.argv[options.at];
  const given =
    path && path.value !== "-" ? shell.read(resolved(certainly(path), state.cwd), call.frame, state) : state.input;
  if (path && given === null) shell.unknown("the timetable cannot be read", call.text ?? path.text);
  const lines = (given ?? "").split("\n").filter((line) => !/^\s*(#|\w+\s*=|$)/.test(line));
  for (const line of lines) {
    const command = line.replace(/^\s*(?:@\w+|(?:\S+\s+){4}\S+)\s+/, "");
    runText(shell, call, { ...state, cwd: HOLE, input: undefined }, command, { via: "crontab" });
  }
  return nothingRun(state);
}

function editor(shell: Shell, call: Call, state: State): State[] {
  const words = call.argv.map(certainly);
  for (const [at, word] of words.entries()) {
    const given = /^(-c|--cmd)$/.test(word) ? words[at + 1] : word.startsWith("+") ? word.slice(1) : undefined;
    if (given !== undefined) editorScript(shell, call, state, given);
    const path = /^-[Ssul]$/.test(word) ? words[at + 1] : undefined;
    const script = path === undefined ? null : shell.read(resolved(path, state.cwd), call.frame, state);
    if (script !== null) editorScript(shell, call, state, script);
  }
  return editorScript(shell, call, state, state.input ?? "");
}

/** `:!cmd`, `:r !cmd`, `:%!cmd`, `:call system('cmd')`, `:terminal cmd`. */
function editorScript(shell: Shell, call: Call, state: State, script: string): State[] {
  const via = certainly(call.argv[0]!);
  for (const line of script.split("\n")) {
    const [, bang] =
      /^[\s:]*(?:sil\w*!?\s+)?[\d%.,$]*(?:(?:r|re|read|w|write|term\w*|exe\w*)\s*)?['"]?!(.+)$/.exec(line) ?? [];
    const [, terminal] = /^[\s:]*(?:te|ter|term|terminal)\s+(.+)$/.exec(line) ?? [];
    const text = bang ?? terminal;
    if (text !== undefined) runText(shell, call, { ...state, output: undefined }, text, { via });
    else if (/\b(system\w*|jobstart|job_start|termopen|execute?|luaeval|py\w*|os\.execute)\b|\|\s*!/.test(line))
      shell.unknown("this editor's script may start programs", line);
  }
  return nothingRun(state);
}

function emacs(shell: Shell, call: Call, state: State): State[] {
  const words = call.argv.map(certainly);
  const read = (path: string) => shell.read(resolved(path, state.cwd), call.frame, state) ?? [];
  const files = words.flatMap((word, at) => (/^(-l|--?load|--?script)$/.test(word) ? read(words[at + 1] ?? "") : []));
  const code = [...words, ...files].filter((text) => /shell-command|call-process|start-process|compile/.test(text));
  for (const text of code) shell.unknown("this editor's script may start programs", text);
  return nothingRun(state);
}

function eachWord(shell: Shell, call: Call, state: State): State[] {
  const options = { short: "ncl", long: ["names", "prefix-colors", "max-processes", "prefix", "success"] };
  for (let at = 1; at < call.argv.length; at++) {
    at = readOptions(call.argv, at, options).at;
    if (call.argv[at]) runText(shell, call, state, certainly(call.argv[at]!), { via: certainly(call.argv[0]!) });
  }
  return nothingRun(state);
}

function afterOption(shell: Shell, call: Call, state: State, ...names: string[]): State[] {
  const words = call.argv.map(certainly);
  for (const [at, word] of words.entries()) {
    const equals = names.find((name) => word.startsWith(`${name}=`));
    const text = equals ? word.slice(equals.length + 1) : names.includes(word) ? words[at + 1] : undefined;
    if (text !== undefined) runText(shell, call, state, text, { via: words[0]! });
  }
  return nothingRun(state);
}

function afterWord(shell: Shell, call: Call, state: State, ...marks: string[]): State[] {
  const at = call.argv.findIndex(({ value }, place) => place > 0 && marks.includes(value));
  return at < 0
    ? nothingRun(state)
    : runWords(shell, call, state, call.argv.slice(at + 1), { via: certainly(call.argv[0]!) });
}

function joinedRest(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "ewifdsnW", long: ["exts", "watch", "ignore", "filter"] });
  return runText(shell, call, state, joinedWords(call.argv.slice(options.at)), { via: "watchexec" });
}
