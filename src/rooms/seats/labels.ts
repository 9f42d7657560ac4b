import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { command, query, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { AnyName, KEEPERS } from "./commands.ts";
import { type Presence, presenceOf, presenceStates } from "./presence.ts";
import { type Principal, resolveName } from "./resolve.ts";

const sql = statements("seats", "label_take", "label_end", "labels");

const Label = text(120).trim().min(1).describe("What the window, thread or tab is called in its program.");

type Row = Presence & { id: number; label: string; name: string; labelled_at: Date; now: Date };

/** Sessions that will not come back under their label: another may bear it. */
const GONE: readonly string[] = ["dead", "retired", "unadopted"];

export const label = command({
  name: "seat.label",
  summary: "Say under which label a session's window shows, so that a person who sees the one finds the other.",
  input: z.object({
    label: Label,
    seat: AnyName.optional().describe("Whose window it is, when a keeper of the fleet says it; else the caller's."),
  }),
  output: z.object({ seat: z.string(), label: z.string(), was: z.string().nullable() }),
  may: roles,
  unscoped: true,
  said_by: "programs",
  events: ["seat.labelled"],
  refuses: ["label.held", "label.not_yours", "seat.not_adopted", "seat.unknown", "seat.ambiguous"],
  unrecorded: "A label that the seat bears already is answered again, and changes nothing.",
  async run(world, { caller, input }) {
    const seat = await resolveName(world.db, input.seat ?? caller.name);
    if (seat.id !== caller.principal_id && !(KEEPERS as readonly string[]).includes(caller.role))
      throw new Refusal(
        "denied",
        "label.not_yours",
        `${caller.name} labels its own window, not that of ${seat.name}.`,
        {
          hint: "Its own session says seat.label, or the operator does.",
        },
      );
    if (seat.incarnation === null)
      throw new Refusal("conflict", "seat.not_adopted", `No session holds ${seat.name}.`, { hint: "Adopt it first." });
    const wanted = input.label;
    const [holder] = await world.db.all<Row>(sql.labels, { label: wanted, principal_id: null, limit: 1 });
    const output = { seat: seat.name, label: wanted, was: await labelOf(world.db, seat) };
    if (output.was === wanted) return { output, events: [] };
    if (holder) {
      const state = presenceOf(holder, holder.now);
      if (!GONE.includes(state)) throw held(wanted, holder.name, state);
      world.db.send(sql.label_end, { principal_id: holder.id });
    }
    world.db.send(sql.label_take, { principal_id: seat.id, label: wanted, at: await world.at() });
    const data = { ...output, ...(holder ? { taken_from: holder.name } : {}) };
    return { output, events: [{ kind: "seat.labelled", subject: seat.name, data }] };
  },
});

async function labelOf(db: Reader, { id }: Pick<Principal, "id">): Promise<string | null> {
  const [row] = await db.all<{ label: string }>(sql.labels, { label: null, principal_id: id, limit: 1 });
  return row?.label ?? null;
}

function held(wanted: string, by: string, state: string): Refusal {
  return new Refusal("conflict", "label.held", `The window ${wanted} is that of ${by}, which is ${state}.`, {
    hint: "Name your window otherwise, or end that session.",
    facts: { label: wanted, holder: by },
  });
}

export const listLabels = query({
  name: "label.list",
  summary: "Tell which seat works in a window, and in which window a seat works.",
  input: z.object({
    label: Label.optional().describe("Only this window."),
    seat: AnyName.optional().describe("Only this seat, in any form of its name."),
    limit: z.int().min(1).max(1000).default(200).describe("At most this many."),
  }),
  output: z.object({
    labels: z.array(
      z.object({
        label: z.string(),
        seat: z.string(),
        state: z.enum(presenceStates),
        labelled_at: z.iso.datetime(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["seat.unknown", "seat.ambiguous"],
  async read({ db }, { label: wanted, seat, limit }) {
    const principal_id = seat === undefined ? null : (await resolveName(db, seat)).id;
    const rows = await db.all<Row>(sql.labels, { label: wanted ?? null, principal_id, limit });
    const labels = rows.map((row) => ({
      label: row.label,
      seat: row.name,
      state: presenceOf(row, row.now),
      labelled_at: row.labelled_at.toISOString(),
    }));
    return { labels };
  },
});

/**
 * Whom a name in somebody's mouth means: a seat by any form of its name, or by what its window is called. Only for
 * looking up: what is given or claimed goes by names alone, since a session chooses its label itself.
 */
export async function resolveSeen(db: Reader, name: string): Promise<Principal> {
  const [labelled] = await db.all<{ name: string }>(sql.labels, { label: name, principal_id: null, limit: 1 });
  const named = await resolveName(db, name).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === "seat.unknown") return null;
    throw error;
  });
  if (labelled === undefined || labelled.name === named?.name || named?.name === name)
    return named ?? (await resolveName(db, name));
  if (named === null) return resolveName(db, labelled.name);
  throw new Refusal(
    "conflict",
    "seat.ambiguous",
    `${name} is short for ${named.name} and the window of ${labelled.name}.`,
    {
      hint: "Use the whole name; label.list tells which seat works in which window.",
      facts: { candidates: [named.name, labelled.name], window_of: labelled.name },
    },
  );
}
