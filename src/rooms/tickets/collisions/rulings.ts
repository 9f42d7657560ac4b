import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { type Act, command, type Event, text, type World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { endTrigger } from "../conditional/opening.ts";
import { parentOpen } from "../done/finish.ts";
import { undo } from "../done/receipts.ts";
import { recountBlockers, WAITING_TYPES } from "../links.ts";
import { findTicket, findTickets, idsIn, type Row, stateForbids, TicketId, ticketUnknown } from "../ticket.ts";
import { settleCollisions } from "./collision.ts";
import { cyclesIn, type Waits, waitsFrom } from "./cycles.ts";
import { RULERS } from "./settling.ts";

const sql = statements("tickets/collisions", "waiting_for", "links_release", "absorb", "collisions_of");
const done = statements("tickets/done", "open_children");

const OUTCOMES = ["done", "cancelled", "awaiting_claim"] as const;
/** What may become of a dependent; `waits` leaves it as it is, on purpose. */
const FATES = [...OUTCOMES, "parked", "waits"] as const;
type Fate = (typeof FATES)[number];

const LINE = /^\s*(\S+)\s*->\s*([A-Za-z_-]+)\s*$/;
const isFate = (word: string): word is Fate => (FATES as readonly string[]).includes(word);

const Absorb = text(300)
  .refine((line) => isFate(fateIn(line)?.fate ?? ""), `must read: TICKET -> ${FATES.join(" | ")}`)
  .describe(`TICKET -> ${FATES.join(" | ")}: what becomes of a ticket that waits for this one.`);

function fateIn(line: string): { ref: string; fate: string } | null {
  const [, ref, word] = LINE.exec(line) ?? [];
  return ref === undefined ? null : { ref, fate: word!.toLowerCase().replaceAll("-", "_") };
}

const Ruling = z.object({
  id: z.string(),
  state: z.string(),
  absorbed: z.array(z.object({ id: z.string(), state: z.string() })),
  freed: z.array(z.string()).describe("WAITING <- AWAITED: what nobody waits for any more."),
  cycles: z.array(z.array(z.string())).describe("The wait cycles that it broke."),
  collisions: z.array(z.int()).describe("The collisions that it settled."),
});

export const rule = command({
  name: "ticket.rule",
  summary: "Rule on a collided or doubled ticket, and settle everything that waits for it in the same act.",
  input: z.object({
    id: TicketId.describe("The ticket that is ruled on."),
    outcome: z.enum(OUTCOMES).describe("What becomes of it."),
    reason: text(2000).trim().min(1).describe("Why. The ledger keeps it."),
    absorb: z.array(Absorb).max(200).default([]).describe("One line for each dependent: none may be left unsettled."),
  }),
  output: Ruling,
  may: RULERS,
  said_by: "programs",
  events: ["ruling.made", "ticket.absorbed", "collision.settled"],
  refuses: [
    ...(["ticket.unknown", "ticket.reserved", "ticket.done", "ticket.cancelled"] as const),
    ...(["ruling.unsettled", "ruling.circular", "ruling.contradicts", "parent.open"] as const),
    "entry.oversized",
  ],
  async run(world, { caller, input: { outcome, reason, ...input } }) {
    const row = await findTicket(world.db, input.id);
    const fates = await fatesOf(world.db, row, outcome, input.absorb);
    const collisions = await world.db.all<CollisionOf>(sql.collisions_of, { names: [row.id, input.id] });
    await refuseUnsettled(world.db, row, fates, collisions);
    await refuseOpenChildren(world.db, fates);
    const before = await waitsFrom(
      world.db,
      [...fates].filter(([, { row, fate }]) => isOpen(row) || isOpened(fate)).map(([id]) => id),
    );
    const broken = brokenCycles(before, fates);
    const freed = await carryOut(world, fates);
    const withdrawn = await repealed(world, caller, fates, reason);
    const settled = await settleCollisions(
      world,
      caller,
      collisions.map(({ id }) => ({ id, outcome: "ruled" as const, reason })),
    );
    const ids = collisions.map(({ id }) => id);
    return actOf(row, { outcome, reason, fates, freed, broken, ids, withdrawn, settled });
  },
});

type CollisionOf = { id: number; number: string; first_ticket: string | null; second_ticket: string | null };
/** Tickets with what becomes of them, the one that is ruled on first. */
type Fates = Map<string, { row: Row; fate: Fate }>;

const isOpen = ({ state }: Row) => state !== "done" && state !== "cancelled";
const isOpened = (fate: Fate) => fate === "awaiting_claim" || fate === "parked";
const ends = (fate: Fate) => fate === "done" || fate === "cancelled";

async function fatesOf(db: Reader, row: Row, outcome: Fate, lines: readonly string[]): Promise<Fates> {
  const said = lines.map((line) => fateIn(line) as { ref: string; fate: Fate });
  const found = await findTickets(
    db,
    said.map(({ ref }) => ref),
  );
  const fates: Fates = new Map([[row.id, { row, fate: outcome }]]);
  if (row.state === "reserved" && outcome !== "cancelled") throw stateForbids(row, outcome, "File its ticket first.");
  for (const { ref, fate } of said) {
    const one = found.get(ref);
    if (!one) throw ticketUnknown(ref);
    if (fates.has(one.id)) throw contradicts(one.id);
    const isLeft = fate === "waits" || fate === one.state;
    if (!isOpen(one) && !isLeft) throw stateForbids(one, fate, "It has ended already; leave its line out.");
    if (one.state === "reserved" && fate !== "cancelled" && !isLeft)
      throw stateForbids(one, fate, "It is only a number yet: cancelled or waits.");
    fates.set(one.id, { row: one, fate });
  }
  return fates;
}

/** J8: whoever waits for what the ruling ends, or is named by the collision, is settled with it. */
async function refuseUnsettled(db: Reader, row: Row, fates: Fates, collisions: readonly CollisionOf[]) {
  const ended = [...fates].filter(([id, { fate }]) => id === row.id || ends(fate)).map(([id]) => id);
  const waiting = await db.all<{ id: string; words: string | null }>(sql.waiting_for, {
    ids: ended,
    waiting_types: WAITING_TYPES,
    names: ended.map((id) => id.replaceAll(/[^A-Za-z0-9]/g, "\\$&")).join("|"),
  });
  const meant = await findTickets(
    db,
    waiting.flatMap(({ words }) => (words === null ? [] : idsIn(words))),
  );
  const named = waiting.filter(
    ({ words }) => words === null || idsIn(words).some((ref) => ended.includes(meant.get(ref)?.id ?? "")),
  );
  const parties = collisions.flatMap((one) => [one.number, one.first_ticket, one.second_ticket]);
  const wanted = [...named.map(({ id }) => id), ...parties.filter((id) => id !== null)];
  const found = await findTickets(db, wanted);
  const rows = new Map([...found.values()].map((one) => [one.id, one]));
  const unsettled = [...rows.values()]
    .filter((one) => isOpen(one) && !fates.has(one.id))
    .map(({ id, state, title }) => ({ id, state, title }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  if (unsettled.length === 0) return;
  const ids = unsettled.map(({ id }) => id);
  const lines = ids.map((id) => `"${id} -> awaiting_claim"`).join(", ");
  throw new Refusal("conflict", "ruling.unsettled", `The ruling on ${row.id} leaves ${ids.join(", ")} unsettled.`, {
    hint: `Say what becomes of each (${FATES.join(", ")}): absorb: [${lines}]`,
    facts: { id: row.id, unsettled },
  });
}

/** No ruling closes a parent over the heads of its open children (J22). */
async function refuseOpenChildren(db: Reader, fates: Fates): Promise<void> {
  const ids = [...fates].filter(([, { row, fate }]) => fate === "done" && isOpen(row)).map(([id]) => id);
  const children = await db.all<{ id: string; child: string }>(done.open_children, { ids });
  for (const id of ids) {
    const open = children.filter((one) => one.id === id && !ends(fates.get(one.child)?.fate ?? "waits"));
    if (open.length > 0)
      throw parentOpen(
        id,
        open.map(({ child }) => child),
      );
  }
}

/** The cycles through the ruled tickets, which the ruling breaks (J9); refused when it leaves one standing. */
function brokenCycles(before: Waits, fates: Fates): string[][] {
  const after: Waits = new Map();
  const gone = (id: string) => ends(fates.get(id)?.fate ?? "waits");
  const isFree = (id: string) => fates.get(id)?.fate === "awaiting_claim";
  for (const [id, awaited] of before) {
    if (gone(id)) continue;
    const moved = fates.has(id) && fates.get(id)!.fate !== "waits";
    const left = [...awaited].filter(
      ([one, by]) => !gone(one) && !(by === "words" && moved) && !(by === "link" && isFree(id) && fates.has(one)),
    );
    after.set(id, new Map(left));
  }
  const ours = (cycle: readonly string[]) => cycle.some((id) => fates.has(id));
  const [standing] = cyclesIn(after).filter(ours);
  const wasOpen = (id: string) => !fates.has(id) || isOpen(fates.get(id)!.row);
  if (standing === undefined) return cyclesIn(before).filter((cycle) => ours(cycle) && cycle.every(wasOpen));
  const told = [...standing, standing[0]].join(" waits for ");
  throw new Refusal("conflict", "ruling.circular", `The ruling leaves a cycle: ${told}.`, {
    hint: `Absorb one of them: "${standing[0]} -> awaiting_claim" takes what it waits for from it.`,
    facts: { cycle: standing },
  });
}

/** Moves the tickets, and takes the waits from those that go back to the queue. Answers which. */
async function carryOut({ db, at }: World, fates: Fates): Promise<{ id: string; target: string }[]> {
  const instant = await at();
  const moving = [...fates].filter(([, { row, fate }]) => fate !== "waits" && fate !== row.state);
  const free = [...fates].filter(([, { fate }]) => fate === "awaiting_claim").map(([id]) => id);
  const freed = await db.all<{ id: string; target: string }>(sql.links_release, {
    ...{ ids: free, targets: [...fates.keys()], waiting_types: WAITING_TYPES },
  });
  db.send(sql.absorb, {
    ...{ at: instant, ids: moving.map(([id]) => id), states: moving.map(([, { fate }]) => fate) },
  });
  for (const [id, { row }] of moving) if (row.state === "conditional") endTrigger(db, id, instant);
  recountBlockers(db, [...fates.keys()]);
  return freed.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A ticket that was done and is not any more keeps no receipt of it. */
async function repealed(
  world: World,
  caller: Parameters<typeof undo>[1],
  fates: Fates,
  reason: string,
): Promise<Awaited<ReturnType<typeof undo>> | object> {
  const [{ row, fate }] = [...fates.values()] as [{ row: Row; fate: Fate }];
  return row.state === "done" && fate !== "done" ? undo(world, caller, row.id, reason) : {};
}

type Ruled = {
  outcome: string;
  reason: string;
  fates: Fates;
  freed: { id: string; target: string }[];
  broken: string[][];
  /** Of the collisions. */
  ids: number[];
  withdrawn: object;
  settled: Event[];
};

function actOf(row: Row, ruled: Ruled): Act<z.output<typeof Ruling>> {
  const { outcome, reason, fates, broken, ids, withdrawn, settled } = ruled;
  const stateAfter = ({ row, fate }: { row: Row; fate: Fate }) => (fate === "waits" ? row.state : fate);
  const others = [...fates].filter(([id]) => id !== row.id);
  const absorbed = others.map(([id, one]) => ({ id, state: stateAfter(one) }));
  const freed = ruled.freed.map(({ id, target }) => `${id} <- ${target}`);
  const told = { absorbed, freed, cycles: broken, collisions: ids };
  const said = Object.fromEntries(Object.entries(told).filter(([, list]) => list.length > 0));
  const ruling = { id: row.id, state: outcome, from: row.state, reason, ...said, ...withdrawn };
  const moves = others.map(([id, one]): Event => {
    const data = { id, state: stateAfter(one), from: one.row.state, ruling: row.id, fate: one.fate, reason };
    return { kind: "ticket.absorbed", subject: id, data };
  });
  return {
    output: { id: row.id, state: outcome, ...told },
    events: [{ kind: "ruling.made", subject: row.id, data: ruling }, ...moves, ...settled],
  };
}

function contradicts(id: string): Refusal {
  return new Refusal("invalid", "ruling.contradicts", `absorb: says twice what becomes of ${id}`, {
    fields: [{ field: "absorb", message: `says twice what becomes of ${id}` }],
  });
}
