import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { GitFailure } from "../../runner/git.ts";
import { hiddenFrom } from "../../runner/hidden.ts";
import {
  type Around,
  isAnothers,
  TIMEOUT_SECONDS_MAX,
  type Verification,
  verify,
  type Verifying,
  waitingHere,
} from "../../runner/verifying.ts";
import type { Place } from "./land.ts";
import { plain, refusedExit, stoppable, wholeNumber } from "./told.ts";

const USAGE = `usage: longwatch land verify [TICKET] [options]

Takes the deliverable of a ticket that is done, fetches its branch from the repository's remote, and runs its verify
command in a clean clone, confined. What fails there puts the ticket back into the queue, with the reason. Without a
ticket: every deliverable that waits and whose branch or commit the remote has, one after the other.

  --repository DIR     whose remote it is (else the working directory)
  --remote NAME        another remote than origin, or an address; a repository without one is its own
  --timeout-seconds N  for each command (600, at most ${TIMEOUT_SECONDS_MAX})
  --memory-mb N        for all its processes together (2048)
  --offline            no network but the command's own loopback
  --unconfined         run it although this machine cannot confine it: it is an agent's command
  --json               print each outcome as a line of JSON

Exit code: 0 when everything that was looked at is verified, 1 when something failed, 8 when the runner could not say;
2 for a wrong call; else as every command's.
`;

const options = {
  repository: { type: "string" },
  remote: { type: "string" },
  "timeout-seconds": { type: "string" },
  "memory-mb": { type: "string" },
  offline: { type: "boolean" },
  unconfined: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** One log is told, and its end kept; nobody reads more of a check. */
const OUTPUT_KB = 1024;
const UNDECIDED_EXIT = 8;

/** `longwatch land verify …`. Answers the exit code. */
export async function main(argv: string[], place: Place, json = false): Promise<number> {
  const { stdout, stderr, env, cwd, data } = place;
  let call: { ticket: string | undefined; wanted: Verifying; json: boolean };
  try {
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    if (values.help) {
      stdout(USAGE);
      return 0;
    }
    if (positionals.length > 1) throw new Error("Say one ticket, or none.");
    const { remote, offline = false, unconfined = false } = values;
    const wanted = {
      ...{ repository: resolve(cwd, values.repository ?? "."), remote, offline, unconfined, output_kb: OUTPUT_KB },
      timeout_seconds: wholeNumber("--timeout-seconds", values["timeout-seconds"], 600, 1, TIMEOUT_SECONDS_MAX),
      memory_mb: wholeNumber("--memory-mb", values["memory-mb"], 2048, 16, 1_000_000),
    };
    call = { ticket: positionals[0], wanted, json: json || values.json === true };
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const { wanted } = call;
  const client = place.connect(60);
  const { stop, over } = stoppable();
  const hidden = hiddenFrom(env, data, [cwd, wanted.repository]);
  const around = { client, env, hidden, stop, tell: (words: string) => stderr(plain(words)) };
  try {
    const looked: Verification[] = [];
    const tell = (one: Verification) => {
      looked.push(one);
      stdout(call.json ? `${JSON.stringify(one)}\n` : plain(told(one)));
    };
    if (call.ticket === undefined) await everyOne(wanted, around, tell);
    else tell(await verify(call.ticket, wanted, around));
    if (looked.some(({ outcome }) => outcome === "failed")) return 1;
    return looked.some(({ outcome }) => outcome === "undecided") ? UNDECIDED_EXIT : 0;
  } catch (error) {
    if (!(error instanceof GitFailure)) return refusedExit(error, call.json, place);
    // Nothing was looked at, so nothing failed: the remote could not be asked.
    if (call.json) stdout(`${JSON.stringify({ outcome: "undecided", cause: error.message })}\n`);
    stderr(plain(`longwatch: the runner could not say: ${error.message}\n`));
    return UNDECIDED_EXIT;
  } finally {
    over();
    client.close();
  }
}

async function everyOne(wanted: Verifying, around: Around, each: (one: Verification) => void): Promise<void> {
  const { here, elsewhere } = await waitingHere(wanted, around);
  if (elsewhere.length > 0)
    around.tell(`longwatch: the remote has neither the branch nor the commit of ${elsewhere.join(", ")}: name one\n`);
  for (const id of here) {
    if (around.stop.aborted) return;
    try {
      each(await verify(id, wanted, around));
    } catch (error) {
      if (!isAnothers(error)) throw error;
    }
  }
  if (here.length === 0) around.tell("longwatch: nothing waits to be verified here\n");
}

function told({ id, outcome, state, sha, reason, milliseconds, protections }: Verification): string {
  const at = sha === null ? "" : ` at ${sha.slice(0, 12)}`;
  const heads = {
    verified: `verified: ${id}${at} in a clean clone, after ${milliseconds} ms`,
    failed: `failed: ${id}${at}; it is ${state} again`,
    undecided: `undecided: ${id}${at}; it waits for a runner that can say`,
  };
  const lines = [heads[outcome], ...(reason === null ? [] : [`why: ${reason.trimEnd()}`])];
  for (const { what, held, how } of protections) if (!held) lines.push(`not held: ${what} (${how})`);
  return `${lines.join("\n")}\n`;
}
