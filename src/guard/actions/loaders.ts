import { type Call, fileText, found, known, type Reader, resource, type Scene } from "./call.ts";
import { variablesIn } from "../shell/index.ts";
import { quotedForShell } from "../../shell_words.ts";
import { hidden } from "./nearby.ts";
import type { Found } from "../vocabulary.ts";

/** Code that comes into a program from outside its words: a variable or an option names what is loaded or run first. */
export const readLoaders: Reader = (call, scene) => {
  // `export` only says it: the commands after it have the variable.
  if (/^(export|declare|typeset|unset)$/.test(call.name)) return [];
  const founds = [...call.env].flatMap(([name, value]) => loaded(name, value, call, scene));
  if (nodes.test(call.name)) {
    founds.push(...modulesOf(known(call).join(" "), call, scene));
    founds.push(...fromFiles(call, scene).flatMap(([name, value]) => loaded(name, value, call, scene)));
  }
  if (call.name === "enable" && known(call).includes("-f") && !packaged.test(known(call).at(-2) ?? ""))
    founds.push(...hidden(call, "a builtin from a library that was not read"));
  if (call.name === "cargo") founds.push(...runnersOf(call, scene));
  return founds.slice(0, 3);
};

const nodes = /^(node|nodejs|bun|tsx|electron|ts-node(-\w+)?)$/;

/** `node --env-file=.env`: what the files set. */
function fromFiles(call: Call, scene: Scene): (readonly [string, string])[] {
  const files = call.args.flatMap((arg, at) => {
    const [, , joined] = /^--env-file(-if-exists)?(?:=(.*))?$/s.exec(arg ?? "") ?? [undefined, undefined, null];
    return joined === null ? [] : (joined ?? call.args[at + 1] ?? []);
  });
  return files.flatMap((file) => [...variablesIn(fileText(file, call, scene) ?? "")]);
}

/** Libraries that a program is started with. Nobody reads a library. */
const preloads = /^(LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES|GCONV_PATH)$/;
/** Those that a system's packages bring: an allocator, a sanitizer, a clock for tests. */
const packaged = /^(\/usr\/(local\/)?lib|\/lib|\/opt|\/nix\/store)[\w+./-]*$|^[\w+.-]+$/;
const sanitizers = /asan|tsan|ubsan|jemalloc|tcmalloc|mimalloc|faketime|print-file-name/;

/** Programs that stand before another one, or in the place of one. */
const wrappers = /^(RUSTC(_WORKSPACE)?_WRAPPER|CARGO_BUILD_RUSTC(_WORKSPACE)?_WRAPPER|CARGO_TARGET_\w+_RUNNER|RUSTC)$/;

function loaded(name: string, value: string | null, call: Call, scene: Scene): Found[] {
  if (value === "") return [];
  if (preloads.test(name)) {
    // What the program starts has the same variable, and less text to tell what it holds.
    if (value === null && call.via.length > 0) return [];
    const isPackaged = value?.split(/[:\s]+/).every((path) => path === "" || packaged.test(path));
    const isSanitizer = sanitizers.test(value ?? call.text);
    return isPackaged || isSanitizer ? [] : hidden(call, `${name} brings in code that was not read`);
  }
  if (value === null) return [];
  if (wrappers.test(name)) return scene.shell(value, call);
  if (name === "NODE_OPTIONS") return modulesOf(value, call, scene);
  if (name === "PYTHONSTARTUP" && /^python/.test(call.name))
    return scene.shell(`python ${quotedForShell(value)}`, bare(call));
  if (Object.hasOwn(carried, name)) return scene.shell(carried[name]!(value), bare(call));
  if (name === "GOFLAGS")
    return [...value.matchAll(/-(?:toolexec|exec|vettool)=(\S+)/g)].flatMap(([, tool]) => scene.shell(tool!, call));
  return [];
}

/** Variables with words or code for one program: the command that says the same. */
const carried: Readonly<Record<string, (value: string) => string>> = {
  TAR_OPTIONS: (value) => `tar ${value}`,
  EXINIT: (value) => `ex -c ${quotedForShell(value)}`,
  VIMINIT: (value) => `vim -c ${quotedForShell(value)}`,
  PERL5DB: (value) => `perl -e ${quotedForShell(value)}`,
  BUNDLE_GEMFILE: (value) => `ruby ${quotedForShell(value)}`,
  PYTEST_ADDOPTS: (value) => `pytest ${value}`,
  PYTEST_PLUGINS: (value) => `pytest -p ${quotedForShell(value)}`,
  SPEC_OPTS: (value) => `rspec ${value}`,
  RUBYOPT: (value) => `ruby ${value} -e 0`,
  HARNESS_PERL_SWITCHES: (value) => `perl ${value} -e 0`,
  FLASK_APP: (value) => `flask --app ${quotedForShell(value)}`,
};

/** The same place without the variables, which would load themselves again. */
const bare = (call: Call): Call => ({ ...call, env: new Map(), certain: false });

/** The modules that Node loads before anything else. */
function modulesOf(options: string, call: Call, scene: Scene): Found[] {
  return [
    ...options.matchAll(
      /(?:^|\s)(?:-r|--(?:require|import|(?:experimental-)?loader|preload|test-(?:reporter|global-setup)))[\s=]+["']?(\S+)/g,
    ),
  ]
    .map(([, path]) => path!.replace(/["']$/, ""))
    .flatMap((path) =>
      path.startsWith("data:")
        ? hidden(call, "NODE_OPTIONS brings in code of its own")
        : /^[./]/.test(path)
          ? scene.shell(`node ${quotedForShell(path)}`, bare(call))
          : [],
    );
}

/** `cargo run --config 'target.x.runner = ["git", …]'`. */
function runnersOf(call: Call, scene: Scene): Found[] {
  return known(call).flatMap((arg) => {
    const [, list] = /\b(?:runner|rustc-wrapper|linker)["']?\s*=\s*(.+)$/s.exec(arg) ?? [];
    if (list === undefined) return [];
    const words = [...list.matchAll(/"([^"]*)"|'([^']*)'/g)].map(([, double, single]) => double ?? single!);
    if (words.length === 0) return [found(call, "reconfigure_guard", resource("guard", "hidden commands"), arg, false)];
    return words.length === 1 ? scene.shell(words[0]!, call) : scene.run(words, call);
  });
}
