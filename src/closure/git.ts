import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { BlobReader } from "./blobs.ts";

/**
 * Git, spoken to as a program. What is examined was written by strangers, and a repository's own configuration names
 * programs (hooks, filters, text converters, merge drivers, watchers, transports). So the work happens in a repository
 * of our own with an empty configuration, which borrows the other's objects as alternates: it reads nothing else of it
 * and writes nothing into it, and a killed check leaves no worktree behind in it.
 */
export type Limits = {
  /** Files of one tree; larger ones are refused. */
  files_max: number;
  /** Files that are parsed in one check, each content once. */
  parsed_max: number;
  /** A larger file is not read: it is named as not checked. */
  file_bytes_max: number;
  /** One file's parsing. */
  file_seconds_max: number;
  /** The whole check. */
  seconds_max: number;
  /** Commits of the source branch that are looked at. */
  commits_max: number;
};

export const usualLimits: Limits = {
  files_max: 20_000,
  parsed_max: 6_000,
  file_bytes_max: 1_000_000,
  file_seconds_max: 10,
  seconds_max: 120,
  commits_max: 1_000,
};

/** Why a closure could not be computed. Whoever lands treats it as a refusal: what was not checked does not pass. */
export class ClosureFailure extends Error {
  readonly problem: "no_repository" | "no_commit" | "too_large" | "too_long" | "stopped" | "git";
  constructor(problem: ClosureFailure["problem"], message: string) {
    super(message);
    this.problem = problem;
  }
}

export function tooLong({ seconds_max }: Limits): ClosureFailure {
  return new ClosureFailure("too_long", `The check took longer than ${seconds_max} s.`);
}

const OUTPUT_MAX = 64 * 1024 * 1024;

/** Nobody's configuration, no network, no prompt, no programs. */
function environment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "none",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_SSH_COMMAND: "false",
    GIT_PAGER: "cat",
    GIT_EDITOR: "false",
    GIT_AUTHOR_NAME: "closure",
    GIT_AUTHOR_EMAIL: "closure@localhost",
    GIT_COMMITTER_NAME: "closure",
    GIT_COMMITTER_EMAIL: "closure@localhost",
  };
}

/** Symbolic links stay text, so that none is followed out of the tree. */
const settings = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.symlinks": "false",
  "core.autocrlf": "false",
  "core.attributesFile": "/dev/null",
  "core.fsync": "none",
  "protocol.allow": "never",
  "commit.gpgSign": "false",
  "rerere.enabled": "false",
  "gc.auto": "0",
  "submodule.recurse": "false",
  "core.sparseCheckout": "true",
  "core.sparseCheckoutCone": "false",
  "diff.external": "",
  // Renames are found by content, as in the three-way merge that lands it.
  "merge.renames": "true",
};

type Run = { input?: string; codes?: readonly number[] };

export class Git {
  readonly limits: Limits;
  private readonly home: string;
  readonly signal: AbortSignal;
  private readonly until: number;
  private blobs: BlobReader | null = null;

  private constructor(home: string, limits: Limits, signal: AbortSignal) {
    this.home = home;
    this.limits = limits;
    this.signal = signal;
    this.until = performance.now() + limits.seconds_max * 1000;
  }

  /** A scratch repository beside nothing, which reads the objects of `repository`. */
  static async beside(
    repository: string,
    names: readonly string[],
    limits: Limits,
    signal: AbortSignal,
  ): Promise<{ git: Git; ids: string[] }> {
    const home = await mkdtemp(join(await realpath(tmpdir()), "longwatch-closure-"));
    const git = new Git(home, limits, signal);
    try {
      const ids = await git.borrow(repository, names);
      return { git, ids };
    } catch (error) {
      await git.close();
      throw error;
    }
  }

  private get work(): string {
    return join(this.home, "tree");
  }

