import { z } from "zod";
import { query } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { LEAF_BYTES_MAX } from "./chain.ts";
import { ChainCheck, type StoredEntry } from "./verify.ts";

const sql = statements("ledger", "head", "range", "beyond_head");

/** Read in pieces of a size that keeps memory flat and each statement short. */
const ENTRIES_A_READ = 5_000;

export const verify = query({
  name: "ledger.verify",
  summary: "Re-hash every stored entry of the ledger and name the first broken one.",
  input: z.object({
    after: z.int().min(0).default(0).describe("Check the entries after this number; 0 checks all."),
    limit: z.int().min(1).max(1_000_000_000).optional().describe("Check at most this many entries; all without it."),
  }),
  output: z.object({
    whole: z.boolean().describe("Whether every entry that was checked is as it was written."),
    entries: z.int().describe("How many entries were checked."),
    seq: z.int().describe("The number of the newest entry that the ledger's head names."),
    head: z.string().describe("The hash of that entry, in hexadecimal."),
    first_broken: z.int().nullable().describe("The number of the first entry that is not whole."),
    reason: z.string().nullable().describe("What is wrong with it."),
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
  async read({ db }, { after, limit }) {
    const [head] = await db.all(sql.head);
    const end = Math.min(head.seq, after + (limit ?? head.seq));
    const check = new ChainCheck();
    if (after > 0) check.begin((await db.all<StoredEntry>(sql.range, { after: after - 1, limit: 1 }))[0], after);
    for (let read = after; read < end && check.broken === null;) {
      const rows = await db.all<StoredEntry>(sql.range, { after: read, limit: Math.min(ENTRIES_A_READ, end - read) });
      for (const row of rows) check.add(row);
      if (rows.length === 0) check.missing(read + 1);
      read += rows.length;
    }
    if (end === head.seq) {
      check.end(head);
      const [beyond] = await db.all<{ seq: number }>(sql.beyond_head);
      if (beyond) check.unheaded(beyond.seq);
    }
    return {
      whole: check.broken === null,
      entries: check.count,
      seq: head.seq,
      head: head.hash.toString("hex"),
      first_broken: check.broken?.seq ?? null,
      reason: check.broken?.reason ?? null,
    };
  },
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
