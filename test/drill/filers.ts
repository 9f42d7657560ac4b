import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Client } from "../../src/client/client.ts";
import type { Acknowledgement, Filed, Order } from "./filer.ts";
import { running } from "./server_process.ts";

const program = fileURLToPath(new URL("filer.ts", import.meta.url));

/** One of each form that a format can have. */
export const formats: Record<string, string> = {
  CMB: "CMB-NNNN",
  FLT: "FLT-YYYYMMDDNN",
  ORA: "ORA-YYYY-NNNN",
  DTE: "DTE-YYYYMM-NNN",
  NRE: "NRE-N",
};

export type Fleet = { sessions: Order["sessions"] };

/** Defines the namespaces and seats the sessions. */
export async function muster(operator: Client, sessions: number): Promise<Fleet> {
  for (const [prefix, format] of Object.entries(formats)) await operator.say("namespace.define", { prefix, format });
  const names = Array.from({ length: sessions }, (_, n) => `DRILL-CLI-TEST-LANE-${String(n + 1).padStart(2, "0")}`);
  const seated: Order["sessions"] = [];
  for (const name of names)
    seated.push({ name, token: (await operator.say<{ token: string }>("seat.adopt", { name })).token });
  return { sessions: seated };
}

export type FilersOptions = {
  urls: string[];
  sessions: Order["sessions"];
  processes: number;
  filings: number | null;
  retryFor_seconds?: number;
};

export type Outcome = Filed & { seconds: number; acknowledgements: Acknowledgement[] };

/**
 * Lets the sessions file from several processes. `begun` is when each of these has had an answer; `stop` brings those
 * without an ordered number to their end.
 */
export function startFilers({ urls, sessions, processes, filings, retryFor_seconds = 120 }: FilersOptions) {
  const directory = mkdtempSync(join(tmpdir(), "longwatch-filers-"));
  const since = Date.now();
  const namespaces = Object.keys(formats);
  const workers = Array.from({ length: processes }, (_, n) => {
    const mine = sessions.filter((_, index) => index % processes === n);
    const order = {
      run: "d",
      urls,
      sessions: mine,
      namespaces,
      filings,
      acknowledged: join(directory, `${n}.jsonl`),
      retryFor_seconds,
    };
    const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
    running.add(child);
    child.once("close", () => running.delete(child));
    child.stdin.on("error", () => {});
    child.stdin.write(`${JSON.stringify(order satisfies Order)}\n`);
    let said = "";
    child.stdout.on("data", (text) => (said += text));
    const filed = new Promise<Filed & { file: string }>((resolve, reject) =>
      child.once("close", (code) => {
        if (code === 0) resolve({ ...JSON.parse(said), file: order.acknowledged });
        else reject(new Error(`a filer ended with ${code}`));
      }),
    );
    return { child, filed, file: order.acknowledged };
  });
  const begun = (async () => {
    const left = () => workers.some(({ child, file }) => child.exitCode === null && !answered(file));
    while (left()) await sleep(20);
  })();
  const outcome = Promise.all(workers.map(({ filed }) => filed)).then((all): Outcome => {
    const seconds = (Date.now() - since) / 1000;
    const acknowledgements = all.flatMap(({ file }) => readLines(file));
    rmSync(directory, { recursive: true, force: true });
    return {
      seconds,
      acknowledgements,
      acknowledged: all.reduce((sum, one) => sum + one.acknowledged, 0),
      again: all.reduce((sum, one) => sum + one.again, 0),
      longest_ms: Math.max(...all.map((one) => one.longest_ms)),
      refused: all.flatMap((one) => one.refused),
    };
  });
  outcome.catch(() => {}); // a test that failed before it asked has said why already
  return { begun, outcome, stop: () => workers.forEach(({ child }) => child.stdin.end()) };
}

const answered = (file: string) => existsSync(file) && statSync(file).size > 0;

function readLines(file: string): Acknowledgement[] {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** An outcome in a line, for the log of the long forms. */
export function figures({ acknowledged, acknowledgements, seconds, longest_ms, again }: Outcome): string {
  const tickets = acknowledgements.filter(({ act }) => act === "file").length;
  const rate = Math.round(acknowledged / seconds);
  const switched = again > 0 ? `, ${again} times turned to the other server` : "";
  const speed = `${acknowledged} commands in ${seconds.toFixed(1)} s (${rate}/s)`;
  return `${tickets} tickets, ${speed}, the longest ${longest_ms} ms${switched}`;
}