  /** Resolves names to object ids and sets the scratch repository up. Reading a name starts no program. */
  private async borrow(repository: string, names: readonly string[]): Promise<string[]> {
    // The owner is no matter here: nothing that the repository's configuration names is ever started.
    const ask = (...args: string[]) =>
      this.spawned(["-c", "safe.directory=*", "-C", repository, "rev-parse", ...args], {}, this.home).then(
        ({ stdout }) => stdout.toString().trim(),
        (error: ClosureFailure) => {
          if (error.problem !== "git") throw error;
          throw new ClosureFailure("no_repository", `There is no Git repository at ${repository}.`);
        },
      );
    const inside = (path: string) => (isAbsolute(path) ? path : resolve(repository, path));
    const objects = inside(await ask("--git-path", "objects"));
    const shallow = inside(await ask("--git-path", "shallow"));
    const format = await ask("--show-object-format");
    const ids: string[] = [];
    for (const name of names)
      ids.push(
        await this.spawned(
          ["-c", "safe.directory=*", "-C", repository, "rev-parse", "--verify", "--quiet", "--end-of-options", name],
          {},
          this.home,
        ).then(
          ({ stdout }) => stdout.toString().trim(),
          (error: ClosureFailure) => {
            if (error.problem !== "git") throw error;
            throw new ClosureFailure("no_commit", `The repository has no commit ${name}.`);
          },
        ),
      );
    if (/[\n"]/.test(objects)) throw new ClosureFailure("no_repository", "The repository's path cannot be borrowed.");
    await mkdir(this.work);
    await this.run(["init", "--quiet", "--template=", `--object-format=${format}`, "--initial-branch=none"]);
    for (const one of ["objects/info", "info"]) await mkdir(join(this.work, ".git", one), { recursive: true });
    await writeFile(join(this.work, ".git/objects/info/alternates"), `${objects}\n`);
    // A merge needs the index; on the disk it needs only what steers it, and what conflicts. Writing 20,000 files took
    // 19 of 28 seconds.
    await writeFile(join(this.work, ".git/info/sparse-checkout"), ".gitattributes\n.gitignore\n");
    if (existsSync(shallow)) await copyFile(shallow, join(this.work, ".git/shallow"));
    return ids;
  }

  async run(args: readonly string[], options: Run = {}): Promise<Buffer> {
    return (await this.spawned(args, options, this.work)).stdout;
  }

  /** Its exit code as well, for commands that say something by it. */
  async tried(args: readonly string[]): Promise<{ code: number; stdout: Buffer }> {
    return this.spawned(args, { codes: [0, 1, 128] }, this.work);
  }

  async lines(args: readonly string[], options: Run = {}): Promise<string[]> {
    return (await this.run(args, options)).toString().split("\n").filter(Boolean);
  }

  /** Paths: they may hold anything but a zero. */
  async paths(args: readonly string[], options: Run = {}): Promise<string[]> {
    return (await this.run(args, options)).toString().split("\0").filter(Boolean);
  }

  /** A blob's bytes; null where there is none, or it is larger than the limit. */
  blob(id: string): Promise<Buffer | null> {
    this.blobs ??= new BlobReader(this.start(["cat-file", "--batch"], this.work), this.limits.file_bytes_max);
    return this.blobs.read(id).catch((error: Error) => {
      throw this.signal.aborted ? this.why() : new ClosureFailure("git", error.message);
    });
  }

  /** Throws when the time is over or the caller has left; long work between two answers of Git asks it. */
  stopped(): void {
    if (this.signal.aborted) throw this.why();
    if (performance.now() > this.until) throw tooLong(this.limits);
  }

  async close(): Promise<void> {
    this.blobs?.close();
    await rm(this.home, { recursive: true, force: true, maxRetries: 3 });
  }

  private why(): ClosureFailure {
    return this.signal.reason instanceof ClosureFailure
      ? this.signal.reason
      : new ClosureFailure("stopped", "The check was stopped.");
  }

  private start(args: readonly string[], cwd: string): ChildProcessWithoutNullStreams {
    const config = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
    return spawn("git", [...config, ...args], {
      cwd,
      env: environment(this.home),
      signal: this.signal,
      killSignal: "SIGKILL",
    });
  }

  private spawned(args: readonly string[], { input, codes = [0] }: Run, cwd: string) {
    return new Promise<{ code: number; stdout: Buffer }>((done, fail) => {
      if (this.signal.aborted) return fail(this.why());
      const child = this.start(args, cwd);
      const out: Buffer[] = [];
      let bytes = 0;
      let talk = "";
      child.stdout.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > OUTPUT_MAX) child.kill("SIGKILL");
        else out.push(chunk);
      });
      child.stderr.on("data", (chunk: Buffer) => (talk = (talk + chunk.toString()).slice(-2_000)));
      child.on("error", (error) =>
        fail(this.signal.aborted ? this.why() : new ClosureFailure("git", `git did not start: ${error.message}`)),
      );
      child.on("close", (code) => {
        if (this.signal.aborted) fail(this.why());
        else if (bytes > OUTPUT_MAX) fail(new ClosureFailure("too_large", `git ${args[0]} said more than 64 MB.`));
        else if (code !== null && codes.includes(code)) done({ code, stdout: Buffer.concat(out) });
        else fail(new ClosureFailure("git", `git ${args.join(" ").slice(0, 200)}: ${talk.trim() || `code ${code}`}`));
      });
      child.stdin.on("error", () => {});
      child.stdin.end(input ?? "");
    });
  }
}
