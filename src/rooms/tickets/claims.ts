import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Act, batchCommand, type Caller, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { findTickets, Lane, type Row, stateForbids, TicketId, ticketStates, ticketUnknown, WORKERS } from "./ticket.ts";

const sql = statements("tickets", "lapse", "claimable", "surface_holders", "claim");

/** Origins D: a claim holds an hour at the most without a word. The default asks for a word every five minutes. */
export const LEASE_SECONDS = { least: 30, normal: 300, most: 3600 } as const;
export const Lease = z
  .int()
  .min(LEASE_SECONDS.least)
  .max(LEASE_SECONDS.most)
  .default(LEASE_SECONDS.normal)
  .describe("How many seconds the claim holds without a renewal.");
export const ClaimToken = z.uuid().describe("The claim's fencing token, as ticket.claim answered it.");

const Claimed = z.object({
  id: z.string(),
  title: z.string(),
  lane: z.string(),
  priority: z.int(),
  claim_token: z.string().describe("Proves the claim: renew, release and finish need it."),
  lease_expires_at: z.iso.datetime().describe("When the claim lapses unless it is renewed."),
});
type Grant = z.output<typeof Claimed>;
type Wish = { caller: Caller; input: z.output<typeof claim.input> };

export const claim = batchCommand({
  name: "ticket.claim",
  summary: "Claim a ticket by its id, or the most urgent and oldest claimable ticket of a lane.",
  input: z.object({
    id: TicketId.optional().describe("The ticket to claim."),
    lane: Lane.optional().describe("The lane to claim the next ticket of."),
    lease_seconds: Lease,
  }),
  output: Claimed,
  may: WORKERS,
  events: ["ticket.claimed", "ticket.lapsed"],
  refuses: [
    "ticket.unknown",
    ...ticketStates.filter((state) => state !== "awaiting_claim").map((state) => `ticket.${state}`),
    "ticket.waits",
    "ticket.owned",
    "lane.empty",
    "surface.held",
  ],
  unrecorded: "A claim that its own session holds already is answered again, and changes nothing.",
  async run(world, calls) {
    const lapsed = lapse(world);
    lapsed.catch(() => {});
    const { rows, page, surfaces } = await candidates(world, calls);
    await lapsed;
    const at = await world.at();
    const grants = new Grants(surfaces, at);
    const outcomes = calls.map((call): Act<Grant> | Refusal => {
      if ((call.input.id === undefined) === (call.input.lane === undefined)) return eitherIdOrLane();
      if (call.input.id !== undefined) return grants.byId(call, rows.get(call.input.id));
      return grants.next(call, page.tickets);
    });
    // A full page that only held what others of this batch took tells nothing of the rest of its lane. Each further
    // page serves one call at the least, so this ends.
    for (let { full } = page; full.size > 0;) {
      const unserved = calls.flatMap((call, index) =>
        full.has(call.input.lane ?? "") && outcomes[index] instanceof Refusal ? [index] : [],
      );
      const more = await pageOf(
        world,
        unserved.map((index) => calls[index]!),
        grants,
      );
      for (const index of unserved) outcomes[index] = grants.next(calls[index]!, more.tickets);
      full = more.full;
    }
    if (grants.made.length > 0) {
      world.db.send(sql.claim, {
        at,
        from: "awaiting_claim",
        ids: grants.made.map(({ id }) => id),
        claimed_bys: grants.made.map(({ caller }) => caller.principal_id),
        incarnations: grants.made.map(({ caller }) => caller.incarnation),
        claim_tokens: grants.made.map(({ claim_token }) => claim_token),
        leases: grants.made.map(({ lease_expires_at }) => lease_expires_at),
      });
    }
    return outcomes;
  },
});

/** Gives tickets whose lease has ended back to the queue; runs before every decision about claims. */
export async function lapse(world: World): Promise<number> {
  const rows = await world.db.all<{ id: string; holder: string }>(sql.lapse);
  for (const { id, holder } of rows)
    world.record({ kind: "ticket.lapsed", subject: id, data: { id, state: "awaiting_claim", was_holder: holder } });
  return rows.length;
}

