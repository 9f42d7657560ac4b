import { Configuration } from "./configuration.ts";
import { ClosureFailure, type Git } from "./git.ts";
import { Parsing } from "./parsing.ts";
import { PythonResolution } from "./python_resolution.ts";
import { type Facts, noFacts, type Reexport } from "./read/facts.ts";
import { isCode, isModule, isPython } from "./read/reading.ts";
import { Resolution } from "./resolution.ts";
import type { Tree } from "./tree.ts";

/** Reads files by their content's id: the same bytes are parsed once, in however many trees they lie. */
export class Reader {
  private readonly git: Git;
  private readonly parsing: Parsing;
  private readonly known = new Map<string, Promise<Facts>>();
  private parsed = 0;

  constructor(git: Git) {
    this.git = git;
    this.parsing = new Parsing(git.limits.file_seconds_max, git.signal);
  }

  close(): Promise<void> {
    return this.parsing.close();
  }

  facts(tree: Tree, path: string): Promise<Facts> {
    const id = tree.blobOf(path);
    if (id === null || !isCode(path)) return Promise.resolve(noFacts());
    const key = `${id}${/(\.d)?\.\w+$/.exec(path)?.[0]}`;
    let found = this.known.get(key);
    if (!found) this.known.set(key, (found = this.read(tree, path)));
    return found;
  }

  private async read(tree: Tree, path: string): Promise<Facts> {
    this.git.stopped();
    if (++this.parsed > this.git.limits.parsed_max)
      throw new ClosureFailure(
        "too_large",
        `More than ${this.git.limits.parsed_max} files would have to be read; split the change.`,
      );
    const text = await tree.text(path);
    if (text === null) return noFacts(`is larger than ${this.git.limits.file_bytes_max} bytes`);
    return this.parsing.facts(path, text);
  }
}

/** What a module hands out: each name with the place that it comes from, so that two stars of one thing are one. */
export type Names = {
  origins: Map<string, string>;
  /** Modules that may hand out more than their text lists. */
  open: string[];
  commonjs: boolean;
};

/** One tree, and everything that can be asked of it. */
export class View {
  readonly tree: Tree;
  readonly configuration: Configuration;
  readonly scripts: Resolution;
  readonly python: PythonResolution;
  private readonly reader: Reader;
  private readonly named = new Map<string, Promise<Names>>();
  private readonly told = new Set<string>();

  constructor(tree: Tree, reader: Reader) {
    this.tree = tree;
    this.reader = reader;
    this.configuration = new Configuration(tree);
    this.scripts = new Resolution(this.configuration);
    this.python = new PythonResolution(this.configuration);
  }

  facts(path: string): Promise<Facts> {
    return this.reader.facts(this.tree, path);
  }

  names(path: string): Promise<Names> {
    let found = this.named.get(path);
    if (!found) {
      found = this.gather(path, new Set()).finally(() => this.told.add(path));
      this.named.set(path, found);
    }
    return found;
  }

  /** The file that a specifier in `file` leads to. */
  async fileOf(file: string, specifier: string): Promise<string | null> {
    if (isPython(file)) return this.python.resolve(file, specifier)?.path ?? null;
    const target = await this.scripts.resolve(file, specifier);
    return target.at === "file" ? target.path : null;
  }

  async mentions(path: string, word: string): Promise<boolean> {
    const text = (await this.tree.text(path)) ?? "";
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
      if (!/[\w$]/.test(text[at - 1] ?? " ") && !/[\w$]/.test(text[at + word.length] ?? " ")) return true;
    return false;
  }

  private async gather(path: string, seen: Set<string>): Promise<Names> {
    const found: Names = { origins: new Map(), open: [], commonjs: false };
    if (seen.has(path)) return found;
    seen.add(path);
    if (!isModule(path)) return { ...found, open: [path] };
    const { exported } = await this.facts(path);
    found.commonjs = exported.commonjs;
    if (exported.open) found.open.push(path);
    for (const name of exported.names) found.origins.set(name, `${path}#${name}`);
    const stars: Names[] = [];
    for (const one of exported.from) await this.follow(path, one, seen, found, stars);
    this.merge(path, stars, found);
    return found;
  }

  private async follow(path: string, one: Reexport, seen: Set<string>, found: Names, stars: Names[]): Promise<void> {
    const target = await this.fileOf(path, one.specifier);
    if (one.name === null) {
      // Each star has its own way round: two stars of one module meet in the same origins.
      if (target !== null && target !== path) stars.push(await this.starred(target, seen));
      return;
    }
    if (target === null || one.imported === null)
      found.origins.set(one.name, `${target ?? one.specifier}#${one.imported ?? "*"}`);
    else {
      const inner = await this.gather(target, new Set(seen));
      found.origins.set(one.name, inner.origins.get(one.imported) ?? `${target}#${one.imported}`);
    }
  }

  private async starred(target: string, seen: Set<string>): Promise<Names> {
    // Two files that star each other would wait for each other: what is not told yet is gathered anew.
    const isFree = !this.named.has(target) || this.told.has(target);
    const all = seen.size === 1 && isFree ? await this.names(target) : await this.gather(target, new Set(seen));
    if (!isPython(target)) return all;
    const { exported } = await this.facts(target);
    const origins = [...all.origins].filter(([name]) => exported.starred?.has(name) ?? !name.startsWith("_"));
    return { ...all, origins: new Map(origins) };
  }

  private merge(path: string, stars: readonly Names[], found: Names): void {
    const own = new Set(found.origins.keys());
    const twice = new Set<string>();
    for (const star of stars) {
      found.open.push(...star.open);
      for (const [name, origin] of star.origins) {
        if (own.has(name) || (name === "default" && !found.commonjs)) continue;
        const other = found.origins.get(name);
        // In JavaScript a name that two stars bring is in neither; Python takes the later.
        if (other !== undefined && other !== origin && !isPython(path) && !found.commonjs) twice.add(name);
        found.origins.set(name, origin);
      }
    }
    for (const name of twice) found.origins.delete(name);
  }
}
