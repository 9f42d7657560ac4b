import { type Call, entry, fileText, optionOf, positionals, type Reader, type Scene } from "./call.ts";
import { byName } from "./runners.ts";

/**
 * Scripts and tasks that other programs run and that cannot be read, because they are not there yet, are compiled, or
 * lie in a framework: their names say what they do. `python ops/deploy.py`, `go run ./cmd/deploy`.
 */
export const readScriptNames: Reader = (call, scene) => {
  // Behind a bare `--` too, where the words are the script's.
  const isHelp = call.args.includes("--help");
  const name = isHelp ? undefined : entry(naming, call.name)?.(call, scene);
  return typeof name === "string" ? byName(call, name.slice(name.lastIndexOf("/") + 1)) : [];
};

type Naming = (call: Call, scene: Scene) => string | null | undefined;

/** The first of a program's own words, after one that says that something is run. */
const script =
  (endings: readonly string[], verb?: string): Naming =>
  (call, scene) => {
    const [first, second] = call.args;
    const path = verb !== undefined && first === verb ? second : first;
    if (typeof path !== "string" || path.startsWith("-")) return undefined;
    return isThere(
      endings.map((ending) => path + ending),
      call,
      scene,
    )
      ? undefined
      : path;
  };

const isThere = (paths: readonly string[], call: Call, scene: Scene) =>
  paths.some((path) => fileText(path, call, scene) !== null);

const python: Naming = (call, scene) => {
  if (call.args[0] !== "-m") return script([""])(call, scene);
  const module = call.args[1]?.replaceAll(".", "/");
  if (module === undefined || isThere([`${module}.py`, `${module}/__main__.py`], call, scene)) return undefined;
  return module;
};
const node = script(["", ".js", ".mjs", ".cjs", ".ts", "/index.js"], "run");
const second =
  (first: RegExp): Naming =>
  ({ args }) =>
    first.test(args[0] ?? "") ? args[1] : undefined;

const naming: Readonly<Record<string, Naming>> = {
  python,
  node,
  bun: node,
  tsx: node,
  "ts-node": node,
  ruby: script(["", ".rb"]),
  perl: script([""]),
  // What artisan migrates, its own table tells.
  php: (call, scene) => {
    const [first, task] = call.args;
    if (!/(^|\/)(artisan|console)$/.test(first ?? "")) return script([""])(call, scene);
    return task?.startsWith("migrate") ? undefined : task;
  },
  go: second(/^run$/),
  cargo: (call) =>
    call.args[0] === "xtask"
      ? call.args[1]
      : call.args[0] === "run"
        ? optionOf(call, "--bin", "-p", "--package")
        : null,
  dotnet: (call) => (call.args[0] === "run" ? optionOf(call, "--project", "-p") : null),
  docker: (call) => serviceOf(call),
  "docker-compose": (call) =>
    call.args.includes("run") ? positionals(call, new Set(["-f", "--file", "-p"]))[1] : null,
};

/** `docker compose run --rm deploy` */
function serviceOf(call: Call): string | null | undefined {
  if (call.args[0] !== "compose") return undefined;
  const words = positionals(call, new Set(["-f", "--file", "-p", "--project-name", "--env-file", "--profile"]));
  return words[1] === "run" ? words[2] : undefined;
}
