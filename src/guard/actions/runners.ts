import {
  entry,
  absolute,
  type Call,
  fileText,
  found,
  known,
  optionOf,
  positionals,
  type Reader,
  resource,
  type Scene,
} from "./call.ts";
import { antCommands } from "./antfiles.ts";
import { commandsIn, type Interesting } from "./nearby.ts";
import type { Found } from "../vocabulary.ts";

/** Programs that start another one or a task, as far as the shell reader does not follow them itself. */
export const runnersWith =
  (isInteresting: Interesting): Reader =>
  (call, scene) => [
    ...packaged(call, scene),
    ...imaged(call, scene),
    ...invoked(call),
    ...tasks(call, scene, isInteresting),
    ...named(call, scene),
  ];

/** Words that are another program's: `python -m twine upload`, `node node_modules/vercel/dist/vc.js --prod`. */
function packaged(call: Call, scene: Scene): Found[] {
  if (call.name === "python") {
    const at = call.args.indexOf("-m");
    // A module takes what it is fed for data; of those that run it the shell reader knows.
    return at < 0 ? [] : scene.run(call.args.slice(at + 1), { ...call, stdin: undefined });
  }
  if (call.name === "node" || call.name === "bun" || call.name === "deno") {
    const pattern = /node_modules\/(?:\.bin\/)?(?:@[\w-]+\/)?[\w-]+|(^|\/)bin\/[\w-]+$/;
    const at = call.args.findIndex((arg) => arg !== null && pattern.test(arg));
    if (at < 0 || call.args.slice(0, at).some((arg) => arg !== null && !/^(-|run$)/.test(arg))) return [];
    const [, name] = /(?:node_modules\/(?:\.bin\/)?|bin\/)((?:@[\w-]+\/)?[\w-]+)/.exec(call.args[at]!) ?? [];
    return scene.run([name!, ...call.args.slice(at + 1)], call);
  }
  if (/^(npm|pnpm)$/.test(call.name) && call.args[0] === "pkg" && call.args[1] === "set") {
    // A script that is written into package.json is there to be run.
    const scripts = known(call).flatMap((arg) => /^scripts\.[^=]+=(.*)$/s.exec(arg)?.[1] ?? []);
    return scripts.flatMap((script) => scene.shell(script, { ...call, certain: false }));
  }
  if (/^mvnw?$/.test(call.name)) {
    const [, program] = /^-Dexec\.executable=(.*)$/m.exec(known(call).join("\n")) ?? [];
    const [, words = ""] = /^-Dexec\.args=(.*)$/m.exec(known(call).join("\n")) ?? [];
    return program === undefined ? [] : scene.shell(`${program} ${words}`, call);
  }
  if (/^(ba|z|k|da)?sh$/.test(call.name)) return startFiles(call, scene);
  const after =
    call.name === "uvx" || call.name === "corepack" ? 0 : call.name === "pipx" ? call.args.indexOf("run") + 1 : -1;
  if (after < 0 || (call.name === "pipx" && after === 0)) return [];
  const words = call.args.slice(after);
  const start = words.findIndex(
    (arg, index) => !/^-/.test(arg ?? "") && !/^--?(p|python|from|with|spec)$/.test(words[index - 1] ?? ""),
  );
  return start < 0 ? [] : scene.run(words.slice(start), call);
}

/** Images and packages that are one program: `docker run amazon/aws-cli s3 sync`, `nix run nixpkgs#kubectl`. */
const images: Readonly<Record<string, string>> = {
  "aws-cli": "aws",
  kubectl: "kubectl",
  awscli2: "aws",
  terraform: "terraform",
  opentofu: "tofu",
  "doctl-dev": "doctl",
  git: "git",
  flyctl: "flyctl",
};

