import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { type Caller, command, query, type Role, roles, text, type World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { Lease } from "../claims.ts";
import { recountBlockers } from "../links.ts";
import { findTicket, TicketId } from "../ticket.ts";
import { takeAllBack } from "./receipts.ts";

const sql = statements(
  "tickets/done",
  "deliverable_find",
  "deliverable_next",
  "deliverable_begin",
  "deliverable_settle",
  "put_back",
  "deliverables",
);

/** Those who run what others say they delivered. */
const RUNNERS = ["operator", "service", "gatekeeper", "coordinator", "implementer"] as const satisfies readonly Role[];
/** A person or a program may check what it delivered itself; a seat's own word is no check (J20). */
const INDEPENDENT: readonly Role[] = ["operator", "service"];

type Row = {
  ticket_id: string;
  title: string;
  proof: { activation?: string } | null;
  path: string;
  branch: string;
  sha: string;
  verify: string;
  said_by: number;
  state: string;
  attempts: number;
  runner: string | null;
  runner_id: number | null;
  fencing_token: string | null;
  lease_expires_at: Date | null;
};

async function find(db: Reader, id: string): Promise<Row | undefined> {
  return (await db.all<Row>(sql.deliverable_find, { id }))[0];
}

export const begin = command({
  name: "deliverable.begin",
  summary: "Take a deliverable to verify: a ticket's, or the one that waits longest. A runner checks it out afresh.",
  input: z.object({
    id: TicketId.optional().describe("The ticket; without it, the next that waits."),
    lease_seconds: Lease,
  }),
  output: z.object({
    id: z.string().describe("The ticket."),
    title: z.string(),
    path: z.string().describe("What must be there, in the repository."),
    branch: z.string(),
    sha: z.string().describe("The commit to check out. It must be on the branch."),
    verify: z.string().describe("The command to run in a clean clone."),
    attempt: z.int(),
    fencing_token: z.uuid().describe("deliverable.settle needs it."),
    lease_expires_at: z.iso.datetime().describe("Until then nobody else verifies it."),
  }),
  may: RUNNERS,
  said_by: "programs",
  events: ["ticket.verifying"],
  refuses: ["ticket.unknown", "deliverable.none", "deliverable.settled", "deliverable.held", "deliverable.own"],
  async run(world, { caller, input }) {
    const row = await waiting(world, caller, input.id);
    const at = await world.at();
    const attempt = row.attempts + 1;
    const fencing_token = randomUUID();
    const lease_expires_at = new Date(at.getTime() + input.lease_seconds * 1000).toISOString();
    const { ticket_id: id, title, path, branch, sha, verify } = row;
    world.db.send(sql.deliverable_begin, { id, runner_id: caller.principal_id, fencing_token, lease_expires_at });
    const was = row.runner === null ? {} : { was: row.runner };
    const data = { id, state: "done", verification: "verifying", attempt, sha, lease_expires_at, ...was };
    return {
      output: { id, title, path, branch, sha, verify, attempt, fencing_token, lease_expires_at },
      events: [{ kind: "ticket.verifying", subject: id, data }],
    };
  },
});

async function waiting(world: World, caller: Caller, ref: string | undefined): Promise<Row> {
  const isIndependent = INDEPENDENT.includes(caller.role);
  const not_by = isIndependent ? null : caller.principal_id;
  if (ref === undefined) {
    const [next] = await world.db.all<{ ticket_id: string }>(sql.deliverable_next, { not_by });
    if (next) return (await find(world.db, next.ticket_id))!;
    throw new Refusal("missing", "deliverable.none", "No deliverable waits to be verified.", {
      hint: "Come back later. deliverable.list shows those that are being verified.",
    });
  }
  const { id } = await findTicket(world.db, ref);
  const row = await find(world.db, id);
  if (!row || row.state === "withdrawn")
    throw new Refusal("missing", "deliverable.none", `${id} has no deliverable to verify.`, {
      hint: "A ticket has one when its finish named it, and while it is done.",
      facts: { id },
    });
  if (row.state === "verified" || row.state === "failed")
    throw new Refusal("conflict", "deliverable.settled", `The deliverable of ${id} is ${row.state}.`, {
      hint: "It is verified anew when the ticket is finished again.",
      facts: { id, state: row.state },
    });
  if (row.said_by === not_by)
    throw new Refusal("conflict", "deliverable.own", `${caller.name} said that ${id} is done; another verifies it.`, {
      hint: "Leave it to another seat, to the operator or to a service.",
      facts: { id },
    });
  const lease = row.lease_expires_at;
  if (lease === null || lease <= (await world.at())) return row;
  throw new Refusal("conflict", "deliverable.held", `${row.runner} verifies ${id}.`, {
    hint: `Wait until ${lease.toISOString()}, or take the next one: deliverable.begin without an id.`,
    facts: { id, runner: row.runner, lease_expires_at: lease.toISOString() },
  });
}

export const settle = command({
  name: "deliverable.settle",
  summary: "Say what came of a verification. A deliverable that failed puts its ticket back into the queue.",
  input: z.object({
    id: TicketId,
    fencing_token: z.uuid().describe("As deliverable.begin answered it."),
    outcome: z
      .enum(["verified", "failed", "undecided"])
      .describe("undecided: the runner could not say, and it is tried again; not the deliverable's fault."),
    reason: text(4000).trim().min(1).optional().describe("What failed, with the end of its output."),
    unused: z
      .array(text(300).min(1))
      .max(200)
      .default([])
      .describe("What the runner found to land with no consumer: it needs an activation (J24)."),
  }),
  output: z.object({ id: z.string(), outcome: z.string(), state: z.string().describe("The ticket's state now.") }),
  may: RUNNERS,
  said_by: "programs",
  events: ["ticket.verified", "ticket.refuted", "ticket.undecided"],
  refuses: ["ticket.unknown", "lease.lost", "deliverable.unreasoned"],
  async run(world, { caller, input }) {
    const { id } = await findTicket(world.db, input.id);
    const row = await find(world.db, id);
    if (row?.fencing_token !== input.fencing_token || row.runner_id !== caller.principal_id) throw lost(id, row);
    const { outcome, reason } = judged(row, input);
    if (outcome !== "verified" && reason === undefined) throw unreasoned();
    const state = outcome === "undecided" ? "unverified" : outcome;
    const settled_at = outcome === "undecided" ? null : await world.at();
    const { fencing_token } = input;
    world.db.send(sql.deliverable_settle, { id, fencing_token, state, reason: reason ?? null, settled_at });
    const told = { id, state: "done", verification: state, sha: row.sha, attempt: row.attempts, ...given(reason) };
    if (outcome !== "failed") {
      const kind = outcome === "verified" ? "ticket.verified" : "ticket.undecided";
      return { output: { id, outcome, state: "done" }, events: [{ kind, subject: id, data: told }] };
    }
    const withdrawn = await takeAllBack(world, caller, id, reason!);
    world.db.send(sql.put_back, { id });
    recountBlockers(world.db, [id]);
    const data = { ...told, state: "awaiting_claim", withdrawn };
    return {
      output: { id, outcome, state: "awaiting_claim" },
      events: [{ kind: "ticket.refuted", subject: id, data }],
    };
  },
});

const given = (reason: string | undefined) => (reason === undefined ? {} : { reason });

type Settling = { outcome: "verified" | "failed" | "undecided"; reason?: string | undefined; unused: string[] };

/** What nothing uses yet is not done until somebody said what will (J24), whatever its verify command says. */
function judged({ proof }: Row, { outcome, reason, unused }: Settling): Pick<Settling, "outcome" | "reason"> {
  if (outcome !== "verified" || unused.length === 0 || proof?.activation !== undefined) return { outcome, reason };
  const those = unused.slice(0, 20).join(", ");
  return { outcome: "failed", reason: `Nothing uses ${those}, and the finish gave no activation.` };
}

function lost(id: string, row: Row | undefined): Refusal {
  const now = row?.runner ? `${row.runner} verifies it` : `its deliverable is ${row?.state ?? "not there"}`;
  return new Refusal("conflict", "lease.lost", `Your verification of ${id} has ended; ${now}.`, {
    hint: "Throw the result away; nothing rests on it.",
    facts: { id, runner: row?.runner ?? null, state: row?.state ?? null },
  });
}

function unreasoned(): Refusal {
  const message = "is missing: what was not verified has a reason";
  return new Refusal("invalid", "deliverable.unreasoned", `reason: ${message}`, {
    fields: [{ field: "reason", message }],
  });
}

/** Where the check of a ticket's deliverable stands, for those who look at the ticket. */
export async function verificationOf(db: Reader, id: string): Promise<{ state: string; reason: string | null } | null> {
  const row = (await find(db, id)) as (Row & { reason: string | null }) | undefined;
  return row === undefined || row.state === "withdrawn" ? null : { state: row.state, reason: row.reason };
}

export const list = query({
  name: "deliverable.list",
  summary: "List the deliverables that wait to be verified or are being verified, the next one first.",
  input: z.object({ limit: z.int().min(1).max(1000).default(50).describe("At most this many.") }),
  output: z.object({
    deliverables: z.array(
      z.object({
        id: z.string(),
        path: z.string(),
        branch: z.string(),
        sha: z.string(),
        verify: z.string(),
        state: z.string(),
        said_by: z.string().nullable(),
        said_at: z.iso.datetime(),
        attempts: z.int(),
        runner: z.string().nullable(),
        lease_expires_at: z.iso.datetime().nullable(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { limit }) {
    const rows = await db.all(sql.deliverables, { limit });
    const deliverables = rows.map(({ said_at, lease_expires_at, ...row }) => ({
      ...row,
      said_at: said_at.toISOString(),
      lease_expires_at: lease_expires_at?.toISOString() ?? null,
    }));
    return { deliverables };
  },
});
