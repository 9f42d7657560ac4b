import { isBuiltin } from "node:module";
import { posix } from "node:path";
import type { Configuration, Package } from "./configuration.ts";
import { record, strings } from "./configuration.ts";
import { isScript } from "./read/reading.ts";

/** Where a specifier leads: a file of the tree, a package from outside, or nowhere that we know. */
type Target = { at: "file"; path: string } | { at: "package"; name: string } | { at: "nowhere"; path: string | null };

const extensions = `.ts .tsx .d.ts .js .jsx .mjs .cjs .mts .cts .json .vue .svelte .astro .node .css .scss
  .native.ts .native.tsx .native.js .web.ts .web.tsx .web.js .ios.js .ios.tsx .android.js .android.tsx`.split(/\s+/);
/** TypeScript is imported by the names of what it becomes. */
const sources: [RegExp, string[]][] = [
  [/\.js$/, [".ts", ".tsx", ".d.ts"]],
  [/\.jsx$/, [".tsx"]],
  [/\.mjs$/, [".mts", ".d.mts"]],
  [/\.cjs$/, [".cts", ".d.cts"]],
];
const conditions = new Set([
  "import",
  "require",
  "node",
  "browser",
  "default",
  "types",
  "source",
  "module",
  "development",
]);

/** Node's, TypeScript's and the bundlers' ways of finding a module, on one tree. */
export class Resolution {
  private readonly configuration: Configuration;

  constructor(configuration: Configuration) {
    this.configuration = configuration;
  }

  private get tree() {
    return this.configuration.tree;
  }

