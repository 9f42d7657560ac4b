import { z } from "zod";
import { batchCommand, type Caller, type Event, type World } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { factsFor } from "./facts.ts";
import { ceilingOf, type Facts, judge, levelsOf, predicateOf } from "./gates.ts";
import { readOn } from "./firings.ts";
import { type DoctrineRecord, levelOf } from "./record.ts";
import { keep, recordsOf } from "./registry.ts";
import { dayAfter, openReview } from "./reviews.ts";

const sql = statements(
  "doctrine",
  "maturity_set",
  "propose",
  "reviews_open",
  "causes_seen",
  "review_settle",
  "reviewed",
);

/** The alarm of `/health`: a rule was taken back, and nobody has looked at it again. */
const TAKEN_BACK = "doctrine.taken_back";

const Surveyed = z.object({
  promoted: z.array(z.string()).describe("Those that took a level by themselves."),
  proposed: z.array(z.string()).describe("Those whose gate holds and that wait for a person."),
  taken_back: z.array(z.string()),
  reviews: z.array(z.string()).describe("Tickets of the reviews that were opened."),
  alarms: z.array(z.string()),
});

export const survey = batchCommand({
  name: "doctrine.survey",
  summary: "Compute every gate and trigger: propose, adopt, take back, and open reviews. The clock says it.",
  input: z.object({}),
  output: Surveyed,
  may: ["steward", "operator"],
  said_by: "programs",
  allocates: true,
  events: [
    ...["doctrine.proposed", "doctrine.unproposed", "doctrine.promoted", "doctrine.taken_back"],
    ...["doctrine.violated", "doctrine.review_opened", "doctrine.review_lapsed", "ticket.filed"],
  ],
  refuses: [],
  unrecorded: "A survey that finds every record as it was tells nothing new; what it counts, the ledger has already.",
  async run(world, calls) {
    const { output, events } = await surveyed(world, calls[0]!.caller);
    return calls.map((_, index) => ({ output, events: index === 0 ? events : [] }));
  },
});

type Review = { record_id: string; because: string; ticket_id: string | null; state: string | null; closed_at: Date };

async function surveyed(world: World, caller: Caller) {
  const at = await world.at();
  const [records, open, causes] = await Promise.all([
    recordsOf(world.db),
    world.db.all<Review>(sql.reviews_open),
    world.db.all<{ record_id: string; because: string }>(sql.causes_seen),
  ]);
  const seen = new Set(causes.map(({ record_id, because }) => `${record_id} ${because}`));
  const live = records.filter(({ superseded_by }) => superseded_by === null);
  // From the first survey on the ledger is watched for what ships, too.
  keep(world.db, live, at);
  const watched = live.map((one) => ({ ...one, watched_since: one.watched_since ?? at }));
  const violations = await readOn(world, watched);
  const facts = await factsFor(world.db, world.operations(), watched, at);
  const events: Event[] = violations.map(({ record_id, evidence, seq }) => ({
    kind: "doctrine.violated",
    subject: record_id,
    data: { id: record_id, evidence, entry: seq },
  }));
  const lapsed = lapse(world, open, watched, at);
  events.push(...lapsed.map(({ event }) => event));
  const inReview = new Set(open.map(({ record_id }) => record_id));
  for (const { id } of lapsed) inReview.delete(id);
  const told: Told = { promoted: [], proposed: [], unproposed: [], taken_back: [] };
  const reviews: string[] = [];
  for (const record of watched) {
    const { change, because } = weighed(record, facts);
    if (change) {
      told[change.what].push(record.id);
      events.push(applied(world, record, change, at));
    }
    const why = because ?? reviewCause(record, facts, seen);
    if (why === null || inReview.has(record.id)) continue;
    const opened = await openReview(world, caller, record, why);
    events.push(...opened.events);
    if (opened.ticket !== null) reviews.push(opened.ticket);
  }
  const { unproposed: _, ...output } = told;
  const isOpen = open.some(({ because, record_id }) => inReview.has(record_id) && because.startsWith("Taken back"));
  const alarms = isOpen || told.taken_back.length > 0 ? [TAKEN_BACK] : [];
  return { output: { ...output, reviews, alarms }, events };
}

