import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A file's text; null removes it. */
export type Files = Record<string, string | null>;

/** A repository that a test builds, by Git itself. */
export class Repository {
  readonly path = mkdtempSync(join(tmpdir(), "longwatch-repository-"));

  constructor() {
    this.git("init", "--quiet", "--initial-branch=main");
  }

  git(...args: string[]): string {
    const identity = ["-c", "user.name=Author", "-c", "user.email=author@example.org", "-c", "commit.gpgSign=false"];
    return execFileSync("git", [...identity, ...args], {
      cwd: this.path,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 * 1024 * 1024,
    }).trim();
  }

  /** Commits the files on the current branch; its id. */
  commit(subject: string, files: Files): string {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.path, path);
      if (text === null) rmSync(file, { force: true });
      else {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
    }
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", subject);
    return this.git("rev-parse", "HEAD");
  }

  branch(name: string): void {
    this.git("switch", "--quiet", "--create", name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}
