import { z } from "zod";
import { type Act, batchCommand, type Call, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { blockedReason, REASON_CHARACTERS_MAX } from "./auth_blocker.ts";
import { ClaimToken, Lease, lapse } from "./claims.ts";
import { recountBlockers } from "./links.ts";
import { findTickets, type Row, TicketId, type TicketState, ticketUnknown, WORKERS } from "./ticket.ts";

const sql = statements("tickets", "renew", "unclaim");

/** What every act on a claim is said with. */
export const Claim = { id: TicketId, claim_token: ClaimToken };
const Sentence = text(REASON_CHARACTERS_MAX).min(1);
type Holder = { id: string; claim_token: string };

/**
 * The fence of every act on a claim: an earlier claim's token is refused with the name of who holds the ticket now
 * (J79). Null when the token is the present one.
 */
function fenceProblem({ caller, input }: Call<Holder>, row: Row | undefined): Refusal | null {
  const { id, claim_token } = input;
  if (!row) return ticketUnknown(id);
  // The token fences; it does not hand on. Another seat, or another session of this one, holds no claim by knowing it.
  const own = row.claimed_by === caller.principal_id && row.claimed_incarnation === caller.incarnation;
  if (row.state === "in_progress" && own && row.claim_token === claim_token) return null;
  const holder = row.state === "in_progress" ? row.holder : null;
  const now = holder ? `${holder} holds it` : `it is ${row.state} and nobody holds it`;
  return new Refusal("conflict", "lease.lost", `Your claim on ${row.id} has ended; ${now}.`, {
    hint: "Stop work on it. Claim it again if it is free.",
    facts: { id: row.id, state: row.state, holder },
  });
}

/**
 * Checks every call's fence; `act` is given those that hold, and the outcomes come back in order. The second act on a
 * claim in one batch finds what the first has left: the batch goes on there as if it began anew.
 */
export async function fenced<I extends Holder, O>(
  world: World,
  calls: readonly Call<I>[],
  act: (holding: { call: Call<I>; row: Row }[]) => Promise<(Act<O> | Refusal)[]>,
): Promise<(Act<O> | Refusal)[]> {
  const lapsed = lapse(world);
  lapsed.catch(() => {});
  const outcomes: (Act<O> | Refusal)[] = [];
  while (outcomes.length < calls.length) {
    const left = calls.slice(outcomes.length);
    const rows = await findTickets(
      world.db,
      left.map(({ input }) => input.id),
    );
    await lapsed;
    const holding = new Map<string, { call: Call<I>; row: Row }>();
    // Each call's problem, or the id of the ticket that it acts on.
    const places: (Refusal | string)[] = [];
    for (const call of left) {
      const row = rows.get(call.input.id);
      const problem = fenceProblem(call, row);
      if (!problem && holding.has(row!.id)) break;
      if (!problem) holding.set(row!.id, { call, row: row! });
      places.push(problem ?? row!.id);
    }
    const acts = holding.size === 0 ? [] : await act([...holding.values()]);
    const byId = new Map([...holding.keys()].map((id, n) => [id, acts[n]!]));
    outcomes.push(...places.map((place) => (place instanceof Refusal ? place : byId.get(place)!)));
  }
  return outcomes;
}

export const renew = batchCommand({
  name: "ticket.renew",
  summary: "Hold a claim longer.",
  input: z.object({ ...Claim, lease_seconds: Lease }),
  output: z.object({ id: z.string(), claim_token: z.string(), lease_expires_at: z.iso.datetime() }),
  may: WORKERS,
  events: ["ticket.renewed", "ticket.lapsed"],
  refuses: ["ticket.unknown", "lease.lost"],
  run: (world, calls) =>
    fenced(world, calls, async (holding) => {
      const at = await world.at();
      // Never shorter: a renewal that names no length would else take away what the claim was given.
      const leases = holding.map(({ call, row }) => {
        const asked = at.getTime() + call.input.lease_seconds * 1000;
        return new Date(Math.max(asked, row.lease_expires_at!.getTime())).toISOString();
      });
      world.db.send(sql.renew, {
        ids: holding.map(({ row }) => row.id),
        claim_tokens: holding.map(({ row }) => row.claim_token),
        leases,
      });
      return holding.map(({ row }, index) => {
        const lease_expires_at = leases[index]!;
        const data = { id: row.id, state: "in_progress", lease_expires_at };
        return {
          output: { id: row.id, claim_token: row.claim_token!, lease_expires_at },
          events: [{ kind: "ticket.renewed", subject: row.id, data }],
        };
      });
    }),
});

type Ending = { row: Row; state: TicketState; reason?: string | undefined; proof?: object };

/** Ends claims in one statement and frees what waited for tickets that are done with. */
export async function endClaims(world: World, endings: readonly Ending[]): Promise<void> {
  world.db.send(sql.unclaim, {
    at: await world.at(),
    ids: endings.map(({ row }) => row.id),
    claim_tokens: endings.map(({ row }) => row.claim_token),
    states: endings.map(({ state }) => state),
    reasons: endings.map(({ state, reason }) => (state === "blocked" ? (reason ?? null) : null)),
    proofs: endings.map(({ proof }) => (proof ? JSON.stringify(proof) : null)),
  });
  recountBlockers(
    world.db,
    endings.filter(({ state }) => state === "done" || state === "cancelled").map(({ row }) => row.id),
  );
}

export const Moved = z.object({ id: z.string(), state: z.string() });

export const release = batchCommand({
  name: "ticket.release",
  summary: "Give a claim back, with the reason: to the queue, or as blocked, parked or cancelled.",
  input: z.object({
    ...Claim,
    reason: Sentence.describe("Why the work stops here; the next holder reads it."),
    state: z
      .enum(["awaiting_claim", "blocked", "parked", "cancelled"])
      .default("awaiting_claim")
      .describe("What it becomes. blocked: the reason says what would unblock it."),
  }),
  output: Moved,
  may: WORKERS,
  events: ["ticket.released", "ticket.lapsed"],
  refuses: ["ticket.unknown", "lease.lost", "blocker.unclassified"],
  run: (world, calls) =>
    fenced(world, calls, async (holding) => {
      const released = holding.map(({ row, call: { input } }) => {
        const { state, reason } = input;
        return { row, state, reason: state === "blocked" ? blockedReason(reason) : reason };
      });
      await endClaims(
        world,
        released.flatMap(({ reason, ...one }) => (reason instanceof Refusal ? [] : [{ ...one, reason }])),
      );
      return released.map(({ row, state, reason }) => {
        if (reason instanceof Refusal) return reason;
        const data = { id: row.id, state, reason };
        return { output: { id: row.id, state }, events: [{ kind: "ticket.released", subject: row.id, data }] };
      });
    }),
});

export const lapseLeases = batchCommand({
  name: "ticket.lapse",
  summary: "Give every ticket whose lease has ended back to the queue. The clock says it; claims say it by themselves.",
  input: z.object({}),
  output: z.object({ lapsed: z.int() }),
  may: ["steward", "operator"],
  events: ["ticket.lapsed"],
  refuses: [],
  unrecorded: "Each ticket that lapses leaves an entry; when none did, nothing was written.",
  async run(world, calls) {
    const lapsed = await lapse(world);
    return calls.map(() => ({ output: { lapsed }, events: [] }));
  },
});
