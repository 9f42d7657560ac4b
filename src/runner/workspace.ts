import { execFile } from "node:child_process";
import { chmod, lstat, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Refusal } from "../kernel/refusal.ts";
import { CONFIGURATION, git, GitFailure, hasPath } from "./git.ts";

/** Where what was put together by the runner stays reachable, so that a release can be gone back to. */
const KEPT = "refs/longwatch";

const PREFIX = "longwatch-land-";

/** Removes what killed runners of this user have left behind. */
async function sweep(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (!pid || isAlive(pid)) continue;
    const at = join(temporary, name);
    const { uid } = await lstat(at).catch(() => ({ uid: -1 }));
    if (uid === process.getuid?.()) await removed(at);
  }
}

/**
 * Removes a workspace. What ran in it may have left directories without rights, or deeper than a path is long: that
 * must not stand in the way of what came of it, so what cannot be removed is left to the next sweep.
 */
async function removed(at: string): Promise<void> {
  const said = promisify(execFile);
  await rm(at, { recursive: true, force: true, maxRetries: 3 }).catch(async () => {
    await said("chmod", ["-R", "u+rwX", "--", at]).catch(() => {});
    await said("rm", ["-rf", "--", at]).catch(() => {});
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * The runner's own place: a bare repository that holds what is needed of the one that is landed from, and clean clones
 * of it. Nothing of the other repository's configuration is read, and nothing is written to it but `refs/longwatch`.
 */
export class Workspace {
  readonly home: string;
  /** Where the repository keeps its objects and its configuration, whichever of its worktrees was named. */
  readonly common: string;
  readonly #repository: string;

  private constructor(home: string, repository: string, common: string) {
    this.home = home;
    this.common = common;
    this.#repository = repository;
  }

  static async open(repository: string): Promise<Workspace> {
    const temporary = await realpath(tmpdir());
    await sweep(temporary);
    const home = await mkdtemp(join(temporary, `${PREFIX}${process.pid}-`));
    // The command may run as another user, who has to get through to its worktree and no further.
    await chmod(home, 0o711);
    await writeFile(join(home, "gitconfig"), CONFIGURATION, { mode: 0o644 });
    try {
      const where = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
      const common = await git(where, { cwd: resolve(repository), home }).catch((error: GitFailure) => {
        throw new Refusal("invalid", "repository.unusable", `${repository}: ${error.message}`, {
          hint: "Say it inside the repository, or name it with --repository.",
        });
      });
      const workspace = new Workspace(home, resolve(repository), common);
      await git(["init", "--quiet", "--bare", "--template=", workspace.scratch], { cwd: home, home });
      return workspace;
    } catch (error) {
      await removed(home);
      throw error;
    }
  }

  /** The bare repository. */
  get scratch(): string {
    return join(this.home, "scratch.git");
  }

  /** What a verify command must not see of the repository: an address in there may hold a password. */
  get hidden(): string[] {
    return ["config", "config.worktree", "FETCH_HEAD", "logs"].map((name) => join(this.common, name));
  }

  get #there() {
    return { cwd: this.#repository, home: this.home };
  }

  get #here() {
    return { cwd: this.scratch, home: this.home };
  }

  /** The commit that a name of the repository stands for; null when it has none. */
  async find(name: string): Promise<string | null> {
    const words = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`];
    return (await git(words, { ...this.#there, codes: [0, 1, 128] })) || null;
  }

  /** The same; throws `commit.unknown`. */
  async commitOf(name: string): Promise<string> {
    const found = await this.find(name);
    if (found !== null) return found;
    throw new Refusal("missing", "commit.unknown", `The repository has no commit ${name}.`, {
      hint: "Fetch it first: the runner takes what the repository has.",
      facts: { commit: name },
    });
  }

  /** A branch as the remote has it, else the repository's own. */
  async branch(name: string): Promise<string> {
    return (await this.find(`refs/remotes/origin/${name}`)) ?? this.commitOf(`refs/heads/${name}`);
  }

  /** The commits that names and ranges stand for, oldest first. */
  async commits(names: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const name of names) {
      if (!name.includes("..")) found.push(await this.commitOf(name));
      else
        found.push(
          ...(
            await git(
              ["rev-list", "--reverse", "--topo-order", "--no-merges", "--end-of-options", name, "--"],
              this.#there,
            )
          )
            .split("\n")
            .filter(Boolean),
        );
    }
    return [...new Set(found)];
  }

  async isAncestor(older: string, newer: string): Promise<boolean> {
    const base = await git(["merge-base", older, newer], { ...this.#there, codes: [0, 1] });
    return base === older;
  }

  /** Whether a commit has a file or a directory of this path, or comes after a commit of this id. */
  async has(commit: string, what: string): Promise<boolean> {
    const older = /^[0-9a-f]{7,64}$/.test(what) ? await this.find(what) : null;
    if (older !== null) return this.isAncestor(older, commit);
    return hasPath(commit, what, this.#there);
  }

  /** Brings commits with everything before them. */
  async fetch(commits: readonly string[]): Promise<void> {
    const words = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", `file://${this.common}`];
    await git([...words, ...new Set(commits)], this.#here);
  }

  /** A clean clone of one commit, checked out, which knows nothing of where it came from. */
  async clone(commit: string, name: string): Promise<string> {
    const at = join(this.home, name);
    const there = { cwd: at, home: this.home };
    await git(["init", "--quiet", "--template=", at], { cwd: this.home, home: this.home });
    await git(["fetch", "--quiet", "--no-tags", `file://${this.scratch}`, commit], there);
    await git(["checkout", "--quiet", "--detach", commit], there);
    await rm(join(at, ".git/FETCH_HEAD"), { force: true });
    return at;
  }

  /** Hands a clone to the user that its command runs as. */
  async give(at: string, uid: number): Promise<void> {
    // Not what a link in it leads to: its text is the repository's, and not every chown spares that by itself.
    await promisify(execFile)("chown", ["-h", "-R", `${uid}:${uid}`, "--", at]);
  }

  /**
   * Picks commits onto a base. The same commits on the same base give the same id each time, so that a landing that is
   * said again is about the same release.
   */
  async pick(base: string, commits: readonly string[]): Promise<{ sha: string } | { conflicts: string[] }> {
    const at = await this.clone(base, "picking");
    const there = { cwd: at, home: this.home };
    await git(["fetch", "--quiet", "--no-tags", `file://${this.scratch}`, ...commits], there);
    for (const commit of commits) {
      const [time, parents = ""] = (await git(["show", "--no-patch", "--format=%at%n%P", commit], there)).split("\n");
      const env = {
        ...{ GIT_COMMITTER_NAME: "Longwatch", GIT_COMMITTER_EMAIL: "longwatch@localhost" },
        GIT_COMMITTER_DATE: `@${time} +0000`,
      };
      const side = parents.includes(" ") ? ["--mainline", "1"] : [];
      await git(["cherry-pick", "--allow-empty", ...side, commit], { ...there, env, codes: [0, 1, 128] });
      const conflicts = await git(["diff", "--name-only", "--diff-filter=U"], there);
      if (conflicts !== "") return { conflicts: conflicts.split("\n") };
      // What the base has already leaves nothing to commit.
      if (await git(["rev-parse", "--verify", "--quiet", "CHERRY_PICK_HEAD"], { ...there, codes: [0, 1] }))
        await git(["cherry-pick", "--skip"], there);
    }
    const sha = await git(["rev-parse", "HEAD"], there);
    await git(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", `file://${at}`, sha], this.#here);
    return { sha };
  }

  /** One commit on a base with the tree of another: the patch between them, whatever its history. */
  async squashed(base: string, commit: string): Promise<string> {
    const by = { NAME: "Longwatch", EMAIL: "longwatch@localhost", DATE: "@0 +0000" };
    const env = Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((who) =>
        Object.entries(by).map(([what, value]) => [`GIT_${who}_${what}`, value]),
      ),
    );
    return git(["commit-tree", `${commit}^{tree}`, "-p", base, "-m", "What is deployed"], { ...this.#here, env });
  }

  /** How many paths differ. */
  async changed(base: string, commit: string): Promise<number> {
    return (await git(["diff", "--name-only", base, commit], this.#here)).split("\n").filter(Boolean).length;
  }

  /** Keeps a release reachable in the repository. */
  async keep(name: string, sha: string): Promise<void> {
    if ((await this.find(sha)) === null) {
      const words = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", `file://${this.scratch}`, sha];
      await git(words, this.#there);
    }
    await git(["update-ref", `${KEPT}/${name}`, sha], this.#there);
  }

  async close(): Promise<void> {
    await removed(this.home);
  }
}
