import { z } from "zod";
import { command, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { forgetAnswered } from "../../../kernel/requests.ts";
import { statements } from "../../../kernel/sql.ts";
import { entryOf, payloadsOf } from "../entries.ts";
import { erasureSubject, isPersonal } from "./payloads.ts";

const sql = statements("ledger", "erasable", "payload_erase");

export const erase = command({
  name: "ledger.erase",
  summary: "Erase the personal part of an entry for good; the entry, its hash and every proof stay as they are.",
  input: z.object({
    seq: z.int().min(1).describe("The number of the entry."),
    reason: text(500).trim().min(1).describe("Why. It is kept for ever: write no personal data into it."),
  }),
  output: z.object({
    seq: z.int().describe("The number of the entry."),
    commitment: z.string().describe("What the entry still holds: a salted hash of what was erased, in hexadecimal."),
  }),
  may: ["operator", "steward"],
  events: ["ledger.erased"],
  refuses: ["entry.unknown", "entry.not_personal", "entry.erased_already", "payload.lost"],
  async run({ db }, { input: { seq, reason } }) {
    // Read behind the head's lock: of many who erase at once, the second finds what the first one did.
    const [[entry], kept] = await Promise.all([db.all(sql.erasable, { seq }), payloadsOf(db, [seq])]);
    if (!entry) throw unknown(seq);
    const { data } = entryOf(entry.leaf);
    if (!isPersonal(data)) throw notPersonal(seq);
    const { row, erased } = kept.get(seq)!;
    if (row === null) throw erased ? erasedAlready(seq) : lost(seq);
    db.send(sql.payload_erase, { seq });
    forgetAnswered(db, entry.principal_id, seq);
    const commitment = String(data.personal);
    return {
      output: { seq, commitment },
      events: [{ kind: "ledger.erased", subject: erasureSubject(seq), data: { seq, commitment, reason } }],
    };
  },
});

function unknown(seq: number): Refusal {
  return new Refusal("missing", "entry.unknown", `There is no entry ${seq}.`, {
    hint: "feed.read shows entries with their numbers.",
  });
}

function notPersonal(seq: number): Refusal {
  return new Refusal("conflict", "entry.not_personal", `Entry ${seq} has no personal part; its words are its hash's.`, {
    hint: "Only what was said with personal can be erased, such as post.append with personal.",
  });
}

function erasedAlready(seq: number): Refusal {
  return new Refusal("conflict", "entry.erased_already", `The personal part of entry ${seq} was erased before.`, {
    hint: `feed.read about ${erasureSubject(seq)} shows who did it, when and why.`,
  });
}

function lost(seq: number): Refusal {
  return new Refusal("conflict", "payload.lost", `The personal part of entry ${seq} is gone, and no entry says why.`, {
    hint: "Somebody changed the database behind the ledger: ledger.verify names such entries. Nothing was erased now.",
  });
}
