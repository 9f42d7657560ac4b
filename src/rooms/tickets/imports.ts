import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { type Act, batchCommand, type Call, instant, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { KEEPERS, resolveNames } from "../seats/index.ts";
import { refiled } from "./collisions/refiling.ts";
import { recountBlockers } from "./links.ts";
import { Body, insertTickets, Label, type NewTicket, Priority, ticketData, Title, Type } from "./new_ticket.ts";
import { Prefix } from "./numbers/format.ts";
import { passNames, takeNumbers } from "./numbers/numbers.ts";
import { Lane, priorities } from "./ticket.ts";

const sql = statements("tickets", "aliases_insert", "aliases_find", "links_adopt");

const Instant = instant();

const Imported = z.object({
  id: z.string(),
  alias: z.string(),
  imported: z.boolean().describe("False when it was here already."),
});

export const importTicket = batchCommand({
  name: "ticket.import",
  summary: "Bring in a ticket of another tracker: its old id finds it, and is its number here where it can be.",
  input: z.object({
    alias: text(200)
      .min(1)
      .describe("Its id there; also its number here where it has the form of the namespace's and is free."),
    namespace: Prefix,
    title: Title,
    body: Body,
    state: z
      .enum(["awaiting_claim", "blocked", "parked", "conditional", "done", "cancelled"])
      .default("awaiting_claim")
      .describe("Its state here. Nobody holds a claim over an import: what was taken there is given to its owner."),
    source_state: text(60).optional().describe("Its state there, as a label `state:…` when it has no equal here."),
    priority: Priority.default(priorities.normal).describe("0 is the most urgent, 4 the least."),
    type: Type.default("task").describe("What kind of work."),
    lane: Lane.optional(),
    labels: z.array(Label).max(100).default([]),
    owner: text(120).optional().describe("The seat that it was given to."),
    filer: text(120).optional().describe("The seat that filed it there; without it, the importer."),
    filed_at: Instant.describe("When it was filed there."),
    closed_at: Instant.optional().describe("When it ended there, if it has."),
    note: text(10_000).optional().describe("Why it ended, or what else there is to keep."),
  }),
  output: Imported,
  may: KEEPERS,
  allocates: true,
  events: ["ticket.imported", "collision.opened"],
  refuses: ["namespace.unknown", "seat.unknown", "seat.ambiguous", "import.contradicts", "entry.oversized"],
  unrecorded: "A ticket that is here already is left as it is; only new ones are written, each with its entry.",
  async run(world, calls) {
    const seats = calls.flatMap(({ input }) => [input.owner, input.filer]).filter((name) => name !== undefined);
    const [known, people] = await Promise.all([
      world.db.all(sql.aliases_find, { aliases: calls.map(({ input }) => input.alias) }),
      resolveNames(world.db, seats),
    ]);
    const here = new Map<string, { ticket_id: string; digest: string }>(known.map((row) => [row.alias, row]));
    const outcomes: (Act<z.output<typeof Imported>> | Refusal)[] = new Array(calls.length);
    const fresh: number[] = [];
    const twins: { index: number; of: number }[] = [];
    const digests = calls.map(({ input }) => digestOf(input));
    for (const [index, { input }] of calls.entries()) {
      const problem = [input.owner, input.filer]
        .map((name) => name && people.get(name))
        .find((one) => one instanceof Refusal);
      const before = here.get(input.alias);
      if (problem instanceof Refusal) outcomes[index] = problem;
      else if (before === undefined) {
        fresh.push(index);
        here.set(input.alias, { ticket_id: "", digest: digests[index]! });
      } else if (before.digest !== digests[index]) outcomes[index] = contradicts(input.alias, before.ticket_id);
      else if (before.ticket_id === "")
        twins.push({ index, of: fresh.find((one) => calls[one]!.input.alias === input.alias)! });
      else outcomes[index] = { output: { id: before.ticket_id, alias: input.alias, imported: false }, events: [] };
    }
    const numbers = await numbersFor(
      world.db,
      fresh.map((index) => calls[index]!.input),
    );
    const at = await world.at();
    const rows: (NewTicket & { alias: string; digest: string })[] = [];
    for (const [n, index] of fresh.entries()) {
      const number = numbers[n]!;
      const { caller, input } = calls[index]!;
      if (number instanceof Refusal) {
        outcomes[index] = number;
        continue;
      }
      const person = (name: string | undefined) =>
        name === undefined ? null : (people.get(name) as { id: number }).id;
      const people_ids = { owner_id: person(input.owner), filed_by: person(input.filer) ?? caller.principal_id };
      const row = imported(input, number, people_ids, at);
      rows.push({ ...row, alias: input.alias, digest: digests[index]! });
      const named = (name: string | undefined) =>
        name === undefined ? undefined : (people.get(name) as { name: string }).name;
      const more = {
        alias: input.alias,
        owner: named(input.owner),
        filer: named(input.filer),
        filed_at: input.filed_at,
        closed_at: input.closed_at,
        note: input.note,
      };
      outcomes[index] = {
        output: { id: number.id, alias: input.alias, imported: true },
        events: [{ kind: "ticket.imported", subject: number.id, data: ticketData(row, more) }],
      };
    }
    insertTickets(world.db, rows);
    if (rows.length > 0) await nameThem(world.db, rows);
    await tellCollisions(world, calls, outcomes);
    for (const { index, of } of twins) outcomes[index] = twinOf(outcomes[of]!);
    return outcomes;
  },
});

/** The old id where it is one of the namespace and nobody's here, so that it names one ticket; else the next number. */
async function numbersFor(db: Db, rows: readonly { alias: string; namespace: string }[]) {
  const free = await passNames(db, rows);
  const keeps = ({ alias, namespace }: (typeof rows)[number]) => free.get(alias)?.prefix === namespace;
  const others = rows.filter((row) => !keeps(row)).map(({ namespace }) => namespace);
  const taken = others.length === 0 ? [] : await takeNumbers(db, others);
  return rows.map((row) => (keeps(row) ? { id: row.alias, lane: free.get(row.alias)!.lane } : taken.shift()!));
}

type Outcome = Act<z.output<typeof Imported>> | Refusal;

/** The answer to the same row again in one batch. */
function twinOf(first: Outcome): Outcome {
  return first instanceof Refusal ? first : { output: { ...first.output, imported: false }, events: [] };
}

type Importing = Call<z.output<typeof importTicket.input>>;

/** A number that two filed in the other tracker is refused, and recorded: somebody says what becomes of the later. */
async function tellCollisions(
  world: World,
  calls: readonly Importing[],
  outcomes: readonly (Act<unknown> | Refusal)[],
): Promise<void> {
  const refused = calls.filter((_, index) => (outcomes[index] as Refusal).code === "import.contradicts");
  const filings = refused.flatMap(({ caller, input: { alias, filer, filed_at, title } }) =>
    filer === undefined ? [] : [{ caller, filing: { number: alias, seat: filer, at: filed_at, title } }],
  );
  for (const { caller, filing } of filings) {
    const source = `ticket.import ${filing.number}`.slice(0, 300);
    for (const event of (await refiled(world, caller, [{ ...filing, source }])).flat()) world.record(event);
  }
}

type Db = Parameters<typeof insertTickets>[0];

/** Keeps the old names, and ties up links that named these tickets before they were here. */
export async function nameThem(db: Db, rows: readonly { id: string; alias: string; digest: string }[]): Promise<void> {
  const aliases = rows.map((row) => row.alias);
  const ids = rows.map((row) => row.id);
  db.send(sql.aliases_insert, { aliases, ids, digests: rows.map((row) => row.digest) });
  const adopted = await db.all<{ ticket_id: string }>(sql.links_adopt, { aliases, ids });
  recountBlockers(
    db,
    adopted.map((row) => row.ticket_id),
  );
}

function imported(
  input: z.output<typeof importTicket.input>,
  number: { id: string; lane: string },
  people: { owner_id: number | null; filed_by: number },
  at: Date,
): NewTicket {
  const ended = input.state === "done" || input.state === "cancelled";
  // A clock that was ahead there would put it behind everything that is filed here until then.
  const past = (instant: string) => (Date.parse(instant) > at.getTime() ? at.toISOString() : instant);
  return {
    id: number.id,
    namespace: input.namespace,
    state: input.state,
    lane: input.lane ?? number.lane,
    title: input.title,
    body: input.body,
    priority: input.priority,
    type: input.type,
    labels: input.source_state === undefined ? input.labels : [...input.labels, `state:${input.source_state}`],
    surface_key: null,
    closes_when: null,
    ...people,
    filed_at: past(input.filed_at),
    // An end without a recorded time is dated by the only time that is known.
    closed_at: ended ? past(input.closed_at ?? input.filed_at) : null,
  };
}

function digestOf(input: object): string {
  return createHash("sha256").update(canonicalize(input)!).digest("base64url");
}

function contradicts(alias: string, id: string): Refusal {
  return new Refusal(
    "conflict",
    "import.contradicts",
    `${alias} is here as ${id || "another row of this import"} with other content.`,
    {
      hint: "The ticket here was left as it is. Change it by commands, not by an import.",
      facts: { alias, id },
    },
  );
}
