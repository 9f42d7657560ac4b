import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Client } from "../../client/client.ts";
import { check } from "../../runner/checking.ts";
import type { Env } from "../../runner/environment.ts";
import type { Around, Wanted } from "../../runner/held.ts";
import { hiddenFrom } from "../../runner/hidden.ts";
import { land, rollBack } from "../../runner/landing.ts";
import { recover } from "../../runner/recovering.ts";
import type { Report } from "../../runner/report.ts";
import { exitOf, plain, refusedExit, stoppable, told, wholeNumber } from "./told.ts";

const USAGE = `usage: longwatch land check ENVIRONMENT [what] [--guard GUARD] [--offline]
       longwatch land run ENVIRONMENT --ticket TICKET [what] [--consent-words TEXT] [--dry-run] [--offline]
       longwatch land rollback ENVIRONMENT [--sha COMMIT] [--ticket TICKET] [--consent-words TEXT] [--dry-run]
       longwatch land recover ENVIRONMENT

check looks what the patch needs and runs the verify command; nothing is claimed. run claims the environment, does the
same, runs the environment's command, and brings the last good release back when the health URL does not name the new
one. rollback goes back by itself. recover settles what a lost runner has left; run does that first where it must.

What is landed, out of the repository (--repository DIR, else the working directory):
  --sha COMMIT      a commit of the environment's branch; its newest one unless you say
  --commit ID       this commit, or range a..b, is picked onto the base; may be repeated, with
  --source BRANCH   the branch that the commits come from, where what they need is looked for, and
  --base COMMIT     what they are picked onto: the release that is served, unless you say

  --guard GUARD          report whether the release that is served has this file, or comes after this commit: what a
                         credential waits for; may be repeated
  --consent-words TEXT   the operator's own words, where the landing rests on them
  --lease-seconds N      how long a lost server is waited for, and a lost runner (60)
  --offline              the verify command gets no network but its own loopback
  --dry-run              tell what would be done; nothing is claimed and no command is run
  --json                 print the outcome as one line of JSON

Exit code: 0 when it landed, passed or went back as asked; 1 when it was taken back or failed; 2 for a wrong call;
4 when it was refused; 6 when the hold on the deploy was lost; else as every command's.
`;

const verbs = ["check", "run", "rollback", "recover"] as const;
type Verb = (typeof verbs)[number];

export type Place = {
  /** Speaks to the server, and asks one that is away for so long. */
  connect(retryFor_seconds: number): Client;
  env: Env;
  cwd: string;
  /** The server's data directory on this machine, if it has one here. */
  data: string;
  stdout(text: string): void;
  stderr(text: string): void;
};

const options = {
  ticket: { type: "string" },
  sha: { type: "string" },
  commit: { type: "string", multiple: true },
  source: { type: "string" },
  base: { type: "string" },
  guard: { type: "string", multiple: true },
  repository: { type: "string" },
  "consent-words": { type: "string" },
  "lease-seconds": { type: "string" },
  offline: { type: "boolean" },
  "dry-run": { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Call = { wanted: Wanted; guards: string[]; isDry: boolean; json: boolean };

/** `longwatch land …`. Answers the exit code. */
export async function main(verb: Verb, argv: string[], place: Place, json = false): Promise<number> {
  const { stdout, stderr } = place;
  let call: Call | "help";
  try {
    call = callOf(verb, argv, place.cwd, json);
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (call === "help") {
    stdout(USAGE);
    return 0;
  }
  const { stop, over } = stoppable();
  const client = place.connect(5);
  const patient = place.connect(call.wanted.lease_seconds);
  const { env, cwd, data } = place;
  const tell = (words: string) => stderr(plain(words));
  const hidden = hiddenFrom(env, data, [cwd, call.wanted.repository]);
  try {
    const report = await done(verb, call, { client, patient, env, hidden, stop, tell });
    stdout(call.json ? `${JSON.stringify(report)}\n` : plain(told(report)));
    return exitOf(report);
  } catch (error) {
    return refusedExit(error, call.json, place);
  } finally {
    over();
    client.close();
    patient.close();
  }
}

function done(verb: Verb, { wanted, guards, isDry }: Call, around: Around): Promise<Report> {
  if (verb === "check" || (verb === "run" && isDry))
    return check({ ...wanted, guards, verifies: verb === "check" }, around);
  if (verb === "run") return land(wanted, around);
  return verb === "rollback" ? rollBack({ ...wanted, isDry }, around) : recover(wanted, around);
}

function callOf(verb: Verb, argv: string[], cwd: string, json: boolean): Call | "help" {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  if (values.help) return "help";
  const [environment, ...rest] = positionals;
  if (environment === undefined || rest.length > 0) throw new Error("Say which environment, and one only.");
  if (verb === "run" && values.ticket === undefined && !values["dry-run"])
    throw new Error("Say with --ticket what it is landed for.");
  if (values.commit !== undefined && values.sha !== undefined)
    throw new Error("Either a commit of the branch (--sha) or picked ones (--commit).");
  if (values.guard !== undefined && verb !== "check") throw new Error("A guard is looked for by check.");
  const lease_seconds = wholeNumber("--lease-seconds", values["lease-seconds"], 60, 5, 600);
  const { ticket, sha, commit: commits = [], source, base, offline = false } = values;
  const repository = resolve(cwd, values.repository ?? ".");
  const wanted = { environment, ticket, sha, commits, source, base, repository, lease_seconds, offline };
  return {
    wanted: { ...wanted, consent_words: values["consent-words"] },
    guards: (values.guard ?? []).map((guard) => guard.trim()),
    isDry: values["dry-run"] === true,
    json: json || values.json === true,
  };
}
