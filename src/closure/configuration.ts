import { posix } from "node:path";
import { parse as parseJsonc } from "jsonc-parser";
import type { Tree } from "./tree.ts";

/** What a package says of itself, as far as closures ask. */
export type Package = {
  directory: string;
  name: string | null;
  fields: Record<string, unknown>;
  /** Every package that it may import, with the range. */
  dependencies: Map<string, string>;
};

type Aliases = { base: string | null; paths: [pattern: string, targets: string[]][] };

/** The configuration of one tree: packages, their manifests and TypeScript's aliases. Read once for each directory. */
export class Configuration {
  readonly tree: Tree;
  private readonly read = new Map<string, Promise<Record<string, unknown> | null>>();
  private workspaces: Promise<Map<string, Package>> | null = null;
  private requirements: Promise<Set<string>> | null = null;

  constructor(tree: Tree) {
    this.tree = tree;
  }

  json(path: string): Promise<Record<string, unknown> | null> {
    let found = this.read.get(path);
    if (!found) this.read.set(path, (found = this.parse(path)));
    return found;
  }

  private async parse(path: string): Promise<Record<string, unknown> | null> {
    const file = this.tree.file(path);
    const text = file === null ? null : await this.tree.text(file);
    const value: unknown = text === null ? null : parseJsonc(text, [], { allowTrailingComma: true });
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  }

  async packageIn(directory: string): Promise<Package | null> {
    const fields = await this.json(posix.join(directory, "package.json"));
    if (!fields) return null;
    const dependencies = new Map<string, string>();
    for (const list of ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"])
      for (const [name, range] of Object.entries(record(fields[list]))) dependencies.set(name, String(range));
    return { directory, name: typeof fields.name === "string" ? fields.name : null, fields, dependencies };
  }

  /** The packages that a file lies in, innermost first. */
  async packagesAbove(file: string): Promise<Package[]> {
    const found: Package[] = [];
    for (const directory of directoriesAbove(file)) {
      const one = await this.packageIn(directory);
      if (one) found.push(one);
    }
    return found;
  }

  /** The packages of this repository by name. */
  named(): Promise<Map<string, Package>> {
    return (this.workspaces ??= (async () => {
      const found = new Map<string, Package>();
      for (const path of this.tree.entries.keys()) {
        if (posix.basename(path) !== "package.json" || path.includes("node_modules/")) continue;
        const one = await this.packageIn(posix.dirname(path) === "." ? "" : posix.dirname(path));
        if (one?.name) found.set(one.name, one);
      }
      return found;
    })());
  }

  /** TypeScript's aliases for a file: of the nearest tsconfig.json or jsconfig.json, and what it extends. */
  async aliasesFor(file: string): Promise<Aliases> {
    for (const directory of directoriesAbove(file))
      for (const name of ["tsconfig.json", "jsconfig.json"]) {
        const path = posix.join(directory, name);
        if (this.tree.file(path) !== null) return this.aliasesOf(path, 0);
      }
    return { base: null, paths: [] };
  }

  private async aliasesOf(path: string, depth: number): Promise<Aliases> {
    const fields = await this.json(path);
    const directory = posix.dirname(path);
    const options = record(fields?.compilerOptions);
    const base = typeof options.baseUrl === "string" ? posix.join(directory, options.baseUrl) : null;
    const paths = Object.entries(record(options.paths)).map(([pattern, targets]): [string, string[]] => [
      pattern,
      strings(targets).map((one) => posix.join(base ?? directory, one)),
    ]);
    if (paths.length > 0 || depth > 4) return { base, paths };
    const references = Array.isArray(fields?.references) ? fields.references.map((one) => record(one).path) : [];
    for (const next of [...strings(fields?.extends), ...strings(references)]) {
      if (!next.startsWith(".")) continue;
      const inner = await this.aliasesOf(this.configAt(posix.join(directory, next)), depth + 1);
      if (inner.paths.length > 0 || inner.base !== null) return { base: base ?? inner.base, paths: inner.paths };
    }
    return { base, paths };
  }

  private configAt(path: string): string {
    if (this.tree.directory(path) !== null) return posix.join(path, "tsconfig.json");
    return path.endsWith(".json") ? path : `${path}.json`;
  }

  /** Python's distributions, their names normalised. */
  pythonRequirements(): Promise<Set<string>> {
    return (this.requirements ??= (async () => {
      const found = new Set<string>();
      for (const path of this.tree.entries.keys()) {
        const name = posix.basename(path);
        if (!/^(pyproject\.toml|setup\.(cfg|py)|Pipfile|(.*-)?requirements.*\.(txt|in))$/.test(name)) continue;
        const text = (await this.tree.text(path)) ?? "";
        // A name at the start of a line, of a string, or of a key: more than requirements, and none too few.
        for (const [, one] of text.matchAll(/(?:^|["'\s])([A-Za-z][\w.-]*)\s*(?=$|["'\s[=<>~!;,])/gm))
          found.add(pythonName(one!));
      }
      return found;
    })());
  }
}

export function pythonName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "_");
}

/** "a/b/c.ts": "a/b", "a", "". */
export function directoriesAbove(file: string): string[] {
  const found: string[] = [];
  for (let at = posix.dirname(file); at !== "."; at = posix.dirname(at)) found.push(at);
  return [...found, ""];
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function strings(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === "string");
}
