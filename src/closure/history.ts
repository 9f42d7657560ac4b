import type { Git } from "./git.ts";
import { Tree } from "./tree.ts";
import { type Reader, View } from "./view.ts";

/** How many commits are looked at to find the one that brings a thing. */
const LOOKED_AT_MAX = 64;
/** Trees that are remembered: each has an entry for every file. */
const VIEWS_MAX = 32;

/** The source branch: what it has over the base, and what each of its commits looks like. */
export class History {
  /** Oldest first, without merges and without what the base has under another id. */
  readonly commits: readonly string[];
  private readonly git: Git;
  private readonly reader: Reader;
  private readonly views = new Map<string, Promise<View>>();

  private constructor(git: Git, reader: Reader, commits: string[]) {
    this.git = git;
    this.reader = reader;
    this.commits = commits;
  }

  static async of(git: Git, reader: Reader, base: string, source: string): Promise<History> {
    const order = ["--reverse", "--topo-order", "--no-merges", `--max-count=${git.limits.commits_max}`];
    const range = ["--cherry-pick", "--right-only", `${base}...${source}`];
    return new History(git, reader, await git.lines(["rev-list", ...order, ...range, "--"]));
  }

  /** A commit or a tree. */
  view(id: string): Promise<View> {
    let found = this.views.get(id);
    if (found) this.views.delete(id);
    else found = Tree.of(this.git, id).then((tree) => new View(tree, this.reader));
    // The least lately used goes.
    this.views.set(id, found);
    for (const oldest of [...this.views.keys()].slice(0, -VIEWS_MAX)) this.views.delete(oldest);
    return found;
  }

  /** The commits that touch one of these paths; `*` in them stands for anything. */
  async touching(paths: readonly string[]): Promise<string[]> {
    if (paths.length === 0 || this.commits.length === 0) return [];
    const patterns = paths.map((path) => `:(top,glob)${path.replace(/[\\?[\]]/g, "\\$&")}`);
    const command = ["rev-list", "--no-walk=unsorted", "--stdin"];
    const input = `${this.commits.join("\n")}\n--\n${patterns.join("\n")}\n`;
    const those = new Set(await this.git.lines(command, { input }));
    return this.commits.filter((one) => those.has(one));
  }

  /**
   * The commit, not yet picked, from which on something is so: the last one where it turned true. Where it never turned
   * before our eyes, the newest that touches those paths.
   */
  async turning(
    paths: readonly string[],
    picked: ReadonlySet<string>,
    isSo: (view: View) => Promise<boolean>,
  ): Promise<string | null> {
    const touching = await this.touching(paths);
    let was = false;
    let turned: string | null = null;
    for (const commit of touching.slice(-LOOKED_AT_MAX)) {
      const is = await isSo(await this.view(commit));
      if (is && !was && !picked.has(commit)) turned = commit;
      was = is;
    }
    return turned ?? touching.findLast((one) => !picked.has(one)) ?? null;
  }

  /** What a commit in the middle of the branch had, and its end no longer has. */
  async once(paths: readonly string[], isSo: (view: View) => Promise<boolean>): Promise<View | null> {
    for (const commit of (await this.touching(paths)).slice(-LOOKED_AT_MAX)) {
      const view = await this.view(commit);
      if (await isSo(view)) return view;
    }
    return null;
  }

  async subject(commit: string): Promise<string> {
    return (await this.git.run(["log", "--max-count=1", "--format=%s", commit])).toString().trim();
  }
}
