import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { Refusal } from "../../kernel/refusal.ts";
import type { Env } from "../../guard/settings.ts";
import { version } from "../../version.ts";

/**
 * Codex skips a hook that nobody trusted, without a word. It is trusted by its hash, and Codex itself is asked for it
 * and writes it: `codex app-server`, `hooks/list`, `config/batchWrite`.
 */
export type Trust = "trusted" | "trusted already" | "no codex";

type Hook = { key: string; currentHash: string; trustStatus: string; sourcePath: string; enabled: boolean };
type Asked = {
  project: string;
  hook_file: string;
  /** The command lines that have to be trusted. */
  hooks: readonly string[];
  home: string;
  env: Env;
  may_trust_folder: boolean;
};

/** It answers in a third of a second. */
const ANSWER_SECONDS_MAX = 30;

export async function trustInCodex(asked: Asked): Promise<Trust> {
  const server = appServer(asked);
  try {
    if (!(await server.started)) return "no codex";
    await server.call("initialize", { clientInfo: { name: "longwatch", version } });
    let hooks = await hooksOf(server, asked);
    let wrote = false;
    if (!hooks && asked.may_trust_folder) {
      const value = { [asked.project]: { trust_level: "trusted" } };
      await write(server, "projects", value);
      wrote = true;
      hooks = await hooksOf(server, asked);
    }
    if (!hooks) throw notListed(asked);
    const fresh = hooks.filter(({ trustStatus }) => trustStatus !== "trusted");
    if (fresh.length > 0) {
      const hashes = fresh.map(({ key, currentHash }) => [key, { trusted_hash: currentHash }] as const);
      await write(server, "hooks.state", Object.fromEntries(hashes));
      wrote = true;
      hooks = await hooksOf(server, asked);
    }
    if (!hooks?.every(({ trustStatus, enabled }) => trustStatus === "trusted" && enabled)) throw notListed(asked);
    return wrote ? "trusted" : "trusted already";
  } finally {
    server.close();
  }
}

/** Ours, as Codex lists them; undefined unless it lists all. */
async function hooksOf(server: Server, { project, hook_file, hooks }: Asked): Promise<Hook[] | undefined> {
  const { data } = (await server.call("hooks/list", { cwds: [project] })) as {
    data: { hooks: (Hook & { command: string })[] }[];
  };
  const listed = data.flatMap((one) => one.hooks);
  const ours = hooks.map((hook) => listed.find((one) => one.sourcePath === hook_file && one.command === hook));
  return ours.every((one) => one !== undefined) ? ours : undefined;
}

function write(server: Server, keyPath: string, value: object): Promise<unknown> {
  const edits = [{ keyPath, value, mergeStrategy: "upsert" }];
  return server.call("config/batchWrite", { edits, filePath: null, expectedVersion: null });
}

type Server = ReturnType<typeof appServer>;

function appServer({ home, env, project }: Asked) {
  // Codex ends at once when a directory that is named to it is not there.
  mkdirSync(home, { recursive: true });
  const child = spawn("codex", ["app-server"], {
    cwd: project,
    env: { ...env, CODEX_HOME: home },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let grumbled = "";
  child.stderr.on("data", (text) => (grumbled = `${grumbled}${text}`.slice(-1000)));
  const waiting = new Map<number, (answer: { result?: unknown; error?: { message: string } }) => void>();
  const started = new Promise<boolean>((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = JSON.parse(line) as { id?: number; result?: unknown; error?: { message: string } };
    waiting.get(answer.id ?? -1)?.(answer);
  });
  let last = 0;
  const call = (method: string, params: object) =>
    new Promise<unknown>((resolve, reject) => {
      const id = ++last;
      const fail = (why: string) => reject(failed(method, why));
      const timer = setTimeout(() => fail(`no answer in ${ANSWER_SECONDS_MAX} s`), ANSWER_SECONDS_MAX * 1000);
      const ended = () => fail(`it ended: ${grumbled.trim().split("\n").at(-1)}`);
      child.once("exit", ended);
      waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        child.off("exit", ended);
        if (error) fail(error.message);
        else resolve(result);
      });
      child.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  return { started, call, close: () => void child.kill() };
}

function failed(method: string, why: string): Refusal {
  return new Refusal("conflict", "connect.codex_failed", `codex app-server, ${method}: ${why}.`, {
    hint: "Try `codex --version`; Longwatch knows 0.169.0.",
  });
}

function notListed({ project, hook_file }: Asked): Refusal {
  return new Refusal("conflict", "connect.not_trusted", `Codex does not read ${hook_file}.`, {
    hint: `Run codex once in ${project} and trust the folder, or connect with --scope user; then say it again.`,
  });
}
