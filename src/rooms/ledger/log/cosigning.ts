import { z } from "zod";
import { command, text } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { anchorAt } from "./anchors.ts";
import { onlyService } from "./signing.ts";

const sql = statements("ledger", "cosignature_insert");

/** A name, a key's four bytes, a time and an Ed25519 signature. */
const LINE_CHARACTERS_MAX = 400;

export const cosign = command({
  name: "ledger.cosign",
  summary: "Put a witness's cosignature below a checkpoint. The server says it, after it has verified the line.",
  input: z.object({
    tree_size: z.int().min(0).describe("The size of the checkpoint."),
    origin: text(200).describe("The log that the checkpoint is of."),
    name: text(200).describe("The witness's name."),
    line: text(LINE_CHARACTERS_MAX)
      .regex(/^— [^\s+]+ [A-Za-z0-9+/]+={0,2}$/, "must be one signature line of a note, without its newline")
      .describe("Its signature line (C2SP tlog-cosignature)."),
  }),
  output: z.object({ kept: z.boolean().describe("False when the log has moved on to another origin meanwhile.") }),
  may: ["steward"],
  said_by: "programs",
  events: [],
  refuses: ["service.only", "checkpoint.none", "checkpoint.unknown"],
  unrecorded: "An entry for each cosignature would need a checkpoint of its own, and that one cosignatures.",
  async run({ db }, { caller, input: { origin, tree_size, name, line } }) {
    onlyService(caller);
    const anchor = await anchorAt(db, tree_size);
    const kept = anchor.origin === origin;
    if (kept) db.send(sql.cosignature_insert, { origin, tree_size, name, line });
    return { output: { kept }, events: [] };
  },
});
