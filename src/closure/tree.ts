import { posix } from "node:path";
import { ClosureFailure, type Git } from "./git.ts";

type Entry = { mode: string; id: string };

/** What was met and not looked into. */
export type Unchecked = { path: string; why: string };

const LINKS_MAX = 2_000;

/** The files of one commit or merge result, read from Git's objects and never from a disk. */
export class Tree {
  readonly id: string;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly unchecked: Unchecked[] = [];
  private readonly git: Git;
  private readonly directories: Set<string>;
  private readonly links: ReadonlyMap<string, string>;

  private constructor(
    git: Git,
    id: string,
    entries: Map<string, Entry>,
    links: Map<string, string>,
    unchecked: Unchecked[],
  ) {
    this.git = git;
    this.id = id;
    this.entries = entries;
    this.links = links;
    this.unchecked = unchecked;
    this.directories = new Set([""]);
    for (const path of entries.keys())
      for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
        const directory = path.slice(0, at);
        if (this.directories.has(directory)) break;
        this.directories.add(directory);
      }
  }

  static async of(git: Git, id: string): Promise<Tree> {
    const entries = new Map<string, Entry>();
    const unchecked: Unchecked[] = [];
    for (const line of await git.paths(["ls-tree", "-r", "-z", "--full-tree", id])) {
      const [mode = "", , oid = ""] = line.slice(0, line.indexOf("\t")).split(" ");
      const path = line.slice(line.indexOf("\t") + 1);
      entries.set(path, { mode, id: oid });
      if (mode === "160000") unchecked.push({ path, why: "is a submodule" });
    }
    if (entries.size > git.limits.files_max)
      throw new ClosureFailure("too_large", `A tree has ${entries.size} files; ${git.limits.files_max} are the limit.`);
    const links = new Map<string, string>();
    for (const [path, { mode, id: oid }] of entries) {
      if (mode !== "120000" || links.size >= LINKS_MAX) continue;
      const target = (await git.blob(oid))?.toString() ?? "";
      const inside = posix.join(posix.dirname(path), target);
      if (target.startsWith("/") || inside === ".." || inside.startsWith("../"))
        unchecked.push({ path, why: "is a link out of the tree" });
      else links.set(path, inside === "." ? "" : inside.replace(/\/$/, ""));
    }
    return new Tree(git, id, entries, links, unchecked);
  }

  /** The path of the file that `path` names, links followed inside the tree; null where there is none. */
  file(path: string): string | null {
    const real = this.real(path);
    const mode = real === null ? undefined : this.entries.get(real)?.mode;
    return mode === undefined || mode === "120000" || mode === "160000" ? null : real;
  }

  directory(path: string): string | null {
    const real = this.real(path);
    return real !== null && this.directories.has(real) ? real : null;
  }

  /** Inside a submodule there may be anything: nothing is said to be missing there. */
  isForeign(path: string): boolean {
    return this.unchecked.some(({ path: at }) => path === at || path.startsWith(`${at}/`));
  }

  blobOf(path: string): string | null {
    return this.entries.get(path)?.id ?? null;
  }

  async text(path: string): Promise<string | null> {
    const id = this.blobOf(path);
    return id === null ? null : ((await this.git.blob(id))?.toString() ?? null);
  }

  private real(path: string): string | null {
    if (this.links.size === 0) return path;
    let at = path;
    for (let turn = 0; turn < 16; turn++) {
      const link = this.linkIn(at);
      if (link === null) return at;
      at = posix.join(this.links.get(link)!, at.slice(link.length + 1)).replace(/\/$/, "");
      if (at === ".") at = "";
    }
    return null;
  }

  private linkIn(path: string): string | null {
    if (this.links.has(path)) return path;
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1))
      if (this.links.has(path.slice(0, at))) return path.slice(0, at);
    return null;
  }
}
