import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { surroundings } from "../../../test/surroundings.ts";
import { testServer } from "../../../test/harness.ts";
import { main } from "./connect.ts";
import type { Report } from "./told.ts";

const launcher = fileURLToPath(new URL("../../../bin/longwatch", import.meta.url));

export type Said = { code: number; stdout: string; stderr: string; report: Report };

/** A server, a home and a project, and what somebody types there. */
export async function workshop() {
  const server = await testServer();
  const directory = mkdtempSync(join(tmpdir(), "longwatch-workshop-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  let projects = 0;
  const home = join(directory, "home");
  mkdirSync(home);
  const { PATH, TMPDIR } = process.env;
  const env = surroundings({ PATH: `${dirname(launcher)}:${PATH}`, HOME: home, TMPDIR });
  const say = async (
    which: "connect" | "disconnect",
    words: string[],
    at: { cwd: string; env?: Record<string, string>; url?: string },
  ): Promise<Said> => {
    const said = { code: -1, stdout: "", stderr: "", report: {} as Report };
    said.code = await main(
      which,
      [...words, "--json"],
      {},
      {
        env: { ...env, ...at.env },
        cwd: at.cwd,
        operator: () => ({ url: at.url ?? server.url, token: server.operator }),
        launcher,
        stdout: (text) => (said.stdout += text),
        stderr: (text) => (said.stderr += text),
      },
    );
    if (said.stdout.startsWith("{")) said.report = JSON.parse(said.stdout);
    return said;
  };
  return {
    ...server,
    home,
    env,
    launcher,
    /** A repository of its own, outside the temporary files' usual place for nobody's remotes. */
    project(): string {
      const path = join(directory, `project-${++projects}`);
      execFileSync("git", ["init", "-q", "-b", "main", path]);
      return path;
    },
    connect: (words: string[], at: Parameters<typeof say>[2]) => say("connect", words, at),
    disconnect: (words: string[], at: Parameters<typeof say>[2]) => say("disconnect", words, at),
  };
}

/** Every file below a directory with its rights and its bytes, but for git's own. */
export function snapshotOf(directory: string): Record<string, string> {
  const files: Record<string, string> = {};
  const look = (at: string) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.name === ".git") continue;
      if (entry.isDirectory()) look(path);
      else
        files[path.slice(directory.length + 1)] = `${(statSync(path).mode & 0o777).toString(8)} ${readFileSync(path)}`;
    }
  };
  look(directory);
  return files;
}
