import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Files, Repository } from "./repository.ts";

/** Numbers that look random and are the same each time (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The readable sources of one published version, by path. */
export function published(name: string, version: string, sources: string): Map<string, string> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const cache = join(root, "node_modules/.cache/longwatch-closure", `${name.replace("/", "+")}-${version}`);
  if (!existsSync(cache)) {
    const fresh = `${cache}.${process.pid}`;
    mkdirSync(fresh, { recursive: true });
    const packed = execFileSync("npm", ["pack", `${name}@${version}`, "--silent", "--ignore-scripts"], {
      cwd: fresh,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    execFileSync("tar", ["xzf", packed.trim().split("\n").at(-1)!], { cwd: fresh });
    renameSync(fresh, cache);
  }
  const directory = join(cache, "package");
  const files = globSync([sources, "package.json"], { cwd: directory }).filter((file) => /\.\w+$/.test(file));
  return new Map(files.sort().map((file) => [file, readFileSync(join(directory, file), "utf8")]));
}

/** Steps of a history: each the whole of the sources. */
export type Step = ReadonlyMap<string, string>;

export type Branched = { repository: Repository; commits: string[] };

/** A base, and a branch on which each step comes in several commits, cut by file. */
export function branched(steps: readonly Step[], random: () => number): Branched {
  const repository = new Repository();
  repository.commit("Base", Object.fromEntries(steps[0]!));
  repository.branch("feature");
  const commits: string[] = [];
  for (const [index, next] of steps.entries()) {
    if (index === 0) continue;
    const before = steps[index - 1]!;
    const changed = [...new Set([...before.keys(), ...next.keys()])].filter(
      (path) => before.get(path) !== next.get(path),
    );
    for (const part of cut(changed, random)) {
      const files: Files = Object.fromEntries(part.map((path) => [path, next.get(path) ?? null]));
      commits.push(repository.commit(`Step ${index}: ${part.length} files`, files));
    }
  }
  return { repository, commits };
}

/** Two to seven parts; half the time by directory, as people cut, half the time anyhow. */
function cut(paths: readonly string[], random: () => number): string[][] {
  const count = Math.min(paths.length, 2 + Math.floor(random() * 6));
  const isByDirectory = random() < 0.5;
  const places = new Map<string, number>();
  const parts: string[][] = Array.from({ length: count }, () => []);
  for (const path of paths) {
    const key = isByDirectory ? path.split("/").slice(0, -1).join("/") : path;
    if (!places.has(key)) places.set(key, Math.floor(random() * count));
    parts[places.get(key)!]!.push(path);
  }
  return parts.filter((part) => part.length > 0);
}

/** Subsets of the commits, each once: some, a beginning, all but one, all. */
export function picksOf(commits: readonly string[], count: number, random: () => number): string[][] {
  const found = new Map<string, string[]>();
  for (let turn = 0; turn < count * 20 && found.size < count; turn++) {
    const kind = random();
    const share = random();
    const without = Math.floor(random() * commits.length);
    const end = 1 + Math.floor(random() * commits.length);
    const pick = commits.filter((_, index) =>
      kind < 0.5 ? random() < share : kind < 0.7 ? index < end : kind < 0.95 ? index !== without : true,
    );
    if (pick.length > 0) found.set(pick.join(), pick);
  }
  return [...found.values()];
}

/** Lands commits in a worktree, as a person would; null where they conflict. */
export function landed(repository: Repository, commits: readonly string[], directory: string): string | null {
  rmSync(directory, { recursive: true, force: true });
  repository.git("worktree", "prune");
  repository.git("worktree", "add", "--quiet", "--detach", directory, "main");
  try {
    if (commits.length > 0)
      repository.git("-C", directory, "cherry-pick", "--allow-empty", "--keep-redundant-commits", ...commits);
    return directory;
  } catch {
    return null;
  }
}