  async resolve(file: string, written: string): Promise<Target> {
    // Loaders' hints: "./a.svg?url", "!!raw-loader!./a".
    const specifier = written.replace(/^.*!/, "").replace(/(?<=.)\?.*$/, "");
    const directory = posix.dirname(file);
    if (/^\.{1,2}(\/|$)/.test(specifier)) {
      const path = posix.join(directory, specifier);
      if (path.startsWith("../") || path === "..") return { at: "nowhere", path: null };
      const found = await this.module(path, file);
      return found === null ? { at: "nowhere", path } : { at: "file", path: found };
    }
    if (/^([a-z][\w+.-]+:|\/)/i.test(specifier)) {
      return isBuiltin(specifier) ? { at: "package", name: specifier } : { at: "nowhere", path: null };
    }
    const aliased = await this.alias(file, specifier);
    if (aliased !== null) return aliased;
    if (specifier.startsWith("#") || /^[@~]\//.test(specifier) || !/^(@[\w.~-]+\/)?[\w.~-]+/.test(specifier))
      return { at: "nowhere", path: null };
    return this.bare(file, specifier);
  }

  private async alias(file: string, specifier: string): Promise<Target | null> {
    if (specifier.startsWith("#"))
      for (const own of (await this.configuration.packagesAbove(file)).slice(0, 1)) {
        const found = await this.mapped(own, record(own.fields.imports), specifier, file);
        if (found !== null) return { at: "file", path: found };
      }
    const { base, paths } = await this.configuration.aliasesFor(file);
    const matching = paths
      .flatMap(([pattern, targets]) => {
        const rest = matched(pattern, specifier);
        return rest === null ? [] : [{ pattern, targets, rest }];
      })
      .sort((one, other) => other.pattern.length - one.pattern.length);
    for (const { targets, rest } of matching)
      for (const target of targets) {
        const found = await this.module(target.replace("*", rest), file);
        if (found !== null) return { at: "file", path: found };
      }
    const based = base === null ? null : await this.module(posix.join(base, specifier), file);
    if (based !== null) return { at: "file", path: based };
    // What frameworks and their templates agree on, where no configuration of a kind that we read says it.
    const rest = /^(?:@|~|~~|\$lib|@@)\/(.*)$/.exec(specifier)?.[1];
    if (rest !== undefined)
      for (const own of [...(await this.configuration.packagesAbove(file)).map(({ directory }) => directory), ""])
        for (const place of specifier.startsWith("$lib") ? ["src/lib"] : ["src", "", "app"]) {
          const found = await this.module(posix.join(own, place, rest), file);
          if (found !== null) return { at: "file", path: found };
        }
    const first = matching[0];
    if (!first) return null;
    return { at: "nowhere", path: posix.normalize(first.targets[0]?.replace("*", first.rest) ?? specifier) };
  }

  private async bare(file: string, specifier: string): Promise<Target> {
    const name = packageName(specifier);
    const own = (await this.configuration.named()).get(name);
    if (!own) return { at: "package", name: isBuiltin(specifier) ? `node:${specifier}` : name };
    const found = await this.entry(own, `.${specifier.slice(name.length)}`, file);
    // What a package of this repository does not hand out comes from nowhere else.
    if (found === null) return { at: "nowhere", path: posix.join(own.directory, specifier.slice(name.length)) };
    return { at: "file", path: found };
  }

  /** The file behind `name` or `name/sub` of a package of this repository. */
  private async entry(own: Package, subpath: string, file: string): Promise<string | null> {
    const { exports } = own.fields;
    if (exports !== undefined) {
      const isMap = Object.keys(record(exports)).some((key) => key.startsWith("."));
      return this.mapped(own, isMap ? record(exports) : { ".": exports }, subpath, file);
    }
    return this.module(posix.join(own.directory, subpath), file);
  }

  private async mapped(own: Package, map: Record<string, unknown>, key: string, file: string): Promise<string | null> {
    const patterns = Object.keys(map).sort((one, other) => other.length - one.length);
    for (const pattern of patterns) {
      const rest = matched(pattern, key);
      if (rest === null) continue;
      for (const target of targetsOf(map[pattern])) {
        const found = await this.module(posix.join(own.directory, target.replaceAll("*", rest)), file);
        if (found !== null) return found;
      }
    }
    return null;
  }

  /** A path as a module: itself, with an extension, or a directory's index or entry. */
  async module(path: string, from: string): Promise<string | null> {
    const clean = path === "." ? "" : path.replace(/\/$/, "");
    if (this.tree.isForeign(clean)) return clean;
    const exact = path.endsWith("/") || clean === "" ? null : this.tree.file(clean);
    if (exact !== null) return exact;
    if (/\.(([mc]?ts|tsx)|vue|svelte|astro)$/.test(from) || !isScript(from))
      for (const [becomes, made] of sources)
        if (becomes.test(clean))
          for (const extension of made) {
            const found = this.tree.file(clean.replace(becomes, extension));
            if (found !== null) return found;
          }
    if (clean !== "")
      for (const extension of extensions) {
        const found = this.tree.file(clean + extension);
        if (found !== null) return found;
      }
    return this.tree.directory(clean) === null ? null : this.inDirectory(clean, from);
  }

  private async inDirectory(path: string, from: string): Promise<string | null> {
    const own = await this.configuration.packageIn(path);
    for (const field of own ? ["source", "types", "typings", "module", "main"] : []) {
      const target = own!.fields[field];
      // A directory whose main is itself would lead here again.
      if (typeof target !== "string" || /^\.?\/?$/.test(target)) continue;
      const found = await this.module(posix.join(path, target), from);
      if (found !== null) return found;
    }
    for (const extension of extensions) {
      const found = this.tree.file(posix.join(path, `index${extension}`));
      if (found !== null) return found;
    }
    return null;
  }

  /** Whether a file's packages may import `name`. */
  async mayImport(file: string, name: string): Promise<boolean> {
    if (isBuiltin(name)) return true;
    if ((await this.configuration.named()).has(name)) return true;
    const typed = `@types/${name.replace(/^@/, "").replace("/", "__")}`;
    const above = await this.configuration.packagesAbove(file);
    return above.some((one) => one.dependencies.has(name) || one.dependencies.has(typed));
  }
}

export function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** What the star of a pattern stands for; null when it does not match. */
function matched(pattern: string, specifier: string): string | null {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === specifier ? "" : null;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  const fits = specifier.startsWith(before) && specifier.endsWith(after);
  return fits && specifier.length >= before.length + after.length
    ? specifier.slice(before.length, specifier.length - after.length)
    : null;
}

/** Every file that a value of `exports` or `imports` may mean, whatever the condition. */
export function targetsOf(value: unknown): string[] {
  if (typeof value === "string" || Array.isArray(value)) return strings(value);
  return Object.entries(record(value))
    .sort(([one], [other]) => Number(conditions.has(other)) - Number(conditions.has(one)))
    .flatMap(([, inner]) => targetsOf(inner));
}
