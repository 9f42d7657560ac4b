import { z } from "zod";
import { query, roles } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { DeployId, findDeploy } from "./deploys.ts";

const sql = statements("landing", "log_read");

export const log = query({
  name: "deploy.log",
  summary: "Read a deploy's log. The ledger's stream says deploy.logged when there is more; go on after the number.",
  input: z.object({
    id: DeployId,
    after: z.int().min(0).default(0).describe("Only what comes after this number."),
    limit: z.int().min(1).max(200).default(50).describe("At most so many pieces."),
  }),
  output: z.object({
    pieces: z.array(z.object({ number: z.int(), stage: z.string(), at: z.iso.datetime(), text: z.string() })),
    state: z.string().describe("Of the deploy: when it does not run, no more comes."),
    log_bytes_lost: z.int().describe("What was over the environment's bound and was not kept."),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["deploy.unknown"],
  async read({ db }, { id, after, limit }) {
    const [{ state, log_bytes_lost }, rows] = await Promise.all([
      findDeploy(db, id),
      db.all<{ number: number; stage: string; text: string; at: Date }>(sql.log_read, { id, after, limit }),
    ]);
    return { pieces: rows.map((row) => ({ ...row, at: row.at.toISOString() })), state, log_bytes_lost };
  },
});
