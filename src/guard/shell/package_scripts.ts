import { hasOption, optionWord, readOptions } from "./options.ts";
import { npmSetting } from "./npm_settings.ts";
import { resolved } from "./paths.ts";
import { joinedWords, nothingRun, quotedWords, runText, runWords } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { certainly, isKnown, literally, type Argument } from "./values.ts";

const environments = [
  ..."uv poetry pipenv bundle rye pdm hatch pixi mise asdf rbenv pyenv conda mamba micromamba".split(" "),
  ..."devbox volta fnm nvm pipx op doppler aws-vault chamber sops infisical".split(" "),
];

/** Package managers that run the scripts of package.json, and programs of packages. */
export const packageScripts = new Map<string, Handler>([
  ...["npm", "pnpm", "yarn", "bun", "cnpm"].map((name) => [name, packageManager] as const),
  ...["npx", "bunx", "pnpx", "pnx", "uvx"].map(
    (name) => [name, (shell, call, state) => packageProgram(shell, call, state, 1)] as [string, Handler],
  ),
  ...["npm-run-all", "run-s", "run-p", "run-z"].map((name) => [name, severalScripts] as const),
  ...environments.map((name) => [name, inEnvironment] as const),
]);

const takes = {
  short: "wC",
  long: [
    "script-shell",
    "prefix",
    "workspace",
    "cwd",
    "dir",
    "filter",
    "userconfig",
    "registry",
    "loglevel",
    "package",
    "otp",
    "tag",
  ],
};

/** Scripts that run by themselves around a subcommand. */
const hooks: Record<string, readonly string[]> = {
  install: ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"],
  ci: ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"],
  publish: ["prepublishOnly", "prepack", "prepare", "postpack", "publish", "postpublish"],
  pack: ["prepack", "prepare", "postpack"],
  version: ["preversion", "version", "postversion"],
  test: ["pretest", "test", "posttest"],
  start: ["prestart", "start", "poststart"],
  stop: ["prestop", "stop", "poststop"],
  restart: ["prerestart", "restart", "postrestart"],
};
const shortNames: Record<string, string> = {
  t: "test",
  tst: "test",
  i: "install",
  add: "install",
  "install-test": "install",
};

