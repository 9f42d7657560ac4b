import { resolved } from "./paths.ts";
import { valueOf } from "./parameters.ts";
import type { Call, Shell } from "./shell.ts";
import type { State } from "./state.ts";

/** Where code lies that is named without its directory or its ending: modules, and files that are brought in. */

/** What a language lets its reader find modules by. */
export type Modules = {
  /** Ways to bring one in, with its name in one of the groups. */
  brings: RegExp;
  /** Where one of that name may lie, relative to the directories. */
  files(name: string): readonly string[];
  /** The variable with further directories. */
  path?: string;
  /** Code that adds a directory. */
  adds?: RegExp;
};

const dotted = (name: string) => name.replaceAll(".", "/");

/** `import land`, `from tools import land`, `runpy.run_path("land.py")` */
export const python: Modules = {
  brings:
    /\bfrom\s+([A-Za-z_][\w.]*)\s+import\s+([A-Za-z_]\w*)|\bimport\s+([A-Za-z_][\w.]*)|\b(?:run_path|run_module|import_module|__import__)\s*\(\s*["']([^"'\n]{1,200})["']/g,
  files: (name) => {
    if (/[/]|\.py$|^\.+$/.test(name)) return [name, `${name}/__main__.py`];
    const own = dotted(name);
    return [`${own}.py`, `${own}/__main__.py`, `${own}/__init__.py`];
  },
  path: "PYTHONPATH",
  adds: /\bsys\.path\.(?:insert|append)\s*\([^"'\n)]{0,20}["']([^"'\n]{1,200})["']/g,
};

/** `require("./land")`, `import("./land.js")`, `import x from "./land.js"` */
export const node: Modules = {
  brings:
    /\b(?:require|import)\s*(?:\(\s*)?["'`](\.{0,2}\/[^"'`\n]{1,200})["'`]|\bfrom\s*["'](\.{0,2}\/[^"'\n]{1,200})["']/g,
  files: (name) => [name, ...["js", "mjs", "cjs", "ts"].map((end) => `${name}.${end}`), `${name}/index.js`],
};

/** `do "./land.pl"`, `use Land` */
export const perl: Modules = {
  brings: /\b(?:do|require)\s*(?:\(\s*)?["']([^"'\n]{1,200})["']|\buse\s+(?!lib\b)([A-Za-z_][\w:]*)/g,
  files: (name) => (/[./]/.test(name) ? [name] : [`${name.replaceAll("::", "/")}.pm`]),
  path: "PERL5LIB",
  adds: /\buse\s+lib\s+["']([^"'\n]{1,200})["']/g,
};

/** `include "land.php"`, `require __DIR__ . "/land.php"` */
export const php: Modules = {
  brings: /\b(?:include|require)(?:_once)?\s*(?:\(\s*)?(?:__DIR__\s*\.\s*)?["']([^"'\n]{1,200})["']/g,
  files: (name) => [name, `./${name}`],
};

/** `require_relative "land"`, `load "land.rb"` */
export const ruby: Modules = {
  brings: /\b(?:require_relative|require|load)\s*(?:\(\s*)?["']([^"'\n]{1,200})["']/g,
  files: (name) => [name, `${name}.rb`],
  path: "RUBYLIB",
  adds: /(?:\$:|\$LOAD_PATH)(?:\s*<<\s*|\.(?:unshift|push)\s*(?:\(\s*)?)["']([^"'\n]{1,200})["']/g,
};

/** The files of a module that can be read, as they would be found from a directory or the variable's. */
export function filesOfModule(
  shell: Shell,
  call: Call,
  state: State,
  { name, modules, directories = [] }: { name: string; modules: Modules; directories?: readonly string[] },
): string[] {
  const own = modules.path ? (valueOf(modules.path, state, shell.around) ?? "").split(":").filter(Boolean) : [];
  const places = [".", ...directories, ...own].map((directory) => resolved(directory, state.cwd));
  for (const place of places)
    for (const file of modules.files(name)) {
      const path = resolved(file, place);
      const text = /\/node_modules\//.test(path) ? null : shell.read(path, call.frame, state);
      if (text !== null) return [text];
    }
  return [];
}

/** The texts of the files that code brings in. What lies in libraries is nobody's here. */
export function broughtIn(shell: Shell, call: Call, state: State, code: string, modules: Modules): string[] {
  const directories = modules.adds ? [...code.matchAll(modules.adds)].map(([, directory]) => directory!) : [];
  const names = [...code.matchAll(modules.brings)].slice(0, BROUGHT_MAX).flatMap(([, ...groups]) => {
    const [from, member] = groups.filter((group) => group !== undefined);
    return member === undefined ? [from!] : [from!, `${from}.${member}`];
  });
  return names.flatMap((name) => filesOfModule(shell, call, state, { name, modules, directories }));
}

const BROUGHT_MAX = 20;