type Candidate = Pick<Row, "id" | "lane" | "title" | "priority" | "filed_by" | "owner_id" | "surface_key">;

async function candidates(world: World, calls: readonly Wish[]) {
  const ids = calls.flatMap(({ input }) => (input.id === undefined ? [] : [input.id]));
  const found = findTickets(world.db, ids);
  found.catch(() => {});
  const page = await pageOf(world, calls);
  const rows = await found;
  const keys = [...rows.values()].flatMap(({ surface_key }) => (surface_key ? [surface_key] : []));
  const holders = keys.length === 0 ? [] : await world.db.all(sql.surface_holders, { surface_keys: keys });
  const surfaces = new Map<string, { id: string; holder: string }>(holders.map((row) => [row.surface_key, row]));
  return { rows, page, surfaces };
}

/** Two of one batch may want the same surface: a page holds a few more than were asked for. */
const SPARE_CANDIDATES = 16;

/** The first tickets that each call could get, without what the batch has taken, and the lanes that may hold more. */
async function pageOf(
  world: World,
  calls: readonly Wish[],
  grants?: Grants,
): Promise<{ tickets: Candidate[]; full: Set<string> }> {
  const lanes = new Map<string, number>();
  const given = new Map<string, { lane: string; to: number; count: number }>();
  for (const { caller, input } of calls) {
    if (input.lane === undefined) continue;
    lanes.set(input.lane, (lanes.get(input.lane) ?? SPARE_CANDIDATES) + 1);
    const key = `${caller.principal_id} ${input.lane}`;
    const count = (given.get(key)?.count ?? SPARE_CANDIDATES) + 1;
    given.set(key, { lane: input.lane, to: caller.principal_id, count });
  }
  if (lanes.size === 0) return { tickets: [], full: new Set() };
  const gifts = [...given.values()];
  const tickets = await world.db.all<Candidate>(sql.claimable, {
    lanes: [...lanes.keys()],
    counts: [...lanes.values()],
    given_lanes: gifts.map(({ lane }) => lane),
    given_to: gifts.map(({ to }) => to),
    given_counts: gifts.map(({ count }) => count),
    taken: grants?.made.map(({ id }) => id) ?? [],
    surfaces: grants ? [...grants.surfaces.keys()] : [],
  });
  const pages = [...[...lanes].map(([lane, count]) => ({ lane, to: null as number | null, count })), ...gifts];
  const full = pages.filter(
    ({ lane, to, count }) =>
      tickets.filter((ticket) => ticket.lane === lane && ticket.owner_id === to).length === count,
  );
  return { tickets, full: new Set(full.map(({ lane }) => lane)) };
}

/**
 * Decides who of a batch gets what: no ticket and no surface twice. Pure; the rows were read under the tenant's lock.
 */
class Grants {
  made: (Grant & { caller: Caller })[] = [];
  #taken = new Set<string>();
  surfaces: Map<string, { id: string; holder: string }>;
  #at: Date;

  constructor(surfaces: Map<string, { id: string; holder: string }>, at: Date) {
    this.surfaces = surfaces;
    this.#at = at;
  }

  byId({ caller, input }: Wish, row: Row | undefined): Act<Grant> | Refusal {
    if (!row) return ticketUnknown(input.id!);
    if (
      row.state === "in_progress" &&
      row.claimed_by === caller.principal_id &&
      row.claimed_incarnation === caller.incarnation
    )
      return { output: held(row), events: [] };
    const mine = this.made.find((grant) => grant.id === row.id);
    if (mine)
      return sameSession(mine.caller, caller)
        ? { output: grantOf(mine), events: [] }
        : heldBy(row.id, mine.caller.name);
    if (row.state === "in_progress") return heldBy(row.id, row.holder!, row.lease_expires_at);
    if (row.state !== "awaiting_claim") return stateForbids(row, "claimed", "Claim another, or see ticket.show.");
    if (row.open_blockers > 0) return waits(row);
    if (row.owner_id !== null && row.owner_id !== caller.principal_id) return owned(row);
    return this.#surfaceProblem(row) ?? this.#grant(caller, row, input.lease_seconds);
  }

