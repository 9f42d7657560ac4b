import { z } from "zod";
import type { Reader, Transaction } from "../../../kernel/database.ts";
import { type Caller, type Event, query, roles } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";

const sql = statements("tickets/done", "runs", "runs_write", "runs_standing", "no_ops");

/** Origins D, 0080 and 0081: so many DONEs in a row with nothing to show are told. */
const THRESHOLDS = { seat: 3, lane: 4, fleet: 10 } as const;
/** A DONE sooner than this after its claim, with no artifact, did nothing (J18). */
const NO_OP_MILLISECONDS = 60_000;

/** A finish as the counters see it. */
export type Done = {
  id: string;
  lane: string;
  caller: Caller;
  claimed_at: Date;
  at: Date;
  /** A work proof, a deliverable or a merge. */
  hasArtifact: boolean;
  /** Whether `none` was said. Where nothing is asked, silence is neither a `none` nor an artifact. */
  saidNone: boolean;
  /** null: nothing was said of users. */
  value: "user" | "infra" | null;
};

type Scope = keyof typeof THRESHOLDS;
type Run = {
  scope: Scope;
  name: string;
  run: number;
  incarnation: string | null;
  since: Date;
  last_ticket: string;
};

/** Whether a finish did nothing: within a minute of its claim, and nothing exists because of it (J18). */
export function isNoOp({ claimed_at, at, hasArtifact }: Done): boolean {
  return !hasArtifact && at.getTime() - claimed_at.getTime() < NO_OP_MILLISECONDS;
}

type Finisher = { caller: Caller; lane: string };
export type Runs = Map<string, Run>;

/** The runs that these finishes may lengthen or end, in one statement. */
export async function runsOf(db: Reader, all: readonly Finisher[]): Promise<Runs> {
  const keys = new Map<string, { scope: Scope; name: string }>();
  for (const one of all) for (const key of keysOf(one)) keys.set(`${key.scope} ${key.name}`, key);
  const rows = await db.all<Run>(sql.runs, {
    scopes: [...keys.values()].map(({ scope }) => scope),
    names: [...keys.values()].map(({ name }) => name),
  });
  return new Map(rows.map((row) => [`${row.scope} ${row.name}`, row]));
}

/**
 * Counts finishes, in order, and answers for each what is to be told of it: the third `none` of a seat's session
 * (J17), the fourth infra-only DONE of a lane, the tenth of the fleet that names no user (J19). It is told as the run
 * reaches its length; the query shows how it goes on. One statement, which travels with the commit.
 */
export function countRuns(db: Transaction, runs: Runs, all: readonly Done[]): Event[][] {
  const changed = new Set<string>();
  const told = all.map((done) =>
    keysOf(done).flatMap(({ scope, name }) => {
      const key = `${scope} ${name}`;
      const before = runs.get(key);
      const now = counted(scope, name, before, done);
      if (now === before || now === null) return [];
      runs.set(key, now);
      changed.add(key);
      return now.run === THRESHOLDS[scope] ? [eventOf(now, done)] : [];
    }),
  );
  const written = [...changed].map((key) => runs.get(key)!);
  if (written.length > 0)
    db.send(sql.runs_write, {
      scopes: written.map(({ scope }) => scope),
      names: written.map(({ name }) => name),
      runs: written.map(({ run }) => run),
      incarnations: written.map(({ incarnation }) => incarnation),
      sinces: written.map(({ since }) => since),
      tickets: written.map(({ last_ticket }) => last_ticket),
    });
  return told;
}

function keysOf({ caller, lane }: Finisher): { scope: Scope; name: string }[] {
  return [
    { scope: "seat", name: String(caller.principal_id) },
    { scope: "lane", name: lane },
    { scope: "fleet", name: "" },
  ];
}

/** The run after a finish; the same one, or none still, where the finish says nothing of it. */
function counted(scope: Scope, name: string, before: Run | undefined, done: Done): Run | null {
  const { id: last_ticket, at, caller, hasArtifact, saidNone, value } = done;
  const incarnation = scope === "seat" ? caller.incarnation : null;
  // Another session of the seat begins anew.
  const run = before?.incarnation === incarnation ? before.run : 0;
  const grows = { seat: saidNone && !hasArtifact, lane: value === "infra", fleet: value !== "user" }[scope];
  const ends = { seat: hasArtifact, lane: value === "user", fleet: value === "user" }[scope];
  if (grows) {
    const since = run === 0 ? at : before!.since;
    return { scope, name, run: run + 1, incarnation, since, last_ticket };
  }
  if (!ends || before === undefined || before.run === 0) return before ?? null;
  return { scope, name, run: 0, incarnation, since: at, last_ticket };
}

function eventOf({ scope, name, run, since, last_ticket }: Run, { caller }: Done): Event {
  const rest = { scope, run, since: since.toISOString(), ticket: last_ticket };
  if (scope === "seat")
    return { kind: "substance.flagged", subject: caller.name, data: { ...rest, seat: caller.name } };
  const severity = scope === "fleet" ? "critical" : "warning";
  return {
    kind: "substance.escalated",
    subject: scope === "lane" ? name : null,
    data: { ...rest, ...(scope === "lane" ? { lane: name } : {}), severity },
  };
}

const Standing = { run: z.int(), since: z.iso.datetime(), ticket: z.string().describe("The last one that counted.") };

export const substance = query({
  name: "ticket.substance",
  summary: "Show which seats, lanes or the fleet are done with nothing to show, in a row, and the newest no-ops.",
  input: z.object({ limit: z.int().min(1).max(500).default(50).describe("At most this many no-ops.") }),
  output: z.object({
    seats: z.array(z.object({ seat: z.string(), ...Standing })).describe("Three times `none` or more."),
    lanes: z.array(z.object({ lane: z.string(), ...Standing })).describe("Four infra-only DONEs or more."),
    fleet: z.object(Standing).nullable().describe("Ten DONEs or more that name no user: critical."),
    no_ops: z.array(z.object({ id: z.string(), seat: z.string().nullable(), at: z.iso.datetime() })),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { limit }) {
    const [runs, no_ops] = await Promise.all([standing(db), db.all(sql.no_ops, { limit })]);
    const of = (scope: Scope) =>
      runs
        .filter((row) => row.scope === scope && row.run >= THRESHOLDS[scope])
        .map(({ run, since, last_ticket, name, seat }) => ({
          said: { run, since: since.toISOString(), ticket: last_ticket },
          name: seat ?? name,
        }));
    return {
      seats: of("seat").map(({ said, name }) => ({ seat: name, ...said })),
      lanes: of("lane").map(({ said, name }) => ({ lane: name, ...said })),
      fleet: of("fleet")[0]?.said ?? null,
      no_ops: no_ops.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })),
    };
  },
});

function standing(db: Reader): Promise<(Run & { seat: string | null })[]> {
  return db.all(sql.runs_standing, { least: Math.min(...Object.values(THRESHOLDS)) });
}
