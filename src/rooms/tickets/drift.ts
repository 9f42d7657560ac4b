import { z } from "zod";
import { query, roles } from "../../kernel/operation.ts";
import { entriesAfter } from "../ledger/index.ts";
import { unregistered, Unregistered } from "./collisions/actors.ts";
import { everyCycle } from "./collisions/cycles.ts";
import { Collision, openOnes } from "./collisions/settling.ts";
import { idsAfter, type State, statesOf } from "./repair/states.ts";

/** What the ledger alone says of a ticket. */
export type Told = {
  state: string;
  title: string;
  lane: string;
  priority: number;
  holder: string | null;
  owner: string | null;
  surface_key: string | null;
  closes_when: string | null;
  opens_when: string | null;
  /** Where the check of its deliverable stands. */
  verification: string | null;
  /** Its stages, in the order of their names. */
  receipts: string | null;
  /** The id under which it was filed without the server. */
  provisional: string | null;
};

/** What is compared. Bodies are not: they are long, and no rule rests on them. */
const FIELDS = [
  ...(["state", "title", "lane", "priority", "holder", "owner", "surface_key", "closes_when"] as const),
  ...(["opens_when", "verification", "receipts", "provisional"] as const),
];

const NOTHING: Told = {
  state: "",
  title: "",
  lane: "",
  priority: 2,
  holder: null,
  owner: null,
  surface_key: null,
  closes_when: null,
  opens_when: null,
  verification: null,
  receipts: null,
  provisional: null,
};

/** These tell the whole ticket: what they leave out is not there. The others tell what changed. */
const WHOLE = new Set(["ticket.filed", "ticket.imported", "ticket.reserved"]);

/** An entry as the fold needs it. */
export type Entry = { kind: string; subject: string | null; data: Record<string, unknown> };

/**
 * The pure fold: entries in order give the queue. Every entry about a ticket carries the state that it left, so that
 * no rule of the commands is repeated here.
 */
export function fold(tickets: Map<string, Told>, { kind, subject, data }: Entry): void {
  if (!(kind.startsWith("ticket.") || kind === "ruling.made") || subject === null || typeof data.state !== "string")
    return;
  const before = tickets.get(subject) ?? NOTHING;
  const known = WHOLE.has(kind) ? NOTHING : before;
  const words = (field: "owner" | "surface_key" | "closes_when" | "opens_when" | "verification" | "provisional") =>
    data[field] === undefined ? known[field] : (data[field] as string | null);
  const held = data.state === "in_progress";
  tickets.set(subject, {
    state: data.state,
    title: typeof data.title === "string" ? data.title : before.title,
    lane: typeof data.lane === "string" ? data.lane : before.lane,
    priority: typeof data.priority === "number" ? data.priority : before.priority,
    holder: held ? ((data.holder as string | undefined) ?? before.holder) : null,
    owner: words("owner"),
    surface_key: words("surface_key"),
    closes_when: words("closes_when"),
    opens_when: words("opens_when"),
    verification: words("verification"),
    receipts: receiptsAfter(known.receipts, data),
    provisional: words("provisional"),
  });
}

/** The stages after an entry: those that it gave are there, those that it took back are not. */
function receiptsAfter(before: string | null, data: Record<string, unknown>): string | null {
  if (data.receipts === undefined && data.withdrawn === undefined) return before;
  const stages = new Set(before === null ? [] : before.split(" "));
  for (const stage of (data.receipts as string[] | undefined) ?? []) stages.add(stage);
  for (const stage of (data.withdrawn as string[] | undefined) ?? []) stages.delete(stage);
  return stages.size === 0 ? null : [...stages].sort().join(" ");
}

export const Difference = z.object({
  id: z.string(),
  field: z.string(),
  ledger: z.string().nullable(),
  table: z.string().nullable(),
});
type Difference = z.output<typeof Difference>;

/** What the ledger and the tables say differently of one ticket; either may not know it at all. */
export function differencesOf(id: string, said: Told | undefined, row: State | undefined): Difference[] {
  if (!said) return row ? [{ id, field: "ticket", ledger: null, table: "is there" }] : [];
  if (!row) return [{ id, field: "ticket", ledger: "is there", table: null }];
  const say = (value: string | number | null) => (value === null ? null : String(value));
  return FIELDS.filter((field) => said[field] !== row[field]).map((field) => ({
    ...{ id, field, ledger: say(said[field]), table: say(row[field]) },
  }));
}

/** Rows compared at a time. */
const TICKETS_A_READ = 5_000;
const DIFFERENCES_MAX = 1_000;
const LISTED_MAX = 100;

export const drift = query({
  name: "ticket.drift",
  summary: "Fold the whole ledger and compare the queue with the tables; list what is unsettled beside it.",
  input: z.object({}),
  output: z.object({
    entries: z.int().describe("Ledger entries folded."),
    tickets: z.int().describe("Tickets compared."),
    differences: z.int().describe("How many differences there are; the first 1,000 are listed."),
    found: z.array(Difference),
    collisions: z.array(Collision).describe("Those that nothing was amended for; the first 100."),
    actors: z.array(Unregistered).describe("Those that acted and never registered; the first 100."),
    cycles: z.array(z.array(z.string())).describe("Open tickets that wait for each other; the first 100."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }) {
    const told = new Map<string, Told>();
    let entries = 0;
    for await (const entry of entriesAfter(db, 0)) {
      fold(told, entry);
      entries++;
    }
    const found: Difference[] = [];
    let tickets = 0;
    let differences = 0;
    const compare = (id: string, row: State | undefined) => {
      const own = differencesOf(id, told.get(id), row);
      differences += own.length;
      found.push(...own.slice(0, DIFFERENCES_MAX - found.length));
      told.delete(id);
    };
    for (let after = ""; ;) {
      const ids = await idsAfter(db, after, TICKETS_A_READ);
      const rows = await statesOf(db, ids);
      tickets += rows.length;
      for (const row of rows) compare(row.id, row);
      if (ids.length < TICKETS_A_READ) break;
      after = ids.at(-1)!;
    }
    for (const id of [...told.keys()]) compare(id, undefined);
    const collisions = await openOnes(db, LISTED_MAX);
    const { actors } = await unregistered(db, "", LISTED_MAX);
    const cycles = (await everyCycle(db)).slice(0, LISTED_MAX);
    return { entries, tickets, differences, found, collisions, actors, cycles };
  },
});
