import { codeLanguage } from "./languages.ts";
import { resolved } from "./paths.ts";
import { nothingRun, runText, runWords } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { certainly, isKnown, literally } from "./values.ts";

/**
 * Programs that run code which their words name: a test runner's setup, a bundler's settings, a linter's plugin. What
 * else they are given they test, translate or look at.
 */
type Loading = {
  /** Who runs that code. */
  by: "node" | "python" | "ruby" | "php" | "perl";
  /** The options whose word names it: a path, a module, a list of them or JSON. */
  options?: string;
  /** The options whose word is a command. */
  commands?: string;
  /** The other words that name it. Tests try in places of their own what nobody would do here. */
  words?: RegExp;
};

const scripts = /^(?!.*(test|spec)).+\.[cm]?[jt]sx?$/i;
/** `shop.main:app` */
const application = /^[\w.]+:\w+/;

const named = (names: string, loading: Loading) => names.split(" ").map((name) => [name, loading] as const);

const table: readonly (readonly [string, Loading])[] = [
  ...named("jest", {
    by: "node",
    options:
      "--globalSetup --globalTeardown --setupFiles --setupFilesAfterEnv --testEnvironment --env --reporters --runner " +
      "--testRunner --testSequencer --transform --resolver --config -c",
  }),
  ...named("vitest", { by: "node", options: "--globalSetup --reporter --environment --runner --config -c" }),
  ...named("mocha _mocha", { by: "node", options: "-r --require --reporter -R --config --ui -u", words: scripts }),
  ...named("ava", { by: "node", options: "--require --config", words: scripts }),
  ...named("tap", { by: "node", options: "--before --after --import --require", words: scripts }),
  ...named("jasmine", { by: "node", options: "--helper --require --reporter --config", words: scripts }),
  ...named("karma wdio k6 artillery", { by: "node", words: scripts }),
  ...named("playwright", { by: "node", options: "-c --config --reporter" }),
  ...named("cypress", { by: "node", options: "-C --config-file --reporter" }),
  ...named("eslint", { by: "node", options: "-c --config -f --format --parser" }),
  ...named("prettier", { by: "node", options: "--plugin --config" }),
  ...named("stylelint", { by: "node", options: "--config --custom-formatter --custom-syntax" }),
  ...named("babel", { by: "node", options: "--plugins --presets --config-file" }),
  ...named("lint-staged knex jscodeshift", { by: "node", options: "-c --config --knexfile -t --transform" }),
  ...named("hardhat esr", { by: "node", options: "--config", words: scripts }),
  ...named("webpack webpack-cli vite tsup rollup postcss esbuild-runner rspack tsdown unbuild snowpack", {
    by: "node",
    options: "-c --config --plugin -p -u --use",
  }),
  ...named("nodemon node-dev ts-node-dev tsnd supervisor forever pm2", {
    by: "node",
    options: "-r --require --import",
    commands: "-x --exec",
    words: scripts,
  }),
  ...named("pytest py.test", { by: "python", options: "-p", words: /^(?!.*test).+\.py$/i }),
  ...named("nose2", { by: "python", options: "--plugin" }),
  // Only as a module: `python -m unittest tools.x`.
  ...named("unittest", { by: "python", words: /^(?!.*test)[\w./]+$/i }),
  ...named("runpy doctest", { by: "python", words: /^[\w./]+$/ }),
  ...named("locust", { by: "python", options: "-f --locustfile" }),
  ...named("streamlit marimo chainlit", { by: "python", words: /\.py$/ }),
  ...named("gunicorn uvicorn hypercorn daphne granian", { by: "python", options: "-c --config", words: application }),
  ...named("celery flask", { by: "python", options: "-A --app" }),
  ...named("rspec cucumber", { by: "ruby", options: "-r --require" }),
  ...named("phpunit pest", { by: "php", options: "--bootstrap --prepend" }),
  ...named("prove", { by: "perl", words: /\.pl$/ }),
];

/** Who reads on in the words of such a program. */
export const loadingPrograms = new Map<string, Handler>(
  table.map(([name, loading]) => [name, (shell, call, state) => loads(shell, call, state, name, loading)]),
);

/** More than anybody names in one call. */
const NAMES_MAX = 16;

function loads(shell: Shell, call: Call, state: State, via: string, loading: Loading): State[] {
  const words = call.argv.slice(1).map(certainly);
  const names = words.flatMap((word, at) => codeIn(word, words[at + 1] ?? "", loading));
  for (const command of words.flatMap((word, at) => optionWord(word, words[at + 1] ?? "", loading.commands) ?? []))
    runText(shell, call, state, command, { via });
  for (const name of new Set(names.slice(0, NAMES_MAX))) {
    const path = fileOf(shell, call, state, name, loading);
    if (path === undefined) continue;
    runWords(shell, call, { ...state, output: undefined }, [literally(loading.by), literally(path)], { via });
  }
  return nothingRun(state);
}

/** What a word names: `-r x`, `-rx`, `--require=x`, `--transform '{".*": "./x"}'`, `x:app`. */
function codeIn(word: string, next: string, { options, words }: Loading): string[] {
  const own = !word.startsWith("-") && words?.test(word) ? word : (optionWord(word, next, options) ?? "");
  // Jest's own word for the directory of its settings.
  const names = own.replaceAll("<rootDir>", ".");
  return names.split(/[\s,:"'{}[\]]+/).filter((name) => name !== "" && isKnown(name));
}

/** The word of one of these options, where this one is it. */
function optionWord(word: string, next: string, options = ""): string | undefined {
  const names = options.split(" ");
  if (word !== "" && names.includes(word)) return next;
  const [, option, joined] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? /^(-[a-zA-Z])(.+)$/s.exec(word) ?? [];
  return option !== undefined && names.includes(option) ? joined : undefined;
}

/** The file of that name, where it can be read. What lies in libraries is nobody's here. */
function fileOf(shell: Shell, call: Call, state: State, name: string, { by }: Loading): string | undefined {
  const files = codeLanguage(by)?.modules?.files(name) ?? [name];
  return files
    .map((file) => resolved(file, state.cwd))
    .find((path) => !/\/node_modules\//.test(path) && shell.read(path, call.frame, state) !== null);
}
