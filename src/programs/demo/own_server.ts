import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The first start prepares a database, which a slow machine may need a while for. */
const START_SECONDS_MAX = 120;
const STOP_SECONDS_MAX = 20;

export type OwnServer = { url: string; token: string; directory: string; stop(): Promise<void> };

/** Starts a server with a database of its own in a temporary directory; `stop` ends it and removes everything. */
export async function startOwnServer(): Promise<OwnServer> {
  const directory = mkdtempSync(join(tmpdir(), "longwatch-demo-"));
  const here = fileURLToPath(import.meta.url);
  // Beside the sources, or inside the one built file.
  const program = here.endsWith(".ts") ? fileURLToPath(new URL("../../main.ts", import.meta.url)) : here;
  const child = spawn(process.execPath, [program, "serve", "--json", "--port", "0"], {
    // What the environment says of a real server, its database and its copies outside must not reach this one.
    env: {
      ...{ ...process.env, LONGWATCH_DATA: directory, DATABASE_URL: "" },
      ...{ LONGWATCH_ANCHORS: "", LONGWATCH_WITNESSES: "", LONGWATCH_S3: "" },
    },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C is for the demo, which stops the server when its seats have left.
    detached: true,
  });
  const orphaned = () => child.kill("SIGTERM");
  process.once("exit", orphaned);
  const stop = async () => {
    await stopped(child);
    process.off("exit", orphaned);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const { url, operator_token } = await firstLine(child);
    return { url, token: operator_token, directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function firstLine(child: ChildProcess): Promise<{ url: string; operator_token: string }> {
  return new Promise((done, fail) => {
    let out = "";
    let errors = "";
    const timer = setTimeout(
      () => fail(new Error(`the server did not start in ${START_SECONDS_MAX} s`)),
      START_SECONDS_MAX * 1000,
    );
    child.stderr!.on("data", (part) => {
      errors = `${errors}${part}`.slice(-2_000);
    });
    child.stdout!.on("data", (part) => {
      out += part;
      if (!out.includes("\n")) return;
      clearTimeout(timer);
      done(JSON.parse(out.split("\n", 1)[0]!));
    });
    child.on("error", fail);
    child.on("exit", (code) => {
      clearTimeout(timer);
      fail(new Error(`the server ended with ${code} before it served: ${errors.trim()}`));
    });
  });
}

function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_SECONDS_MAX * 1000);
    child.on("exit", () => {
      clearTimeout(timer);
      done();
    });
    child.kill("SIGTERM");
  });
}