function packageManager(shell: Shell, call: Call, state: State): State[] {
  const name = certainly(call.argv[0]!).replace(/^.*\//s, "");
  const options = readOptions(call.argv, 1, takes);
  const directory = optionWord(options, "prefix", "cwd", "dir", ...(name === "pnpm" || name === "npm" ? ["C"] : []));
  const there = directory ? { ...state, cwd: resolved(certainly(directory), state.cwd) } : state;
  const package_at = packageDirectory(shell, call, there);
  for (const program of npmSetting(shell, call, there, "script-shell", package_at))
    runText(shell, call, there, `${program} -c :`, { via: name });
  for (const words of npmSetting(shell, call, there, "node-options", package_at))
    runText(shell, call, there, `node ${words} -e 0`, { via: name });
  const rest = call.argv.slice(options.at);
  const verb = rest[0] ? certainly(rest[0]) : name === "yarn" ? "install" : "";
  if (name === "bun" && verb === "exec") return runText(shell, call, there, joinedWords(rest.slice(1)), { via: name });
  if (/^(exec|x|dlx)$/.test(verb)) return packageProgram(shell, call, there, options.at + 1);
  if (/^(run|run-script|rum|urn|workspace)$/.test(verb)) {
    const inner = readOptions(rest, verb === "workspace" ? 2 : 1, takes);
    const words = rest.slice(inner.at);
    return words.length > 0
      ? runScriptNamed(shell, call, there, certainly(words[0]!), words.slice(1))
      : nothingRun(state);
  }
  const plain = shortNames[verb] ?? verb;
  if (Object.hasOwn(hooks, plain) && !hasOption(options, "ignore-scripts")) {
    const scripts = scriptsOf(shell, call, there);
    for (const hook of hooks[plain]!) if (scripts?.[hook] !== undefined) script(shell, call, there, scripts[hook], []);
    return nothingRun(state);
  }
  const isShorthand = name !== "npm" && isKnown(verb) && scriptsOf(shell, call, there)?.[verb] !== undefined;
  if (isShorthand) return runScriptNamed(shell, call, there, verb, rest.slice(1));
  // `yarn cmd` and `bun file` run programs of packages too.
  return name !== "npm" && rest.length > 0 && verb !== "install"
    ? runWords(shell, call, there, rest, { via: name })
    : nothingRun(state);
}

function runScriptNamed(shell: Shell, call: Call, state: State, name: string, words: readonly Argument[]): State[] {
  const scripts = scriptsOf(shell, call, state);
  const known = isKnown(name) ? scripts?.[name] : undefined;
  if (known === undefined) {
    shell.unknown("there is no script of this name that can be read", call.text ?? name);
    return nothingRun(state);
  }
  const given = words[0]?.value === "--" ? words.slice(1) : words;
  for (const [text, own] of [
    [scripts![`pre${name}`], []],
    [known, given],
    [scripts![`post${name}`], []],
  ] as const)
    if (text !== undefined) script(shell, call, state, text, own);
  return nothingRun(state);
}

function script(shell: Shell, call: Call, state: State, text: string, words: readonly Argument[]): void {
  const via = certainly(call.argv[0]!).replace(/^.*\//s, "");
  runText(shell, call, { ...state, output: undefined }, words.length > 0 ? `${text} ${quotedWords(words)}` : text, {
    via,
  });
}

/** Where the nearest package.json lies, at or above the directory. */
function packageDirectory(shell: Shell, call: Call, state: State): string | null {
  if (!isKnown(state.cwd)) return null;
  for (let directory = state.cwd; ; directory = resolved("..", directory)) {
    if (shell.read(resolved("package.json", directory), call.frame, state) !== null) return directory;
    if (directory === "/" || directory === "") return null;
  }
}

function scriptsOf(shell: Shell, call: Call, state: State): Record<string, string> | null {
  const directory = packageDirectory(shell, call, state);
  if (directory === null) return null;
  return parsedScripts(shell.read(resolved("package.json", directory), call.frame, state)!);
}

function parsedScripts(text: string): Record<string, string> | null {
  if (!isKnown(text)) return null;
  try {
    const { scripts } = JSON.parse(text) as { scripts?: unknown };
    if (typeof scripts !== "object" || scripts === null) return {};
    const entries = Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(entries));
  } catch {
    return null;
  }
}

/** `npx -p pkg cmd args`, `npm exec -- cmd`, `npx -c 'text'`; a version after the name is no part of the program's. */
function packageProgram(shell: Shell, call: Call, state: State, from: number): State[] {
  const via = certainly(call.argv[0]!).replace(/^.*\//s, "");
  const options = readOptions(call.argv, from, {
    short: "pcw",
    long: ["package", "call", "workspace", "registry", "from", "with", "python"],
  });
  const text = optionWord(options, "c", "call");
  if (text) return runText(shell, call, state, certainly(text), { via });
  const [program, ...rest] = call.argv.slice(options.at);
  if (program === undefined) return nothingRun(state);
  const version = program.value.lastIndexOf("@");
  const name =
    version > program.value.lastIndexOf("/") && version > 0 ? program.value.slice(0, version) : program.value;
  return runWords(shell, call, state, [{ ...program, value: name }, ...rest], { via });
}

function severalScripts(shell: Shell, call: Call, state: State): State[] {
  const scripts = scriptsOf(shell, call, state) ?? {};
  for (const word of call.argv.slice(1).map(certainly)) {
    if (word.startsWith("-")) continue;
    const [name = ""] = word.split(" ");
    // `build:*` and `build:**` stand for every script that begins so.
    const prefix = /^([^*]*)\*+$/.exec(name)?.[1];
    const names = Object.keys(scripts).filter((one) => (prefix === undefined ? one === name : one.startsWith(prefix)));
    for (const one of names) runScriptNamed(shell, call, state, one, []);
    if (names.length === 0) shell.unknown("there is no script of this name that can be read", word);
  }
  return nothingRun(state);
}

const asModule = [literally("python"), literally("-m")];

/** `poetry run cmd`, `bundle exec cmd`, `aws-vault exec profile -- cmd`, `doppler run --command 'text'`. */
function inEnvironment(shell: Shell, call: Call, state: State): State[] {
  const via = certainly(call.argv[0]!).replace(/^.*\//s, "");
  const options = readOptions(call.argv, 1, { short: "nCp", long: ["name", "directory", "project"] });
  const verb = options.at;
  if (!/^(run|exec|x|shell|exec-env|tool)$/.test(call.argv[verb]?.value ?? "")) return nothingRun(state);
  const dashes = call.argv.findIndex(({ value }, at) => at > verb && value === "--");
  const inner = readOptions(call.argv, verb + 1, {
    short: `nepcC${via === "uv" ? "m" : ""}`,
    long: [
      "name",
      "module",
      "env-file",
      "project",
      "config",
      "with",
      "python",
      "package",
      "command",
      "group",
      "extra",
      "from",
      "spec",
      "prefix",
      "env",
    ],
  });
  const module = optionWord(inner, "m", "module");
  const rest = call.argv.slice(inner.at);
  // `uv run -m tools.land`, `uv tool run ruff`
  if (via === "uv" && module) return runWords(shell, call, state, [...asModule, module, ...rest], { via });
  if (via === "uv" && call.argv[verb]!.value === "tool")
    return rest[0]?.value === "run" ? packageProgram(shell, call, state, inner.at + 1) : nothingRun(state);
  const text = optionWord(inner, "command");
  if (text) return runText(shell, call, state, certainly(text), { via });
  const skipsOne = /^(aws-vault|chamber|rbenv|asdf|volta|fnm|sops|nvm)$/.test(via) && dashes < 0 ? 1 : 0;
  const start = dashes >= 0 ? dashes + 1 : inner.at + skipsOne;
  return start < call.argv.length ? runWords(shell, call, state, call.argv.slice(start), { via }) : nothingRun(state);
}
