import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { type Caller, command, text, type World } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { entriesOf, type Entry } from "../../ledger/index.ts";
import { KEEPERS, resolveNames } from "../../seats/index.ts";
import { LEASE_SECONDS } from "../claims.ts";
import { parseCondition } from "../conditional/condition.ts";
import { endTrigger, writeTriggers } from "../conditional/opening.ts";
import { sendReceipts } from "../done/receipts.ts";
import { type Stage, stages } from "../done/stages.ts";
import { Difference, differencesOf, fold, type Told } from "../drift.ts";
import { recountBlockers } from "../links.ts";
import { insertTickets } from "../new_ticket.ts";
import { TicketId, ticketUnknown } from "../ticket.ts";
import { type State, statesOf } from "./states.ts";

const sql = statements(
  "tickets/repair",
  "history",
  "surface_elsewhere",
  "repair_words",
  "repair_state",
  "trigger_drop",
);
const done = statements("tickets/done", "receipts_withdraw", "deliverables_withdraw");

export const repair = command({
  name: "ticket.repair",
  summary: "Make the tables say of a ticket what the ledger says; the entry tells what was there before.",
  input: z.object({
    id: TicketId.describe("A ticket that ticket.drift lists."),
    reason: text(2000).trim().min(1).describe("Why. The ledger keeps it."),
  }),
  output: z.object({
    id: z.string(),
    repaired: z.array(Difference).describe("What was different."),
    left: z.array(z.string()).describe("Fields that are still different: nothing tells how they were."),
  }),
  may: KEEPERS,
  said_by: "programs",
  events: ["ticket.repaired"],
  refuses: ["ticket.unknown"],
  unrecorded: "A ticket of which the ledger and the tables say the same is left as it is.",
  async run(world, { caller, input: { id, reason } }) {
    const history = await historyOf(world.db, id);
    const folded = new Map<string, Told>();
    for (const entry of history) fold(folded, entry);
    const [row] = await statesOf(world.db, [id]);
    const said = folded.get(id);
    if (!said && !row) throw ticketUnknown(id);
    const found = differencesOf(id, said, row);
    if (found.length === 0) return { output: { id, repaired: [], left: [] }, events: [] };
    const wanted = said ?? { ...row!, state: "cancelled", holder: null };
    if (!row) await rebuild(world, caller, id, wanted, history);
    await write(world, caller, { id, wanted, row, reason });
    // What nothing gives back (a deliverable's words, a spool's post, a surface that another holds now) still differs.
    const [mended] = await statesOf(world.db, [id]);
    const left = differencesOf(id, wanted, mended).map(({ field }) => field);
    const repaired = found.filter(({ field }) => !left.includes(field));
    if (repaired.length === 0) return { output: { id, repaired, left }, events: [] };
    // Told whole, so that a ticket that no entry knew of is known from here on.
    const { receipts, ...words } = wanted;
    const told = { id, ...words, ...(receipts === null ? {} : { receipts: receipts.split(" ") }), reason, repaired };
    return { output: { id, repaired, left }, events: [{ kind: "ticket.repaired", subject: id, data: told }] };
  },
});

const ENTRIES_A_READ = 1_000;

async function historyOf(db: Reader, id: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let after = 0; ;) {
    const rows = await db.all<{ seq: number; leaf: Buffer }>(sql.history, { id, after, limit: ENTRIES_A_READ });
    entries.push(...(await entriesOf(db, rows)));
    if (rows.length < ENTRIES_A_READ) return entries;
    after = rows.at(-1)!.seq;
  }
}

/** Writes a ticket anew that the tables have lost, from the entry that told it whole. */
async function rebuild({ db }: World, caller: Caller, id: string, wanted: Told, history: readonly Entry[]) {
  const first = history.find(({ data }) => typeof data.title === "string")!;
  const { data } = first;
  const filer = String(data.filer ?? first.actor);
  const by = (await resolveNames(db, [filer])).get(filer)!;
  const { title, lane, priority, surface_key, closes_when } = wanted;
  insertTickets(db, [
    {
      ...{ id, title, lane, priority, surface_key, closes_when, state: "awaiting_claim", owner_id: null },
      ...{ namespace: id.slice(0, id.indexOf("-")), body: String(data.body ?? ""), type: String(data.type ?? "task") },
      ...{ labels: (data.labels as string[] | undefined) ?? [], closed_at: null },
      filed_by: by instanceof Error ? caller.principal_id : by.id,
      filed_at: String(data.filed_at ?? first.at),
    },
  ]);
}

type Wanted = { id: string; wanted: Told; row: State | undefined; reason: string };

/** Writes what differs, as far as it can be written. */
async function write(world: World, caller: Caller, { id, wanted, row, reason }: Wanted): Promise<void> {
  const { db } = world;
  const at = await world.at();
  const names = [wanted.owner, wanted.holder].filter((name) => name !== null);
  const people = await resolveNames(db, names);
  const idOf = (name: string | null) => {
    const one = name === null ? undefined : people.get(name);
    return one === undefined || one instanceof Error ? null : one.id;
  };
  const { title, lane, priority, closes_when, state } = wanted;
  const isTaken = state === "in_progress" && (await db.all(sql.surface_elsewhere, { id, ...wanted })).length > 0;
  const surface_key = isTaken && row?.state === "in_progress" ? row.surface_key : wanted.surface_key;
  db.send(sql.repair_words, { id, title, lane, priority, surface_key, closes_when, owner_id: idOf(wanted.owner) });
  if (!isTaken && (state !== row?.state || wanted.holder !== row.holder)) {
    const claimed_by = idOf(wanted.holder);
    const claim_token = claimed_by === null ? null : randomUUID();
    db.send(sql.repair_state, { id, state, claimed_by, claim_token, at, lease_seconds: LEASE_SECONDS.normal });
  }
  if (wanted.opens_when !== (row?.opens_when ?? null)) {
    db.send(sql.trigger_drop, { id });
    const condition = wanted.opens_when === null ? null : parseCondition(wanted.opens_when);
    if (condition) writeTriggers(db, [{ ticket_id: id, condition }]);
    if (condition && state !== "conditional") endTrigger(db, id, at);
  }
  await writeReceipts(world, caller, { id, wanted, row, reason });
  recountBlockers(db, [id]);
  if (wanted.verification === null && row && row.verification !== null)
    db.send(done.deliverables_withdraw, { ids: [id], at });
}

async function writeReceipts({ db, at }: World, caller: Caller, { id, wanted, row, reason }: Wanted): Promise<void> {
  const stagesIn = (told: string | null | undefined) => (told ? told.split(" ") : []) as Stage[];
  const [there, due] = [stagesIn(row?.receipts), stagesIn(wanted.receipts)];
  const by_id = caller.principal_id;
  const extra = stages.filter((stage) => there.includes(stage) && !due.includes(stage));
  const missing = stages.filter((stage) => due.includes(stage) && !there.includes(stage));
  if (extra.length > 0) db.send(done.receipts_withdraw, { ids: [id], stages: extra, at: await at(), by_id, reason });
  const given = missing.map((stage) => ({ id, stage, evidence: reason, by_id }));
  sendReceipts(db, given, await at());
}
