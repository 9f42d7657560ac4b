import { z } from "zod";
import { query, roles } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { entriesAfter } from "../ledger/index.ts";

const sql = statements("tickets", "all_states");

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
};

/** What is compared. Bodies are not: they are long, and no rule rests on them. */
const FIELDS = [
  ...(["state", "title", "lane", "priority", "holder", "owner", "surface_key", "closes_when"] as const),
  ...(["opens_when", "verification", "receipts"] as const),
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
  if (!kind.startsWith("ticket.") || subject === null || typeof data.state !== "string") return;
  const before = tickets.get(subject) ?? NOTHING;
  const known = WHOLE.has(kind) ? NOTHING : before;
  const words = (field: "owner" | "surface_key" | "closes_when" | "opens_when" | "verification") =>
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

/** Rows compared at a time. */
const TICKETS_A_READ = 5_000;
const DIFFERENCES_MAX = 1_000;

export const drift = query({
  name: "ticket.drift",
  summary: "Fold the whole ledger and compare the queue that it gives with the tables: they must agree.",
  input: z.object({}),
  output: z.object({
    entries: z.int().describe("Ledger entries folded."),
    tickets: z.int().describe("Tickets compared."),
    differences: z.int().describe("How many differences there are; the first 1,000 are listed."),
    found: z.array(
      z.object({ id: z.string(), field: z.string(), ledger: z.string().nullable(), table: z.string().nullable() }),
    ),
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
    const found: { id: string; field: string; ledger: string | null; table: string | null }[] = [];
    let tickets = 0;
    let differences = 0;
    const differ = (id: string, field: string, ledger: unknown, table: unknown) => {
      differences++;
      const say = (value: unknown) => (value === null || value === undefined ? null : String(value));
      if (found.length < DIFFERENCES_MAX) found.push({ id, field, ledger: say(ledger), table: say(table) });
    };
    for (let after = ""; ;) {
      const rows = await db.all(sql.all_states, { after, limit: TICKETS_A_READ });
      for (const row of rows) {
        tickets++;
        const said = told.get(row.id);
        told.delete(row.id);
        if (!said) differ(row.id, "ticket", null, "is there");
        else for (const field of FIELDS) if (said[field] !== row[field]) differ(row.id, field, said[field], row[field]);
      }
      if (rows.length < TICKETS_A_READ) break;
      after = rows.at(-1).id;
    }
    for (const id of told.keys()) differ(id, "ticket", "is there", null);
    return { entries, tickets, differences, found };
  },
});
