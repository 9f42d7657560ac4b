import { z } from "zod";
import { batchCommand, type Caller, type Event, type World } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { closeByProbe } from "./asking.ts";
import { WINDOW_SECONDS } from "./listing.ts";
import { doneByProbe } from "./probe.ts";
import { CLOSING_EVENTS, type Decider, type Row } from "./question.ts";

const sql = statements("questions", "probed_by_server", "stalled", "stalls_open", "stalls_begin", "stalls_end");

/** The alarm of `/health`: questions wait and nobody decides any. */
const STALLED_ALARM = "decisions.stalled";
/** Probes that one look asks; more are asked by the next pages of the same look. */
const PAGE = 500;

type Stall = { goes_to: Decider; since: Date };

export const survey = batchCommand({
  name: "question.survey",
  summary:
    "Close the questions whose probes say that they are done, and notice where nobody decides. The clock says it.",
  input: z.object({}),
  output: z.object({ closed: z.array(z.int()), stalled: z.array(z.string()), alarms: z.array(z.string()) }),
  may: ["steward", "operator"],
  said_by: "programs",
  events: ["question.closed", "decisions.stalled", "decisions.resumed", ...CLOSING_EVENTS],
  refuses: [],
  unrecorded: "A look that finds everything as it was writes nothing; each closing and each flip is recorded once.",
  async run(world, calls) {
    const [first] = calls;
    const closed = await closeDone(world, first!.caller);
    const { events, stalled } = await flips(world);
    const output = {
      closed: closed.ids,
      stalled: stalled.map(({ goes_to }) => goes_to),
      alarms: stalled.length > 0 ? [STALLED_ALARM] : [],
    };
    return calls.map((_, index) => ({ output, events: index === 0 ? [...closed.events, ...events] : [] }));
  },
});

async function closeDone(world: World, caller: Caller): Promise<{ ids: number[]; events: Event[] }> {
  const ids: number[] = [];
  const events: Event[] = [];
  for (let after = 0; ;) {
    const rows = await world.db.all<Row>(sql.probed_by_server, { after, limit: PAGE });
    const done = await doneByProbe(world.db, rows);
    for (const row of rows.filter(({ id }) => done.has(id))) {
      ids.push(row.id);
      events.push(...(await closeByProbe(world, caller, row)));
    }
    if (rows.length < PAGE) return { ids, events };
    after = rows.at(-1)!.id;
  }
}

/** What changed since the last look: who decided nothing for a window although something waited all that time. */
async function flips(world: World): Promise<{ events: Event[]; stalled: Stall[] }> {
  const [stalled, open, at] = await Promise.all([
    world.db.all<Stall>(sql.stalled, { window_seconds: WINDOW_SECONDS }),
    world.db.all<Stall>(sql.stalls_open),
    world.at(),
  ]);
  const among = (all: readonly Stall[]) => new Set(all.map(({ goes_to }) => goes_to));
  const begun = stalled.filter(({ goes_to }) => !among(open).has(goes_to));
  const ended = open.filter(({ goes_to }) => !among(stalled).has(goes_to));
  const sinces = begun.map(({ since }) => since);
  if (begun.length > 0) world.db.send(sql.stalls_begin, { at, deciders: [...among(begun)], sinces });
  if (ended.length > 0) world.db.send(sql.stalls_end, { at, deciders: [...among(ended)] });
  const told = (kind: string) => (stall: Stall) => {
    const { goes_to, since } = stall;
    return { kind, subject: `decisions-${goes_to}`, data: { goes_to, since: since.toISOString() } };
  };
  return { events: [...begun.map(told("decisions.stalled")), ...ended.map(told("decisions.resumed"))], stalled };
}
