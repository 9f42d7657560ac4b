import { z } from "zod";
import { query, roles } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { EnvironmentName } from "./environments.ts";

const sql = statements("landing", "failures");

type Row = {
  deploy_id: number;
  environment: string;
  ticket_id: string | null;
  sha: string;
  state: string;
  owner: string;
  cause: string;
  served_release: string | null;
  restored_deploy: number | null;
  down_from: Date | null;
  downtime_milliseconds: number | null;
  opened_at: Date;
  mended_at: Date | null;
  mended_by: number | null;
  /** int8[] comes as text. */
  entries: string[];
};

const instant = z.iso.datetime().nullable();

export const list = query({
  name: "failure.list",
  summary:
    "List the failures of deploys: ticket, release, downtime to the millisecond, cause, and the ledger's entries.",
  input: z.object({
    environment: EnvironmentName.optional(),
    all: z.boolean().default(false).describe("Those that are mended too."),
    limit: z.int().min(1).max(200).default(50),
  }),
  output: z.object({
    failures: z.array(
      z.object({
        failure: z.int().describe("The deploy's number."),
        environment: z.string(),
        ticket: z.string().nullable(),
        release: z.string().describe("What was to be served."),
        served_release: z.string().nullable().describe("What was served at the end."),
        restored_deploy: z.int().nullable().describe("The deploy whose release was restored."),
        outcome: z.string(),
        owner: z.string(),
        cause: z.string(),
        down_from: instant,
        down_until: instant,
        downtime_milliseconds: z.int().nullable(),
        opened_at: z.iso.datetime(),
        mended_at: instant.describe("When a deploy left the environment healthy again."),
        mended_by: z.int().nullable().describe("That deploy."),
        entries: z.array(z.int()).describe("The ledger's entries of this deploy, by number."),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { environment = null, all, limit }) {
    const rows = await db.all<Row>(sql.failures, { environment, all, limit });
    return { failures: rows.map(failureOf) };
  },
});

function failureOf(row: Row) {
  const { deploy_id, ticket_id, sha, state, down_from, downtime_milliseconds, opened_at, mended_at } = row;
  const { environment, owner, cause, served_release, restored_deploy, mended_by, entries } = row;
  // With no length it lasted until another deploy mended it.
  const measured = down_from && downtime_milliseconds !== null;
  const until = measured ? new Date(down_from.getTime() + downtime_milliseconds) : down_from && mended_at;
  return {
    ...{ failure: deploy_id, environment, ticket: ticket_id, release: sha, served_release, restored_deploy },
    ...{ outcome: state, owner, cause, down_from: down_from?.toISOString() ?? null },
    down_until: until?.toISOString() ?? null,
    downtime_milliseconds: until && down_from ? until.getTime() - down_from.getTime() : null,
    entries: entries.map(Number),
    ...{ opened_at: opened_at.toISOString(), mended_at: mended_at?.toISOString() ?? null, mended_by },
  };
}
