import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { type Caller, query, roles } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { doneByProbe } from "./probe.ts";
import { ageOf, deciders, findQuestion, Id, lineOf, type Row } from "./question.ts";

const sql = statements("questions", "waiting", "asked", "commanded", "pace", "hours");

/** Origins R-C4: 271 questions were open at once, and eight were moved about in an hour in which none was decided. */
const LIST_MAX = 500;
/** A command probe that was run longer ago than this is run again before a person is asked. */
const PROBE_HOURS = 24;
/** The window in which somebody has to decide something while questions wait (J32). */
export const WINDOW_SECONDS = 3600;

const sides = [...deciders, "mine"] as const;
type Side = (typeof sides)[number];

const After = z.int().min(0).default(0).describe("Only questions after this number.");

export const list = query({
  name: "question.list",
  summary: "What is blocked on you: one line for each question, after its probe was asked.",
  input: z.object({
    of: z.enum(sides).optional().describe("Whose decisions; yours by your role. mine: what you asked."),
    after: After,
    limit: z.int().min(1).max(LIST_MAX).default(100).describe("At most this many are looked at."),
  }),
  output: z.object({
    headline: z.string(),
    items: z.array(z.string()).describe("Number, age, topic, question, options, ticket."),
    unprobed: z.array(z.string()).describe("Run `longwatch question probe` before you look at these."),
    done: z.array(z.string()).describe("What their probes say is done; they close within a minute."),
    next: z.int().nullable().describe("Give it as after for the next page."),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db, caller }, { of, after, limit }) {
    const side = of ?? sideOf(caller);
    const rows = await pageOf(db, caller, side, { after, limit });
    const done = await doneByProbe(db, rows);
    const open = rows.filter(({ id }) => !done.has(id));
    const unprobed = open.filter(isUnprobed);
    const items = open.filter((row) => !isUnprobed(row));
    const whom = { operator: "blocked on the operator", strategist: "blocked on a strategist", mine: "that you asked" };
    const told = side === sideOf(caller) && side !== "mine" ? "blocked on you" : whom[side];
    const count = `${items.length}${rows.length === limit ? "+" : ""} item${items.length === 1 ? "" : "s"}`;
    return {
      headline: `${count} ${told}`,
      items: items.map(lineOf),
      unprobed: unprobed.map(lineOf),
      done: rows.filter(({ id }) => done.has(id)).map((row) => `${lineOf(row)}: ${row.probe}`),
      next: rows.length === limit ? rows.at(-1)!.id : null,
    };
  },
});

function sideOf({ role }: Caller): Side {
  return role === "operator" || role === "strategist" ? role : "mine";
}

function pageOf(db: Reader, caller: Caller, side: Side, page: { after: number; limit: number }): Promise<Row[]> {
  if (side === "mine") return db.all<Row>(sql.asked, { asked_by: caller.principal_id, ...page });
  return db.all<Row>(sql.waiting, { goes_to: side, ...page });
}

function isUnprobed({ probe_kind, probed_at, now }: Row): boolean {
  if (probe_kind !== "command") return false;
  return probed_at === null || now.getTime() - probed_at.getTime() > PROBE_HOURS * 3_600_000;
}

export const show = query({
  name: "question.show",
  summary: "One question: who asked what and when, who decides it, and the verdict.",
  input: z.object({ id: Id }),
  output: z.object({
    id: z.int(),
    state: z.string(),
    topic: z.string(),
    goes_to: z.string(),
    question: z.string(),
    details: z.string(),
    options: z.array(z.string()),
    ticket: z.string().nullable(),
    blocks: z.boolean(),
    asker: z.string(),
    asked_at: z.iso.datetime(),
    age_seconds: z.int().describe("Since it was first asked, wherever it was moved since."),
    relabels: z.int().describe("How often it was moved to another topic."),
    probe: z.string().nullable(),
    probed_at: z.iso.datetime().nullable(),
    probe_outcome: z.string().nullable(),
    answer: z.string().nullable(),
    reason: z.string().nullable(),
    closed_by: z.string().nullable(),
    closed_at: z.iso.datetime().nullable(),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["question.unknown"],
  async read({ db }, { id }) {
    const row = await findQuestion(db, id);
    const { state, topic, goes_to, question, details, options, blocks, asker, relabels, probe, probe_outcome } = row;
    return {
      ...{ id, state, topic, goes_to, question, details, options, ticket: row.ticket_id, blocks, asker },
      ...{ asked_at: row.asked_at.toISOString(), age_seconds: ageOf(row), relabels, probe, probe_outcome },
      ...{ probed_at: row.probed_at?.toISOString() ?? null, answer: row.answer, reason: row.reason },
      ...{ closed_by: row.closer, closed_at: row.closed_at?.toISOString() ?? null },
    };
  },
});

export const probes = query({
  name: "question.probes",
  summary: "The command probes of open questions, for `longwatch question probe` to run.",
  input: z.object({ after: After, limit: z.int().min(1).max(LIST_MAX).default(100) }),
  output: z.object({
    probes: z.array(
      z.object({
        id: z.int(),
        line: z.string().describe("The question."),
        asker: z.string().describe("Who wrote the command."),
        command: z.string(),
        probed_at: z.iso.datetime().nullable(),
        outcome: z.string().nullable(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { after, limit }) {
    const rows = await db.all<Row>(sql.commanded, { after, limit });
    return {
      probes: rows.map((row) => {
        const command = row.probe!.replace(/^command:\s*/, "");
        const { id, asker, probe_outcome: outcome } = row;
        return { id, line: lineOf(row), asker, command, probed_at: row.probed_at?.toISOString() ?? null, outcome };
      }),
    };
  },
});

const Pace = z.object({
  goes_to: z.enum(deciders),
  waiting: z.int(),
  oldest_seconds: z.int().nullable().describe("Since the oldest was asked."),
  median_seconds: z.int().nullable(),
  relabelled: z.int().describe("Of those that wait, how many were moved and not decided."),
  rendered: z.int().describe("Verdicts of the window. Probes that closed a question are none."),
  rendered_an_hour: z.array(z.int()).length(24).describe("Verdicts of each of the last 24 hours, the newest first."),
});

export const pace = query({
  name: "question.pace",
  summary: "How fast decisions are made, and how long they wait, for each who decides.",
  input: z.object({
    window_seconds: z
      .int()
      .min(60)
      .max(7 * 86_400)
      .default(WINDOW_SECONDS)
      .describe("The window that is counted."),
  }),
  output: z.object({ deciders: z.array(Pace) }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { window_seconds }) {
    const [rows, hours] = await Promise.all([
      db.all<Omit<z.output<typeof Pace>, "rendered_an_hour">>(sql.pace, { window_seconds }),
      db.all<{ goes_to: string; hours_ago: number; rendered: number }>(sql.hours),
    ]);
    const renderedAt = (goes_to: string, hour: number) =>
      hours.find((one) => one.goes_to === goes_to && one.hours_ago === hour)?.rendered ?? 0;
    return {
      deciders: rows.map((row) => {
        const rendered_an_hour = Array.from({ length: 24 }, (_, hour) => renderedAt(row.goes_to, hour));
        return { ...row, rendered_an_hour };
      }),
    };
  },
});
