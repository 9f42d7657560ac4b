import { posix } from "node:path";
import { type Configuration, directoriesAbove, pythonName } from "./configuration.ts";

/** The file of a module; a namespace package has none but is there. */
type PythonTarget = { path: string; isPackage: boolean } | null;

/** Where Python finds `a.b` or `..x` from a file, as far as a repository tells. */
export class PythonResolution {
  private readonly configuration: Configuration;

  constructor(configuration: Configuration) {
    this.configuration = configuration;
  }

  private get tree() {
    return this.configuration.tree;
  }

  resolve(file: string, specifier: string): PythonTarget {
    const dots = /^\.*/.exec(specifier)![0].length;
    const parts = specifier.slice(dots).split(".").filter(Boolean);
    if (dots > 0) {
      let from = posix.dirname(file);
      for (let level = 1; level < dots; level++) from = from === "." ? ".." : posix.dirname(from);
      return from === ".." ? null : this.at(posix.join(from, ...parts));
    }
    for (const root of this.roots(file)) {
      const found = this.at(posix.join(root, ...parts));
      if (found) return found;
    }
    return null;
  }

  /** The repository, src, projects inside it, and the directories above the file that are no packages. */
  private roots(file: string): string[] {
    const roots = new Set<string>();
    for (const directory of directoriesAbove(file)) {
      if (this.tree.file(posix.join(directory, "__init__.py")) !== null) continue;
      roots.add(directory);
      for (const place of ["src", "lib", "python"])
        if (this.tree.directory(posix.join(directory, place)) !== null) roots.add(posix.join(directory, place));
    }
    return [...roots];
  }

  private at(path: string): PythonTarget {
    const clean = path === "." ? "" : path;
    if (this.tree.isForeign(clean)) return { path: clean, isPackage: true };
    for (const [file, isPackage] of [
      [posix.join(clean, "__init__.py"), true],
      [`${clean}.py`, false],
      [`${clean}.pyi`, false],
      [posix.join(clean, "__init__.pyi"), true],
    ] as const) {
      const found = clean === "" && !isPackage ? null : this.tree.file(file);
      if (found !== null) return { path: found, isPackage };
    }
    const directory = clean === "" ? null : this.tree.directory(clean);
    return directory === null ? null : { path: directory, isPackage: true };
  }

  /** A distribution of the same name; others cannot be told by the import. */
  async requires(specifier: string): Promise<boolean> {
    return (await this.configuration.pythonRequirements()).has(pythonName(specifier.split(".")[0]!));
  }
}
