import { posix } from "node:path";
import { record, strings } from "./configuration.ts";
import type { How, Reference } from "./read/facts.ts";
import { isCode, isModule } from "./read/reading.ts";
import { packageName, targetsOf } from "./resolution.ts";
import type { View } from "./view.ts";

/** What a file wants of its tree. Two versions of a file have the same need when all but the line is equal. */
export type Need =
  (Reference & { what: "reference" }) | { what: "locked"; line: null; name: string; range: string; lock: string };

export function keyOf(need: Need): string {
  const { line: _line, ...rest } = need;
  return JSON.stringify(rest);
}

const known = new WeakMap<View, Map<string, Promise<Map<string, Need>>>>();

/** What a file of a tree needs, by key. */
export function needsOf(view: View, file: string): Promise<Map<string, Need>> {
  let files = known.get(view);
  if (!files) known.set(view, (files = new Map()));
  let found = files.get(file);
  if (!found) files.set(file, (found = gather(view, file)));
  return found;
}

async function gather(view: View, file: string): Promise<Map<string, Need>> {
  const needs = new Map<string, Need>();
  if (view.tree.file(file) === null) return needs;
  const all: Need[] =
    posix.basename(file) === "package.json"
      ? await manifestNeeds(view, file)
      : (await view.facts(file)).references.map((one) => ({ what: "reference", ...one }));
  // The first line that says it is the one that is told.
  for (const one of all) if (!needs.has(keyOf(one))) needs.set(keyOf(one), one);
  return needs;
}

