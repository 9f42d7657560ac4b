import { z } from "zod";
import { query } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { LEAF_BYTES_MAX } from "../chain.ts";
import { Report } from "./verification.ts";
import { verifyStored } from "./verify.ts";

const sql = statements("ledger", "head");

export const verify = query({
  name: "ledger.verify",
  summary: "Hash every stored entry anew, compare with all that was signed, and name the first broken one.",
  input: z.object({
    after: z.int().min(0).default(0).describe("Check the entries after this number; 0 checks all."),
    limit: z.int().min(1).max(1_000_000_000).optional().describe("Check at most this many entries; all without it."),
  }),
  output: Report.extend({
    seq: z.int().describe("The number of the newest entry that the ledger's head names."),
    head: z.string().describe("The hash of that entry, in hexadecimal."),
  }),
  may: [
    "operator",
    "strategist",
    "coordinator",
    "gatekeeper",
    "witness",
    "auditor",
    "steward",
    "sentinel",
    "implementer",
  ],
  refuses: [],
  read: (world, part) => verifyStored(world, { after: part.after, limit: part.limit }),
});

export const head = query({
  name: "ledger.head",
  summary: "Read the number and the hash of the newest ledger entry.",
  input: z.object({}),
  output: z.object({
    seq: z.int().describe("The number of the newest entry; 0 when there is none."),
    hash: z.string().describe("Its hash, in hexadecimal."),
    leaf_bytes_max: z.int().describe("The most bytes that one entry holds."),
  }),
  may: verify.may,
  refuses: [],
  async read({ db }) {
    const [row] = await db.all(sql.head);
    return { seq: row.seq, hash: row.hash.toString("hex"), leaf_bytes_max: LEAF_BYTES_MAX };
  },
});
