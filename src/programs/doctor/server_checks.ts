import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { type Coverage, ledgerFindings } from "./ledger_checks.ts";
import { type Finding, ok, pointer, problem, skipped } from "./finding.ts";

/** A server that is alive answers `/health` out of its memory. */
const HEALTH_MILLISECONDS_MAX = 5_000;
/** Leases and alarms go by the database's clock; a person's day by this one. */
const SKEW_SECONDS_MAX = 5;

type Health = { state: string; version: string; started_at: string; alarms: string[] };
type Caller = { tenant: string; name: string; role: string };
export type Served = { findings: Finding[]; reachable: boolean; caller: Caller | null; coverage: Coverage | null };

/** What each alarm of `/health` means, and where the way out of it is told. */
const alarmsKnown: Record<string, [told: string, next: string]> = {
  "ledger.restored": ["the database was set back behind what was signed", pointer("After a restored backup")],
  "ledger.broken": ["an entry, or what proves it, is not what was written", pointer("A broken ledger")],
  "ledger.unanchored": [
    "entries wait for a signed checkpoint for more than 60 s",
    "The line `signing` says why for this tenant; the server's log for the others.",
  ],
  "ledger.unverified": [
    "a ledger was not verified for ten minutes",
    "The server's log says why: `a ledger was not verified`.",
  ],
  "ledger.tenant_vanished": ["a tenant that signed checkpoints is gone", pointer("A broken ledger")],
  "environment.in_doubt": [
    "a deploy's runner was lost behind the point at which it changes something",
    "`longwatch environment list` names the environment; its owner looks and settles: `deploy recover`.",
  ],
  "decisions.stalled": [
    "questions have waited for an hour and nobody decided any",
    "`longwatch question pace` says for whom; `longwatch question list` has them, one line each.",
  ],
  "adoption.unfiled": [
    "something was adopted and no ticket carries it out",
    "`longwatch adoption list` names it; file the ticket with the line that it shows, or `adoption settle`.",
  ],
  "credential.unregistered": [
    "somebody says that a credential was granted, and the register does not know it",
    "`longwatch credential findings` names it; `credential register` it, or settle it with a reason.",
  ],
  "role.dormant": [
    "nobody who holds an authority role was heard for 30 minutes",
    "`longwatch role list` names the role and who stands in; adopt a seat for it, or name a deputy: `role deputize`.",
  ],
};

/** Asks a server how it is, as far as it answers and this token may know. */
export async function serverFindings(client: Client, token: string | undefined, version: string): Promise<Served> {
  const health = await healthOf(client.url);
  if (typeof health === "string") {
    const next = "Start it with `longwatch serve`, or name another with --url or LONGWATCH_URL.";
    const told = `there is no answer at ${client.url.origin} (${health})`;
    return { findings: [problem("server", told, next)], reachable: false, caller: null, coverage: null };
  }
  const findings = [serverFinding(client.url, health, version), ...health.alarms.map(alarmFinding)];
  if (health.alarms.length === 0) findings.push(ok("alarms", "none"));
  const caller = await asked(findings, "token", () => tokenFinding(client, token));
  if (caller === null) return { findings, reachable: true, caller, coverage: null };
  const up_seconds = (Date.now() - Date.parse(health.started_at)) / 1000;
  const coverage = await asked(findings, "ledger", () => coverageFindings(client, caller, up_seconds));
  // The queue is folded from the entries.
  if (coverage?.broken) findings.push(skipped("drift", "not looked at: the ledger is broken"));
  else await asked(findings, "drift", () => driftFinding(client));
  return { findings, reachable: true, caller, coverage };
}

async function healthOf(url: URL): Promise<Health | string> {
  try {
    const at = new URL(`${url.pathname.replace(/\/$/, "")}/health`, url);
    const answer = await fetch(at, { signal: AbortSignal.timeout(HEALTH_MILLISECONDS_MAX) });
    const said = (await answer.json()) as Health & { name?: string };
    if (said.name === "longwatch" && Array.isArray(said.alarms)) return said;
    return "what answers is no Longwatch of this version";
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return cause?.code ?? message;
  }
}

function serverFinding(url: URL, { state, version }: Health, own: string): Finding {
  const at = `at ${url.origin}`;
  if (state === "closing") return problem("server", `${at} is about to end`, "Wait, then start it again.");
  if (state !== "serving")
    return problem(
      "server",
      `${at} does not get through to its database`,
      "Its log, and postgres.log in the data directory, say why. It goes on by itself when the database is back.",
    );
  if (version !== own)
    return problem(
      "server",
      `${at} is version ${version}, and this command line ${own}`,
      "Restart the server with the version that you mean, or use its own command line.",
    );
  return ok("server", `serves ${at}, version ${version}`);
}

function alarmFinding(code: string): Finding {
  const [told, next] = alarmsKnown[code] ?? ["is raised", "The server's log says more."];
  return problem("alarms", `${code}: ${told}`, next);
}

type Answer<T> = { findings: Finding[]; value: T };

/** Runs a check that asks the server; what it refuses is a finding too. */
async function asked<T>(findings: Finding[], check: string, ask: () => Promise<Answer<T>>): Promise<T | null> {
  try {
    const { findings: found, value } = await ask();
    findings.push(...found);
    return value;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { kind, code, message, hint } = error;
    if (kind === "denied") findings.push(skipped(check, message));
    else findings.push(problem(check, `${code}: ${message}`, hint ?? "The server's log says more."));
    return null;
  }
}

async function tokenFinding(client: Client, token: string | undefined): Promise<Answer<Caller | null>> {
  const next =
    "On the server's machine its own account needs none. Elsewhere set LONGWATCH_TOKEN to one that the operator " +
    "made: longwatch token issue";
  if (token === undefined) return { findings: [problem("token", "there is none", next)], value: null };
  try {
    const caller = await client.ask<Caller>("seat.whoami");
    return { findings: [ok("token", `${caller.name}, ${caller.role} of ${caller.tenant}`)], value: caller };
  } catch (error) {
    if (!(error instanceof Refusal && error.kind === "unauthenticated")) throw error;
    return { findings: [problem("token", `it is worth nothing here (${error.code})`, next)], value: null };
  }
}

async function coverageFindings(client: Client, { tenant }: Caller, up_seconds: number): Promise<Answer<Coverage>> {
  const sent = Date.now();
  const coverage = await client.ask<Coverage>("ledger.coverage");
  const findings = ledgerFindings(coverage, tenant, up_seconds);
  return { findings: [...findings, clockFinding(Date.parse(coverage.at), sent, Date.now())], value: coverage };
}

/** The answer was made between two readings of this clock; only what lies outside of them is a difference for sure. */
export function clockFinding(at: number, sent: number, got: number): Finding {
  const ahead = Math.max(0, at - got, sent - at) / 1000;
  if (ahead <= SKEW_SECONDS_MAX) return ok("clock", "this machine and the database agree");
  const which = at > got ? "ahead of" : "behind";
  return problem(
    "clock",
    `the database's is ${ahead.toFixed(1)} s ${which} this machine's`,
    "Set both by NTP: leases, alarms and checkpoints go by the database's clock.",
  );
}

async function driftFinding(client: Client): Promise<Answer<null>> {
  const { differences, tickets } = await client.ask<{ differences: number; tickets: number }>("ticket.drift");
  const finding =
    differences === 0
      ? ok("drift", `none: the ledger gives the queue of the tables (${tickets} tickets)`)
      : problem("drift", `the ledger and the tables differ in ${differences} places`, "longwatch ticket drift");
  return { findings: [finding], value: null };
}
