import { z } from "zod";
import { batchCommand, type Event, type World } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements("landing", "lapse", "in_doubt");

/** The alarm of `/health`. Which environment it is, is told to those who have a token. */
export const IN_DOUBT_ALARM = "environment.in_doubt";

type Lapsed = {
  id: number;
  environment: string;
  ticket_id: string | null;
  state: "lapsed" | "abandoned";
  stage: string;
  cause: string;
  runner: string;
};

/** Ends deploys whose runner was not heard of in time; runs before every decision about deploys. */
export async function lapse(world: World): Promise<Lapsed[]> {
  const rows = await world.db.all<Lapsed>(sql.lapse, { cut: null, cause: null });
  for (const row of rows) world.record(eventOf(row));
  return rows;
}

/** Ends a deploy that still runs: its token is worth nothing from here on. */
export async function cutOff(world: World, id: number, cause: string): Promise<Event[]> {
  return (await world.db.all<Lapsed>(sql.lapse, { cut: id, cause })).map(eventOf);
}

function eventOf({ id, state, ticket_id: ticket, ...rest }: Lapsed): Event {
  const data = { deploy: id, state, ticket, ...rest };
  return { kind: `deploy.${state}`, subject: `deploy-${id}`, data };
}

export const lapseDeploys = batchCommand({
  name: "deploy.lapse",
  summary: "End every deploy whose lease has ended. The clock says it; deploys say it by themselves.",
  input: z.object({}),
  output: z.object({
    lapsed: z.array(z.int()).describe("Nothing was touched: these are over."),
    in_doubt: z.array(z.string()).describe("Environments of which nobody knows what they serve."),
    alarms: z.array(z.string()),
  }),
  may: ["steward", "operator"],
  said_by: "programs",
  events: ["deploy.lapsed", "deploy.abandoned"],
  refuses: [],
  unrecorded: "Each deploy that lapses leaves an entry; when none did, nothing was written.",
  async run(world, calls) {
    const lapsed = (await lapse(world)).filter(({ state }) => state === "lapsed").map(({ id }) => id);
    const in_doubt = (await world.db.all<{ environment: string }>(sql.in_doubt)).map((row) => row.environment);
    const output = { lapsed, in_doubt, alarms: in_doubt.length > 0 ? [IN_DOUBT_ALARM] : [] };
    return calls.map(() => ({ output, events: [] }));
  },
});
