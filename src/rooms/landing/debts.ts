import { z } from "zod";
import { command, type Event, query, roles, text } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { findTickets, TicketId } from "../tickets/index.ts";
import { Sha } from "./deploys.ts";

const sql = statements("landing", "tickets_done", "debts", "debts_write", "debts_settle");

/** Origins F, 0069: 54 of 86 branches were at least 10 commits ahead, and no one of them was merged. */
const AHEAD_MIN = 10;

const Name = text(300).min(1);

const Branch = z.object({
  branch: Name.describe("Its name, as the remote has it."),
  head: Sha,
  ahead: z.int().min(0).describe("Commits that the base does not have."),
  tickets: z.array(TicketId).max(200).default([]).describe("The tickets that those commits name."),
});

export const report = command({
  name: "debt.report",
  summary: "Report how far a repository's branches are ahead of their base. Those with done tickets are merge debt.",
  input: z.object({
    repository: Name.describe("Its name for people, without a password."),
    base: Name.describe("What the branches are merged into."),
    branches: z
      .array(Branch)
      .max(1000)
      .describe("Every branch that there is: one that is left out is no debt any more."),
    ahead_min: z.int().min(1).max(10_000).default(AHEAD_MIN).describe("From how many commits on it is a debt."),
  }),
  output: z.object({
    debts: z.int().describe("Branches of the repository that are debt now."),
    raised: z.array(z.string()).describe("Those that were none before."),
    settled: z.array(z.string()),
  }),
  may: ["service", "operator", "implementer", "coordinator", "steward", "sentinel"],
  said_by: "programs",
  events: ["debt.raised", "debt.settled"],
  refuses: [],
  unrecorded: "A report that finds the debts that were there tells nothing new.",
  async run(world, { input }) {
    const { repository, base, branches, ahead_min } = input;
    const far = branches.filter(({ ahead, tickets }) => ahead >= ahead_min && tickets.length > 0);
    const found = await findTickets(world.db, [...new Set(far.flatMap(({ tickets }) => tickets))]);
    const ids = [...new Set([...found.values()].map(({ id }) => id))];
    const [done, known, at] = await Promise.all([
      world.db.all<{ id: string }>(sql.tickets_done, { ids }),
      world.db.all<Row>(sql.debts, { repository }),
      world.at(),
    ]);
    const isDone = new Set(done.map(({ id }) => id));
    const debts = far.flatMap(({ tickets, ...branch }) => {
      const those = [...new Set(tickets.flatMap((ref) => found.get(ref)?.id ?? []))].filter((id) => isDone.has(id));
      return those.length === 0 ? [] : [{ ...branch, tickets: those.sort() }];
    });
    const raised = debts.filter(({ branch }) => !known.some((one) => one.branch === branch));
    const settled = known.filter(({ branch }) => !debts.some((one) => one.branch === branch));
    if (debts.length > 0)
      world.db.send(sql.debts_write, {
        ...{ repository, base, at, branches: debts.map(({ branch }) => branch), heads: debts.map(({ head }) => head) },
        aheads: debts.map(({ ahead }) => ahead),
        tickets: debts.map(({ tickets }) => tickets.join("\u001f")),
      });
    if (settled.length > 0)
      world.db.send(sql.debts_settle, { repository, branches: settled.map(({ branch }) => branch) });
    return {
      output: {
        debts: debts.length,
        raised: raised.map(({ branch }) => branch),
        settled: settled.map(({ branch }) => branch),
      },
      events: [
        ...raised.map((one) => told("debt.raised", { repository, base, ...one })),
        ...settled.map(({ branch, since }) => told("debt.settled", { repository, branch, since: since.toISOString() })),
      ],
    };
  },
});

function told(kind: string, data: { repository: string; branch: string } & Record<string, unknown>): Event {
  return { kind, subject: `${data.repository} ${data.branch}`, data };
}

type Row = {
  repository: string;
  branch: string;
  base: string;
  head: string;
  ahead: number;
  tickets: string[];
  since: Date;
  seen_at: Date;
};

export const list = query({
  name: "debt.list",
  summary: "List merge debt: branches ahead of their base although their tickets are done, the furthest first.",
  input: z.object({ repository: Name.optional().describe("Only this one.") }),
  output: z.object({
    debts: z.array(
      z.object({
        repository: z.string(),
        branch: z.string(),
        base: z.string(),
        head: z.string(),
        ahead: z.int(),
        tickets: z.array(z.string()).describe("They are done, and nobody has them."),
        since: z.iso.datetime(),
        seen_at: z.iso.datetime(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { repository = null }) {
    const rows = await db.all<Row>(sql.debts, { repository });
    return {
      debts: rows.map(({ since, seen_at, ...row }) => ({
        ...row,
        since: since.toISOString(),
        seen_at: seen_at.toISOString(),
      })),
    };
  },
});