/** The files that a package says it consists of, and what its lock file has to hold. */
async function manifestNeeds(view: View, file: string): Promise<Need[]> {
  const own = await view.configuration.packageIn(posix.dirname(file) === "." ? "" : posix.dirname(file));
  if (!own) return [];
  const { fields } = own;
  // A main that is not there falls back on the directory's index, in Node and in the bundlers.
  const isIndexed = ["js", "cjs", "mjs", "json", "ts"].some((one) =>
    view.tree.file(posix.join(own.directory, `index.${one}`)),
  );
  const mains = isIndexed ? [] : ["main", "module", "browser", "source"];
  const files = [...mains, "types", "typings"].flatMap((field) => strings(fields[field]));
  files.push(...targetsOf(fields.bin), ...targetsOf(fields.exports), ...targetsOf(fields.imports));
  const needs: Need[] = [];
  for (const one of new Set(files.filter((path) => !path.includes("*"))))
    if (!/^[\w@#][^./]*$/.test(one))
      needs.push({
        what: "reference",
        line: 1,
        specifier: one.startsWith(".") ? one : `./${one}`,
        name: null,
        how: "asset",
      });
  for (const lock of ["package-lock.json", "npm-shrinkwrap.json"]) {
    const above = [own.directory, ""].map((directory) => posix.join(directory, lock));
    const path = above.find((one) => view.tree.file(one) !== null);
    if (path === undefined) continue;
    for (const [name, range] of own.dependencies) needs.push({ what: "locked", line: null, name, range, lock: path });
  }
  return needs;
}

/**
 * Whether the tree has what the file needs. What cannot be told counts as no, because a need is only ever missing
 * where another tree is known to meet it.
 */
export async function meets(view: View, file: string, need: Need): Promise<boolean> {
  if (need.what === "locked") return locked(view, file, need);
  if (need.how === "python") return python(view, file, need);
  if (need.how === "template") return template(view, need.specifier) !== null;
  if (need.how === "asset") return asset(view, file, need.specifier);
  const target = await view.scripts.resolve(file, need.specifier);
  if (target.at === "nowhere") return false;
  if (target.at === "package") return view.scripts.mayImport(file, target.name);
  return hands(view, target.path, need.name, need.how);
}

async function hands(view: View, path: string, name: string | null, how: How): Promise<boolean> {
  if (name === null || view.tree.isForeign(path)) return true;
  if (!isModule(path)) return name === "default" || view.mentions(path, name);
  const names = await view.names(path);
  if (names.origins.has(name)) return true;
  if (name === "default" && (names.commonjs || how === "require")) return true;
  if ((await view.facts(path)).unreadable !== null) return view.mentions(path, name);
  for (const one of names.open) if (await view.mentions(one, name)) return true;
  return false;
}

async function python(view: View, file: string, need: Reference): Promise<boolean> {
  const target = view.python.resolve(file, need.specifier);
  const isLocal = need.specifier.startsWith(".");
  // A project is named in its own manifest, and often like its package: what that lacks is nobody's distribution.
  const isOurs = isLocal || view.python.resolve(file, need.specifier.split(".")[0]!) !== null;
  if (!target) return !isOurs && (await view.python.requires(need.specifier));
  if (need.name === null || view.tree.isForeign(target.path)) return true;
  if (view.python.resolve(file, submodule(need))) return true;
  return view.tree.file(target.path) !== null && hands(view, target.path, need.name, "python");
}

/** `from .a import b` may mean the module `.a.b`. */
function submodule({ specifier, name }: Reference): string {
  return specifier.endsWith(".") ? `${specifier}${name}` : `${specifier}.${name}`;
}

/** A template's path in any folder of templates; null where there is none. */
export function template(view: View, name: string): string | null {
  for (const path of view.tree.entries.keys()) if (path.endsWith(`templates/${name}`)) return path;
  return null;
}

async function asset(view: View, file: string, specifier: string): Promise<boolean> {
  const path = posix.join(posix.dirname(file), specifier);
  if (path.startsWith("..")) return false;
  if (view.tree.isForeign(path) || view.tree.directory(path.replace(/\/$/, "")) !== null) return true;
  return (await assetAt(view, file, path)) !== null;
}

/** Sass leaves the underscore and the extension away. */
const partialOf = (path: string) => posix.join(posix.dirname(path), `_${posix.basename(path)}`);

async function assetAt(view: View, file: string, path: string): Promise<string | null> {
  if (view.tree.file(path) !== null) return path;
  for (const one of [path, partialOf(path)]) {
    const found = (await view.scripts.module(one, file)) ?? view.tree.file(`${one}.scss`);
    if (found !== null) return found;
  }
  return null;
}

async function locked(view: View, file: string, need: Need & { what: "locked" }): Promise<boolean> {
  const lock = await view.configuration.json(need.lock);
  const place = posix.relative(posix.dirname(need.lock), posix.dirname(file));
  const own = record(record(lock?.packages)[place]);
  return ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"].some(
    (list) => record(own[list])[need.name] === need.range,
  );
}

export type Named = {
  kind: "file" | "export" | "asset" | "dependency";
  name: string;
  /** The files that meet it. */
  evidence: string[];
};

/** How a need is called that `result` does not meet, by a tree that meets it. */
export async function described(view: View, result: View, file: string, need: Need): Promise<Named> {
  if (need.what === "locked")
    return { kind: "dependency", name: `${need.name}@${need.range} in ${need.lock}`, evidence: [need.lock] };
  if (need.how === "template") {
    const path = template(view, need.specifier);
    return { kind: "asset", name: path ?? need.specifier, evidence: path === null ? [] : [path] };
  }
  if (need.how === "asset") {
    const path = posix.join(posix.dirname(file), need.specifier);
    const real = (await assetAt(view, file, path)) ?? path;
    return { kind: isCode(real) ? "file" : "asset", name: real, evidence: [real] };
  }
  const path = await view.fileOf(file, need.specifier);
  if (path === null) return dependency(view, file, need);
  const module: Named = { kind: isModule(path) ? "file" : "asset", name: path, evidence: [path] };
  if (need.name === null) return module;
  const origin = view.tree.file(path) === null ? undefined : (await view.names(path)).origins.get(need.name);
  const part = origin === undefined && need.how === "python" ? view.python.resolve(file, submodule(need)) : null;
  if (part) return { kind: "file", name: part.path, evidence: [part.path] };
  if (origin !== undefined) module.evidence.push(origin.slice(0, origin.lastIndexOf("#")));
  // A file that is there and lacks the name is another thing than a file that is not there.
  const there = await result.fileOf(file, need.specifier);
  return there === null ? module : { ...module, kind: "export", name: `${need.name} of ${there}` };
}

async function dependency(view: View, file: string, need: Reference): Promise<Named> {
  const isPython = need.how === "python";
  const evidence = isPython
    ? [...view.tree.entries.keys()].filter((path) => /(pyproject\.toml|setup\.\w+|Pipfile|requirements.*)$/.test(path))
    : (await view.configuration.packagesAbove(file)).map(({ directory }) => posix.join(directory, "package.json"));
  const name = isPython ? need.specifier.split(".")[0]! : packageName(need.specifier);
  return { kind: "dependency", name, evidence };
}

/** Where a commit would have to have touched the tree to meet a need that this tree does not meet. */
export async function placesFor(view: View, file: string, need: Need): Promise<string[]> {
  if (need.what === "locked") return [need.lock];
  if (need.how === "template") return [`**/templates/${need.specifier}`];
  const around = (path: string) => [path, `${path}.*`, `${path.replace(/\.\w+$/, "")}.*`, `${path}/*`];
  if (need.how === "asset") {
    const path = posix.join(posix.dirname(file), need.specifier);
    return [...around(path), ...around(partialOf(path))];
  }
  if (need.how === "python") {
    const parts = need.specifier.replaceAll(".", "/").replace(/^\/+/, "");
    return around(parts === "" ? `**/${need.name}` : `**/${parts}`);
  }
  const target = await view.scripts.resolve(file, need.specifier);
  if (target.at === "file") {
    // A barrel hands out what others have.
    const origins = isModule(target.path) ? [...(await view.names(target.path)).origins.values()] : [];
    return [...new Set([target.path, ...origins.map((one) => one.slice(0, one.lastIndexOf("#")))])];
  }
  if (target.at === "nowhere") return target.path === null ? [] : around(target.path);
  return (await view.configuration.packagesAbove(file)).map(({ directory }) => posix.join(directory, "package.json"));
}
