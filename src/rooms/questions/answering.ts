import { z } from "zod";
import { type Caller, command, type Event, text, type World } from "../../kernel/operation.ts";
import { rolesOf } from "../../kernel/permission.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { narrated } from "../feed/index.ts";
import { resolveName } from "../seats/index.ts";
import { WORKERS } from "../tickets/index.ts";
import { closeByProbe } from "./asking.ts";
import { close, CLOSED, CLOSING_EVENTS, findOpen, Id, kept, type Row, Why } from "./question.ts";

const sql = statements("questions", "report");

export const answer = command({
  name: "question.answer",
  summary: "Decide a question. The verdict is posted, and what waited for it goes on by itself.",
  input: z.object({
    id: Id,
    answer: text(1000).trim().min(1).describe("The decision, as it is to be carried out."),
    reason: Why.describe("Why; whoever meets the same question next reads it."),
  }),
  output: z.object({
    id: z.int(),
    resumed: z.string().nullable().describe("The ticket that can be claimed again."),
    age_seconds: z.int().describe("How long it waited."),
  }),
  may: ["operator", "strategist"],
  said_by: "programs",
  events: ["question.answered", ...CLOSING_EVENTS, "post.appended"],
  refuses: ["question.unknown", ...CLOSED, "question.own", "question.above_you", "entry.oversized"],
  async run(world, { caller, input }) {
    const row = await findOpen(world.db, input.id);
    await refuseAnswerer(world, caller, row);
    const said = { answer: kept(input.answer), reason: kept(input.reason) };
    const events = await close(world, caller, row, { state: "answered", ...said });
    const resumed = events.length > 1 ? row.ticket_id : null;
    const { age_seconds } = events[0]!.data as { age_seconds: number };
    return {
      output: { id: row.id, resumed, age_seconds },
      events: [...events, ...posted(row, said)],
    };
  },
});

/** Nobody decides what he asked himself, nor his sub-agent; what is the operator's is decided by a person. */
async function refuseAnswerer(world: World, caller: Caller, row: Row): Promise<void> {
  const { id, goes_to, asker } = row;
  if (row.asked_by === caller.principal_id || seatOf(asker) === seatOf(caller.name))
    throw new Refusal("denied", "question.own", `Question ${id} was asked by ${asker}; another decides it.`, {
      hint: "If nobody has to decide it any more: question.withdraw.",
      facts: { id, asker },
    });
  if (goes_to === "strategist" && rolesOf(caller).some((role) => role === "strategist" || role === "operator")) return;
  const { kind } = await resolveName(world.db, caller.name);
  if (caller.role === "operator" && kind === "person") return;
  throw new Refusal("denied", "question.above_you", `Only the operator decides about ${row.topic}.`, {
    hint: "If it is about another topic: question.reroute. Else it waits for him; he has it in his list.",
    facts: { id, topic: row.topic, goes_to },
  });
}

/** A seat and its sub-agents ask as one. */
function seatOf(name: string): string {
  return name.split("/")[0]!;
}

/** The verdict, where everybody reads it (R-C3). Its words adopt nothing: the question they cite may be answered no. */
function posted(row: Row, said: { answer: string; reason: string }): Event[] {
  const subject = `Question ${row.id} (${row.topic}) is decided: ${said.answer}`;
  const body = ["RESPONSES: [ACK]", `QUESTION: ${row.question}`, `ANSWER: ${said.answer}`, `REASON: ${said.reason}`];
  return narrated({
    subject: subject.length > SUBJECT_MAX ? `${subject.slice(0, SUBJECT_MAX - 1).toWellFormed()}…` : subject,
    body: body.join("\n"),
    item: row.ticket_id,
  });
}

/** A post's subject holds no more characters. */
const SUBJECT_MAX = 500;

const outcomes = ["done", "open", "error"] as const;

export const report = command({
  name: "question.probed",
  summary: "Report what a question's command probe said. One that says done closes the question.",
  input: z.object({
    id: Id,
    outcome: z.enum(outcomes).describe("done: exit code 0. open: another. error: it could not be run."),
    evidence: text(1000).default("").describe("What it printed, without secrets."),
  }),
  output: z.object({ id: z.int(), state: z.string() }),
  may: WORKERS,
  said_by: "programs",
  events: ["question.probed", "question.closed", ...CLOSING_EVENTS],
  refuses: ["question.unknown", ...CLOSED, "question.not_commanded"],
  async run(world, { caller, input: { id, outcome, evidence } }) {
    const row = await findOpen(world.db, id);
    if (row.probe_kind !== "command")
      throw new Refusal("conflict", "question.not_commanded", `Question ${id} has no command that anybody runs.`, {
        hint: row.probe === null ? "Answer it." : "The server looks by itself.",
        facts: { id, probe: row.probe },
      });
    world.db.send(sql.report, { id, outcome, at: await world.at(), by: caller.principal_id });
    const data = { id, outcome, probe: row.probe, evidence: kept(evidence) };
    const events: Event[] = [{ kind: "question.probed", subject: `question-${id}`, data }];
    if (outcome === "done") events.push(...(await closeByProbe(world, caller, row)));
    return { output: { id, state: outcome === "done" ? "done" : "open" }, events };
  },
});
