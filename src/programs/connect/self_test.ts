import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Env, type Settings, writeSettings } from "../../guard/settings.ts";

/** One thing that was tried with the very hook that was written, and how it ended. */
export type Trial = { name: string; call: string; wanted: "pass" | "deny"; got: "pass" | "deny"; said: string };

/** Something that can be tried: what is called, and the program and its input that stand for the call. */
export type Attempt = {
  call: string;
  argv: string[];
  input: string;
  /** Whether this exit code refuses; without it as the CLIs take it, of which all obey 2. */
  refuses?: (code: number | null) => boolean;
};

export type Trials = {
  /** What must pass. */
  harmless: Attempt;
  /** What must be denied, whoever asks: the later ones are tried when this seat may do the earlier ones. */
  protected_calls: readonly Attempt[];
  /** The first of them as it is tried without a server: by a command line that names its settings or looks for them. */
  without_server?: Attempt;
  /** The end of a turn, which must pass when nobody can be asked about it. */
  turn_end?: Attempt;
  cwd: string;
  env: Env;
  /** Where the settings are that the hook reads, and where it looks for them. */
  settings_path: string;
  looked_for_at: string;
};

const WAIT_MILLISECONDS = 60_000;

/** Lets the hooks decide: harmless, protected, and with nobody at the server's address protected and a turn's end. */
export async function selfTest(trials: Trials): Promise<Trial[]> {
  const { harmless, protected_calls, turn_end, looked_for_at, settings_path } = trials;
  const { without_server = protected_calls[0]! } = trials;
  // Only what was written shall count, not what this terminal happens to say.
  const { LONGWATCH_URL: _, LONGWATCH_TOKEN: __, ...env } = trials.env;
  const here = (attempt: Attempt) => pointed(attempt, looked_for_at, settings_path);
  const tried = [await attempted("a harmless call", "pass", here(harmless), { ...trials, env })];
  for (const attempt of protected_calls) {
    const last = await attempted("a protected call", "deny", here(attempt), { ...trials, env });
    if (last.got === "deny" || attempt === protected_calls.at(-1)) {
      tried.push(last);
      break;
    }
  }
  const directory = mkdtempSync(join(tmpdir(), "longwatch-connect-"));
  try {
    const settings = JSON.parse(readFileSync(settings_path, "utf8")) as Settings;
    const url = `http://127.0.0.1:${await deadPort()}`;
    const path = join(directory, "guard.json");
    writeSettings(path, { ...settings, url, token: settings.token ?? "none" });
    const dead = { ...env, LONGWATCH_URL: url, LONGWATCH_TOKEN: settings.token ?? "none" };
    const attempt = pointed(without_server, looked_for_at, path);
    tried.push(await attempted("the same without a server", "deny", attempt, { ...trials, env: dead }));
    if (turn_end) {
      const stop = pointed(turn_end, looked_for_at, path);
      tried.push(await attempted("a turn's end without a server", "pass", stop, { ...trials, env: dead }));
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return tried;
}

/** A hook that names its settings file is pointed to another one; one that looks for it is not touched. */
function pointed(attempt: Attempt, from: string, to: string): Attempt {
  return { ...attempt, argv: attempt.argv.map((word) => word.replaceAll(from, to)) };
}

async function attempted(
  name: string,
  wanted: Trial["wanted"],
  { call, argv, input, refuses }: Attempt,
  { cwd, env }: Pick<Trials, "cwd" | "env">,
): Promise<Trial> {
  const child = spawn(argv[0]!, argv.slice(1), { cwd, env, timeout: WAIT_MILLISECONDS });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => (stdout += text));
  child.stderr.on("data", (text) => (stderr += text));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => ((stderr += error.message), resolve(127)));
    child.once("close", resolve);
  });
  const got = refuses ? (refuses(code) ? "deny" : "pass") : outcome(code, stdout);
  return { name, call, wanted, got, said: (stderr || stdout).trim() };
}

/** What the CLIs make of it: exit code 2 is a refusal, and every other failure lets the call pass. */
function outcome(code: number | null, stdout: string): Trial["got"] {
  if (code === 2) return "deny";
  return code === 0 && /"permissionDecision":"(deny|defer)"/.test(stdout) ? "deny" : "pass";
}

/** How a hook of the CLIs is tried: its command line goes to a shell, the call to its standard input. */
export function hookArgv(hook: string): string[] {
  return ["/bin/sh", "-c", hook];
}

/** How OpenCode's plugin is tried: by a program that loads it and calls it, as OpenCode does. */
export function pluginArgv(plugin: string): string[] {
  const script = `
    const { readFileSync } = await import("node:fs");
    const { cwd, ...call } = JSON.parse(readFileSync(0, "utf8"));
    const { Longwatch } = await import(${JSON.stringify(pathToFileURL(plugin).href)});
    const hooks = await Longwatch({ directory: cwd });
    try {
      const input = { tool: call.tool_name, sessionID: call.session_id, callID: call.call_id };
      await hooks["tool.execute.before"](input, { args: call.tool_input });
    } catch (error) {
      console.error(error.message);
      process.exitCode = 2;
    }`;
  return [process.execPath, "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--input-type=module", "-e", script];
}

/** A port of loopback that nobody listens on. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
