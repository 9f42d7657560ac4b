import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { Repository } from "../closure/repository.ts";
import { surroundings } from "../surroundings.ts";

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** An author's clone with a bare remote beside it, which knows what was pushed and nothing else. */
export class Pushed {
  readonly repository = new Repository();
  readonly bare = mkdtempSync(join(tmpdir(), "longwatch-remote-"));

  constructor() {
    execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", this.bare]);
    this.repository.git("remote", "add", "origin", this.bare);
    after(() => {
      this.repository[Symbol.dispose]();
      rmSync(this.bare, { recursive: true, force: true, maxRetries: 3 });
    });
  }

  push(...words: string[]): void {
    this.repository.git("push", "--quiet", "origin", ...words);
  }
}

export type Said = { code: number | null; stdout: string; stderr: string; told: any[] };

/** Says `longwatch …` in a process of its own; each line of its answer is JSON. */
export async function longwatch(
  words: readonly string[],
  { url, token, cwd, env = {} }: { url: string; token: string; cwd: string; env?: Record<string, string> },
): Promise<Said> {
  const child = spawn(process.execPath, [program, ...words, "--json"], {
    cwd,
    env: surroundings({ HOME: tmpdir(), LONGWATCH_URL: url, LONGWATCH_TOKEN: token, ...env }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (text) => (said.stdout += text));
  child.stderr.on("data", (text) => (said.stderr += text));
  const [code] = await once(child, "close");
  const lines = said.stdout.split("\n").filter((line) => line.startsWith("{"));
  return { code, ...said, told: lines.map((line) => JSON.parse(line)) };
}
