import { posix } from "node:path";
import { record } from "./configuration.ts";
import type { Git } from "./git.ts";
import { isCode, isModule } from "./read/reading.ts";
import type { View } from "./view.ts";

/** Words that name nearly every file are no help. */
const WORDS_MAX = 4_000;
const BARRELS_MAX = 300;

type Changed = { path: string; how: "added" | "changed" | "deleted" };

export async function changedBetween(git: Git, base: string, result: string): Promise<Changed[]> {
  const fields = await git.paths(["diff-tree", "-r", "-z", "--no-renames", "--name-status", base, result]);
  const found: Changed[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2)
    found.push({
      path: fields[at + 1]!,
      how: fields[at] === "A" ? "added" : fields[at] === "D" ? "deleted" : "changed",
    });
  return found;
}

/**
 * Unchanged files that may have lost something: those whose text has a word that the change took away. Git finds the
 * word, so that a repository of 20,000 files is not parsed.
 */
export async function usersOf(git: Git, base: View, result: View, changed: readonly Changed[]): Promise<string[]> {
  const words = new Set<string>();
  for (const { path, how } of changed) {
    if (how !== "added") for (const word of await lostNames(base, result, path)) words.add(word);
    if (how === "deleted" || (how === "added" && shadows(base, path))) for (const word of stems(path)) words.add(word);
    for (const word of await lostSettings(base, result, path)) words.add(word);
  }
  if (changed.some(({ path }) => isModule(path)))
    for (const barrel of await grep(git, result, ["export *"], []))
      for (const word of await lostNames(base, result, barrel)) words.add(word);
  const own = new Set(changed.map(({ path }) => path));
  const users = await grep(git, result, [...words].slice(0, WORDS_MAX), ["--word-regexp"]);
  return users.filter((path) => !own.has(path) && (isCode(path) || posix.basename(path) === "package.json"));
}

/** Files of a tree that have one of these texts. */
export async function grep(git: Git, view: View, texts: readonly string[], options: string[]): Promise<string[]> {
  const sane = texts.filter((one) => one !== "" && !/[\n\0]/.test(one));
  if (sane.length === 0) return [];
  const command = ["grep", "-I", "--files-with-matches", "-z", "--fixed-strings", ...options, "-f", "-", view.tree.id];
  const found = await git.paths(command, { input: sane.join("\n"), codes: [0, 1] });
  return found.map((path) => path.slice(view.tree.id.length + 1));
}

async function lostNames(base: View, result: View, path: string): Promise<string[]> {
  if (!isModule(path) || base.tree.file(path) === null) return [];
  const before = (await base.names(path)).origins;
  const after = result.tree.file(path) === null ? null : (await result.names(path)).origins;
  const lost = [...before.keys()].filter((name) => !after?.has(name));
  // A default is imported under any name: its module's has to do.
  return lost.flatMap((name) => (name === "default" ? stems(path) : [name])).slice(0, BARRELS_MAX);
}

/** A module that now stands before another of the same stem: `a.ts` beside `a/index.ts`. */
function shadows(base: View, path: string): boolean {
  if (!isModule(path)) return false;
  const stem = path.replace(/(\/index|\/__init__)?(\.d)?\.\w+$/, "");
  if (base.tree.directory(stem) !== null && !/\/(index|__init__)\.\w+$/.test(path)) return true;
  return [".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".py", ".d.ts"].some(
    (one) => base.tree.file(stem + one) !== null,
  );
}

/** How others may write a file's name. */
function stems(path: string): string[] {
  const name = posix.basename(path);
  const stem = name.replace(/(\.d)?\.\w+$/, "");
  const directory = posix.basename(posix.dirname(path));
  if (!isModule(path)) return [name, stem.replace(/^_/, "")];
  if (!/^(index|__init__|main|mod)$/.test(stem)) return [stem];
  const around = ['"."', "'.'", '"./"', "'./'", '".."', "'..'", '"../"', "'../'", "from . import", "from .. import"];
  return [stem, ...(directory === "." ? [] : [directory]), ...around];
}

/** Dependencies, entries and aliases that a manifest no longer has. */
async function lostSettings(base: View, result: View, path: string): Promise<string[]> {
  const name = posix.basename(path);
  const directory = posix.dirname(path) === "." ? "" : posix.dirname(path);
  if (name === "package.json") {
    const [before, after] = [
      await base.configuration.packageIn(directory),
      await result.configuration.packageIn(directory),
    ];
    const lost = [...(before?.dependencies.keys() ?? [])].filter((one) => !after?.dependencies.has(one));
    for (const field of ["exports", "main", "module", "types", "source", "name"])
      if (JSON.stringify(before?.fields[field]) !== JSON.stringify(after?.fields[field]) && before?.name)
        lost.push(before.name);
    const aliases = Object.keys(record(before?.fields.imports)).filter((one) => !record(after?.fields.imports)[one]);
    return [...lost, ...aliases.map((one) => one.split("*")[0]!)];
  }
  if (!/^[tj]sconfig.*\.json$/.test(name)) return [];
  const patterns = async (view: View) => record(record((await view.configuration.json(path))?.compilerOptions).paths);
  const [before, after] = [await patterns(base), await patterns(result)];
  return Object.keys(before)
    .filter((one) => JSON.stringify(before[one]) !== JSON.stringify(after[one]))
    .map((one) => one.split("*")[0]!.replace(/\/$/, ""));
}