  /** Given to this seat first, then by urgency, then filed by this seat, then the oldest. */
  next({ caller, input }: Wish, all: readonly Candidate[]): Act<Grant> | Refusal {
    const open = all.filter(
      (row) =>
        row.lane === input.lane &&
        !this.#taken.has(row.id) &&
        (row.owner_id === null || row.owner_id === caller.principal_id) &&
        !(row.surface_key !== null && this.surfaces.has(row.surface_key)),
    );
    const rank = (row: Candidate) =>
      (row.owner_id === caller.principal_id ? 0 : 100) +
      row.priority * 2 +
      (row.filed_by === caller.principal_id ? 0 : 1);
    const best = open.reduce<Candidate | null>((a, b) => (a === null || rank(b) < rank(a) ? b : a), null);
    if (best) return this.#grant(caller, best, input.lease_seconds);
    return new Refusal("missing", "lane.empty", `No ticket of lane ${input.lane} can be claimed now.`, {
      hint: "queue.read shows what waits there and for what. Come back later.",
      facts: { lane: input.lane },
    });
  }

  #grant(caller: Caller, row: Candidate, lease_seconds: number): Act<Grant> {
    const { id, title, lane, priority } = row;
    const lease_expires_at = new Date(this.#at.getTime() + lease_seconds * 1000).toISOString();
    const grant = { id, title, lane, priority, claim_token: randomUUID(), lease_expires_at };
    this.made.push({ ...grant, caller });
    this.#taken.add(id);
    if (row.surface_key) this.surfaces.set(row.surface_key, { id, holder: caller.name });
    const data = { id, state: "in_progress", holder: caller.name, lease_expires_at };
    return { output: grant, events: [{ kind: "ticket.claimed", subject: id, data }] };
  }

  #surfaceProblem({ id, surface_key }: Row): Refusal | null {
    const holder = surface_key === null ? undefined : this.surfaces.get(surface_key);
    if (!holder || holder.id === id) return null;
    return new Refusal("conflict", "surface.held", `${holder.holder} is changing ${surface_key} under ${holder.id}.`, {
      hint: `COLLIDE-WITH-${holder.id}: wait until it is finished, or work with its holder.`,
      facts: { surface_key, item: holder.id, holder: holder.holder },
    });
  }
}

function sameSession(a: Caller, b: Caller): boolean {
  return a.principal_id === b.principal_id && a.incarnation === b.incarnation;
}

function grantOf({ caller: _, ...grant }: Grant & { caller: Caller }): Grant {
  return grant;
}

function held(row: Row): Grant {
  const { id, title, lane, priority } = row;
  return {
    id,
    title,
    lane,
    priority,
    claim_token: row.claim_token!,
    lease_expires_at: row.lease_expires_at!.toISOString(),
  };
}

function heldBy(id: string, holder: string, lease_expires_at: Date | null = null): Refusal {
  return new Refusal("conflict", "ticket.in_progress", `${id} is claimed by ${holder}.`, {
    hint: "Claim the next of the lane, or wait until the lease ends.",
    facts: { id, holder, lease_expires_at: lease_expires_at?.toISOString() ?? null },
  });
}

function waits({ id, open_blockers }: Row): Refusal {
  return new Refusal("conflict", "ticket.waits", `${id} waits for ${open_blockers} other ticket(s).`, {
    hint: "ticket.show names them. Finish those first.",
    facts: { id, open_blockers },
  });
}

function owned({ id, owner }: Row): Refusal {
  return new Refusal("conflict", "ticket.owned", `${id} was given to ${owner}.`, {
    hint: "Only that seat may claim it. Claim the next of the lane.",
    facts: { id, owner },
  });
}

function eitherIdOrLane(): Refusal {
  return new Refusal("invalid", "input.invalid", "Give either id or lane.", {
    fields: ["id", "lane"].map((field) => ({ field, message: "exactly one of id and lane is needed" })),
    hint: "id claims that ticket; lane claims the next of the lane.",
  });
}