type What = "promoted" | "proposed" | "taken_back" | "unproposed";
type Told = { [what in What]: string[] };
type Change = {
  what: What;
  level: number | null;
  gates: readonly { level: number; gate: string; holds: boolean; because: string }[];
};

/** What becomes of a record's level: it falls as far as a broken gate says, and rises by one gate after the other. */
function weighed(record: DoctrineRecord, facts: Facts): { change: Change | null; because: string | null } {
  const { outcomes, reached } = levelsOf(record, facts);
  const ceiling = ceilingOf(outcomes);
  if (record.maturity > ceiling) {
    const gates = outcomes.filter(({ level, holds }) => level <= record.maturity && !holds);
    const why = gates.map(({ because }) => because).join("; ");
    const because = `Taken back from ${levelOf(record.maturity)} to ${levelOf(ceiling)}: ${why}`;
    return { change: { what: "taken_back", level: ceiling, gates }, because: because.slice(0, 1000).toWellFormed() };
  }
  const gates = outcomes.filter(({ level }) => level > record.maturity && level <= reached);
  if (reached > record.maturity) {
    if (record.adopts && !record.held_down)
      return { change: { what: "promoted", level: reached, gates }, because: null };
    if (record.proposed === reached) return { change: null, because: null };
    return { change: { what: "proposed", level: reached, gates }, because: null };
  }
  if (record.proposed === null) return { change: null, because: null };
  return { change: { what: "unproposed", level: null, gates: outcomes.filter(({ holds }) => !holds) }, because: null };
}

function applied(
  { db }: World,
  { id, maturity, held_down }: DoctrineRecord,
  { what, level, gates }: Change,
  at: Date,
): Event {
  if (what === "promoted" || what === "taken_back") db.send(sql.maturity_set, { id, maturity: level, held_down, at });
  else db.send(sql.propose, { id, proposed: level, at });
  const was = levelOf(maturity);
  const data = { id, was, ...(level === null ? {} : { maturity: levelOf(level) }), by: "gate", gates };
  return { kind: `doctrine.${what}`, subject: id, data };
}

/** Why a record is to be looked at again: its day has come, its sunset, or a trigger is true. */
function reviewCause(record: DoctrineRecord, facts: Facts, looked_at: ReadonlySet<string>): string | null {
  const today = dayAfter(facts.as_of, 0);
  const seen = record.reviewed_at === null ? "" : dayAfter(record.reviewed_at, 0);
  // Once for each sunset: whoever looked and left it as it is has been told.
  if (record.sunset_on !== null && record.sunset_on <= today && seen < record.sunset_on)
    return `Its sunset was ${record.sunset_on}: a hard rule ends or is renewed`;
  if (record.review_on !== null && record.review_on <= today) return `Its review is due since ${record.review_on}`;
  const since = record.reviewed_at ?? record.watched_since ?? facts.as_of;
  for (const words of record.review_triggers) {
    const { holds, because } = judge(predicateOf(words), record, facts, since);
    const why = `Its trigger "${words}" is true: ${because}`;
    // What goes on being true and was looked at is known.
    if (holds && !looked_at.has(`${record.id} ${why}`)) return why;
  }
  return null;
}

/** Whoever ended a review's ticket without a word has looked at it all the same; it is due again after its days. */
function lapse({ db }: World, open: readonly Review[], records: readonly DoctrineRecord[], at: Date) {
  const ended = open.filter(({ state }) => state === "done" || state === "cancelled");
  return ended.map(({ record_id: id, ticket_id, state }): { id: string; event: Event } => {
    const note = `Its ticket ${ticket_id} is ${state}.`;
    db.send(sql.review_settle, { id, at, settled_by: null, note });
    const record = records.find((one) => one.id === id);
    if (record) {
      record.reviewed_at = at;
      record.review_on = record.review_days === undefined ? null : dayAfter(at, record.review_days);
      db.send(sql.reviewed, { id, at, review_on: record.review_on, sunset_on: record.sunset_on });
    }
    return { id, event: { kind: "doctrine.review_lapsed", subject: id, data: { id, ticket: ticket_id, note } } };
  });
}
