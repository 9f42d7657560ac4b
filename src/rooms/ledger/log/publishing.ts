import { z } from "zod";
import { connectionLost, type Database, unavailable } from "../../../kernel/database.ts";
import { command } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";

const sql = statements("ledger", "log_audience", "public_log");

export const publish = command({
  name: "ledger.publish",
  summary: "Say who may read the transparency log, entries and all: members with a token, or everyone.",
  input: z.object({
    audience: z
      .enum(["members", "everyone"])
      .describe("Whoever has read it has it: going back to members takes nothing back."),
  }),
  output: z.object({ origin: z.string(), audience: z.string() }),
  may: ["operator"],
  events: ["ledger.published"],
  refuses: ["log.none"],
  async run({ db }, { input: { audience } }) {
    const [log] = await db.all<{ origin: string }>(sql.log_audience, { audience });
    if (!log)
      throw new Refusal("conflict", "log.none", "No log is open; the signer opens one within a minute of the start.");
    const data = { origin: log.origin, audience };
    return { output: data, events: [{ kind: "ledger.published", subject: log.origin, data }] };
  },
});

/** The tenant of that name if everyone may read its log; null for any other name, whether there is such a tenant. */
export async function publicTenant(database: Database, name: string): Promise<number | null> {
  const { text } = sql.public_log;
  const asked = database.pool.query<{ id: number | null }>({ name: sql.public_log.name, text, values: [name] });
  const { rows } = await asked.catch((error) => {
    throw connectionLost(error) ? unavailable(error) : error;
  });
  return rows[0]?.id ?? null;
}
