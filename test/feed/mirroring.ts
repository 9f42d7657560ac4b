import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { surroundings } from "../surroundings.ts";
import type { testServer } from "../harness.ts";

/** Real `longwatch` processes on real feed files. */

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export type Server = Awaited<ReturnType<typeof testServer>>;
export type Row = Record<string, any>;
export type Ran = { code: number | null; stdout: string; stderr: string };

const running = new Set<ChildProcess>();
const directories: string[] = [];

export function directory(): string {
  const path = fs.mkdtempSync(join(tmpdir(), "longwatch-feed-"));
  directories.push(path);
  return path;
}

after(() => {
  for (const child of running) child.kill("SIGKILL");
  for (const path of directories) fs.rmSync(path, { recursive: true, force: true });
});

export function start(server: Server, ...words: string[]) {
  const env = surroundings({ LONGWATCH_URL: server.url, LONGWATCH_TOKEN: server.operator });
  const child = spawn(process.execPath, [program, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (text) => (said.stdout += text));
  child.stderr.on("data", (text) => (said.stderr += text));
  const ended = new Promise<Ran>((done) =>
    child.on("close", (code) => {
      running.delete(child);
      done({ code, ...said });
    }),
  );
  return { child, said, ended };
}

export function run(server: Server, ...words: string[]): Promise<Ran> {
  return start(server, ...words).ended;
}

export async function postsOf(server: Server): Promise<Row[]> {
  const posts: Row[] = [];
  for (let seq = 0; ;) {
    const page = { posts: true, after: seq, limit: 1000 };
    const { entries } = await server.ask<{ entries: Row[] }>(server.operator, "feed.read", page);
    posts.push(...entries);
    if (entries.length < 1000) return posts;
    seq = entries.at(-1)!.seq;
  }
}

export const subjectsOf = async (server: Server): Promise<string[]> =>
  (await postsOf(server)).map(({ data }) => data.subject);

export async function until<T>(what: string, look: () => Promise<T | false | undefined | null>): Promise<T> {
  for (const since = Date.now(); Date.now() - since < 120_000; await sleep(50)) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`it did not come: ${what}`);
}

/** The newest entry of a kind. */
export async function entryOf(server: Server, about: string, kind: string): Promise<Row | undefined> {
  const { entries } = await server.ask<{ entries: Row[] }>(server.operator, "feed.read", { about, limit: 200 });
  return entries.findLast((entry) => entry.kind === kind);
}

export const heading = (n: number) => `## 2026-04-18T10:34:00Z · CLAUDE-CAMBER-01 · - · post ${n}`;
export const markdown = (n: number) => `${heading(n)}\n\nThe text of ${n}.\nWHY: ${"because ".repeat(n % 7)}\n\n`;
export const jsonl = (n: number) =>
  `${JSON.stringify({ at: "2026-04-18T10:34:00Z", actor: "CAMBER", subject: `post ${n}` })}\n`;
export const names = (count: number) => Array.from({ length: count }, (_, n) => `post ${n}`);
export const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

export function feedFile(name: string, posts = 0): string {
  const file = join(directory(), name);
  fs.writeFileSync(file, Array.from({ length: posts }, (_, n) => shapeOf(name)(n)).join(""));
  return file;
}

export const shapeOf = (name: string) => (name.endsWith(".md") ? markdown : jsonl);

export const mirrorsOf = async (server: Server) => (await server.ask(server.operator, "feed.mirrors")).mirrors;

export async function following(server: Server, file: string, ...words: string[]) {
  const mirror = start(server, "feed", "mirror", file, ...words);
  const name = file.split("/").at(-1)!;
  await until("the mirror to follow", async () => {
    if (mirror.child.exitCode !== null) throw new Error(mirror.said.stderr);
    return (await entryOf(server, name, "feed.mirrored")) !== undefined;
  });
  return mirror;
}