function imaged(call: Call, scene: Scene): Found[] {
  const isContainer = /^(docker|podman|nerdctl)$/.test(call.name) && call.args.includes("run");
  const isNix = call.name === "nix" && call.args[0] === "run";
  if (!isContainer && !isNix) return [];
  for (const [index, arg] of call.args.entries()) {
    const [, last = ""] = /^(?:[\w.-]+[/#])+([\w-]+)(?:[:@].*)?$/.exec(arg ?? "") ?? [];
    const program = entry(images, last) ?? (isNix && last !== "" ? last : undefined);
    if (program === undefined) continue;
    const words = call.args.slice(index + 1);
    return scene.run([program, ...(words[0] === "--" ? words.slice(1) : words)], { ...call, cwd: null });
  }
  return [];
}

/** Functions, jobs and workflows of a cloud that are started by name: the name says what they do. */
function invoked(call: Call): Found[] {
  const words = positionals(call).filter((word) => word !== null);
  const verb = words.slice(0, 3).join(" ");
  const isCall =
    (call.name === "aws" &&
      /\b(lambda invoke|stepfunctions start-execution|events put-events|batch submit-job)\b/.test(verb)) ||
    (call.name === "gcloud" && /^(functions call|scheduler jobs run|workflows (run|execute)|run jobs)\b/.test(verb));
  if (!isCall || known(call).some((arg) => /^https?:\/\/(localhost|127\.0\.0\.1)[:/]?/.test(arg))) return [];
  return known(call)
    .map((arg) => arg.replace(/deploy(er|ment)\b/i, "deploy"))
    .flatMap((arg) => byName(call, arg))
    .slice(0, 1);
}

/** What a shell reads before anything else: `bash --rcfile x -i`. */
function startFiles(call: Call, scene: Scene): Found[] {
  const at = call.args.findIndex((arg) => arg === "--rcfile" || arg === "--init-file");
  if (at < 0) return [];
  const text = fileText(call.args[at + 1] ?? null, call, scene);
  return scene.shell(text ?? (call.texts[at + 1] ?? "").replace(/^<\((echo|printf|cat)\b(.*)\)$/s, "$2"), {
    ...call,
    certain: false,
  });
}

/** Files of tasks, by the program that reads them. */
const taskFiles: Readonly<Record<string, readonly string[]>> = {
  task: ["Taskfile.yml", "Taskfile.yaml", "taskfile.yml"],
  rake: ["Rakefile", "rakefile", "Rakefile.rb"],
  invoke: ["tasks.py"],
  inv: ["tasks.py"],
  fab: ["fabfile.py"],
  gulp: ["gulpfile.js", "gulpfile.mjs"],
  grunt: ["Gruntfile.js"],
  mage: ["magefile.go"],
  deno: ["deno.json", "deno.jsonc"],
  composer: ["composer.json"],
  turbo: ["package.json"],
  nx: ["project.json", "package.json"],
  lerna: ["package.json"],
  node: ["package.json"],
  bun: ["package.json"],
  tox: ["tox.ini"],
  nox: ["noxfile.py"],
  earthly: ["Earthfile"],
  ant: ["build.xml"],
  bb: ["bb.edn"],
  poe: ["pyproject.toml"],
  pdm: ["pyproject.toml"],
  hatch: ["pyproject.toml"],
  pixi: ["pixi.toml", "pyproject.toml"],
  doit: ["dodo.py"],
  scons: ["SConstruct"],
  ninja: ["build.ninja"],
  sbt: ["build.sbt"],
  ng: ["angular.json"],
  moon: ["moon.yml"],
  dagger: [],
  bazel: [],
  buck2: [],
  pants: [],
  gradle: [],
  gradlew: [],
  cmake: [],
  concurrently: [],
};

/** The letters with which a program tells of its tasks and runs none. To others they mean something else. */
const telling: Readonly<Record<string, RegExp>> = {
  task: /^-(n|l|a)$/,
  rake: /^-(n|T|P|D|W)$/,
  invoke: /^-(l|R)$/,
  inv: /^-(l|R)$/,
  fab: /^-l$/,
  gulp: /^(-T|--tasks)$/,
  mage: /^-l$/,
  ant: /^-(p|projecthelp)$/,
  tox: /^-l$/,
  nox: /^-l$/,
  scons: /^-(n|c)$/,
  ninja: /^-(n|t)$/,
  composer: /^-l$/,
  turbo: /^--graph/,
  nx: /^--graph/,
};

function isTelling(call: Call): boolean {
  // Behind a bare `--` stand the task's words.
  const end = call.args.indexOf("--");
  const own = call.args.slice(0, end < 0 ? undefined : end);
  return own.some(
    (arg) =>
      arg !== null &&
      (/^(--dry|--dry-run|--list|--list-all|--summary|--help|-h|--version)$/.test(arg) ||
        entry(telling, call.name)?.test(arg)),
  );
}

/** Tasks whose names are parts of a word: `//apps/web:deploy`, `npm:deploy`, `+deploy`, `appengineDeploy`. */
const pathed = /^(nx|bazel|buck2|pants|moon|concurrently|earthly|gradlew?)$/;

function tasks(call: Call, scene: Scene, isInteresting: Interesting): Found[] {
  const files = entry(taskFiles, call.name);
  if (files === undefined || isTelling(call)) return [];
  // Only `run` of these runs what it names; building and testing it lands nothing.
  if (/^(bazel|buck2|pants)$/.test(call.name) && !call.args.includes("run")) return [];
  const run = known(call)
    .find((arg) => arg.startsWith("--run="))
    ?.slice(6);
  const isNode = call.name === "node";
  const words = isNode
    ? [run ?? (call.args.includes("--run") ? (call.args[call.args.indexOf("--run") + 1] ?? null) : undefined)]
    : positionals(call, new Set(["-C", "-f", "-file", "-buildfile"]));
  const names = words.filter(
    (word) => word !== null && word !== undefined && !/^(run|run-script|task|run-many|affected|exec|call)$/.test(word),
  ) as string[];
  const given = fileGiven(call) ?? files;
  const built = call.name === "ant" ? textOf(given, call, scene) : null;
  const commands = built === null ? [] : antCommands(built, names);
  if (commands.length > 0) return commands.flatMap((command) => scene.shell(command, call));
  // Without a name, the first task or all of them run. A file of which nobody else knows yet is read whole.
  const fresh = given.find((file) => names.length === 0 && call.files.has(absolute(file, call, scene.around) ?? ""));
  if (fresh !== undefined) return commandsIn(fileText(fresh, call, scene) ?? "", call, scene, isInteresting);
  return names.slice(0, 4).flatMap((name) => {
    const target = targetOf(call, name);
    const text = textOf(given, call, scene);
    const section = text === null ? null : sectionOf(text, target);
    if (section !== null)
      return commandsIn(
        section,
        { ...call, text: `${call.text}: ${section.trim().slice(0, 120)}` },
        scene,
        isInteresting,
      );
    return isNode || (text !== null && !speaks(target)) ? [] : byName(call, target);
  });
}

/** What a task is called in its file. */
function targetOf(call: Call, name: string): string {
  if (call.name === "doit") return `task_${name.replace(/:.*$/, "")}`;
  const own = name.split(/[:+]/).at(-1)!;
  return pathed.test(call.name) ? own.replace(/([a-z])(?=[A-Z])/g, "$1-") : name;
}

/** The file of tasks that the words name. */
function fileGiven(call: Call): string[] | undefined {
  const options = call.name === "task" ? ["-t", "--taskfile"] : ["-f", "--rakefile", "--file", "-file", "-buildfile"];
  const file = /^(task|rake|ant|scons|doit)$/.test(call.name) ? optionOf(call, ...options) : undefined;
  return file ? [file] : undefined;
}

function textOf(files: readonly string[], call: Call, scene: Scene): string | null {
  for (const file of files) {
    const text = fileText(file, call, scene);
    if (text !== null) return text;
  }
  return null;
}

/** The lines of one task: from the line that names it to the next that stands as far left. */
function sectionOf(text: string, name: string): string | null {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const begins = new RegExp(`(^|["':\\s.(])${escaped}(["'\\s:(),]|$)`);
  const lines = text.split("\n");
  const start = lines.findIndex((line) => begins.test(line) && /[:=({]|\b(do|def|task|func)\b/.test(line));
  if (start < 0) return null;
  const indent = /^\s*/.exec(lines[start]!)![0].length;
  const length = lines
    .slice(start + 1)
    .findIndex((line) => line.trim() !== "" && /^\s*/.exec(line)![0].length <= indent);
  return lines.slice(start, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** Names that say what a script does, where it cannot be read. */
const speaking =
  /(^|[-_:./])(deploy|release|publish|ship|rollout|promote|land|go-live|migrate)(?!s?\.(test|spec))([-_:./]|$)/i;
const quiet =
  /preview|staging|dry|check|test|lint|\bdev\b|local|notes|types?$|build|docs|log|status|list|plan|diff|view|validate/i;
export const speaks = (name: string) => speaking.test(name) && !quiet.test(name);

/** What can be said of a script that is not to be read: its name. */
export function byName(call: Call, name: string): Found[] {
  if (!speaks(name)) return [];
  const isPublish = /publish|release/i.test(name);
  const target = isPublish ? resource("package", null) : resource("environment", null);
  const action = isPublish ? "publish" : /migrate/i.test(name) ? "migrate" : "deploy";
  return [found(call, action, target, `a script called ${name}, which could not be read`, false)];
}

/** A program of the project or of the team whose name says what it does, and which was not read. */
function named(call: Call, scene: Scene): Found[] {
  const path = call.program ?? "";
  const isOwn = /\/|\.(sh|bash|py|rb|js|mjs|ts|pl)$/.test(path) && !/(^|\/)node_modules\/|^\/usr\//.test(path);
  if (!isOwn || fileText(path, call, scene) !== null) return [];
  return byName(call, call.name);
}
