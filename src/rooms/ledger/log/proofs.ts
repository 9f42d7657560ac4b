import { z } from "zod";
import { query } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { consistencyProof, inclusionProof, treeRoot } from "../../../tlog/proofs.ts";
import { anchorAt, withCosignatures } from "./anchors.ts";
import { CHECKERS } from "./checkers.ts";
import { treeReader } from "./tiles.ts";

const Hash = z.string().describe("In hexadecimal.");
const Proof = z.array(Hash).describe("The hashes of the proof (RFC 6962), in hexadecimal.");
const Size = z.int().min(0).describe("How many entries a tree has.");

export const inclusion = query({
  name: "ledger.inclusion",
  summary: "Prove that an entry is in the ledger: the path from its hash to a signed checkpoint's root (RFC 6962).",
  input: z.object({
    seq: z.int().min(1).describe("The entry's number."),
    size: Size.optional().describe("The size of a signed checkpoint; without it, the newest."),
  }),
  output: z.object({
    seq: z.int(),
    index: z.int().describe("The entry's place in the tree, from 0."),
    size: Size,
    root: Hash,
    leaf_hash: Hash,
    proof: Proof,
    note: z.string().describe("The signed checkpoint that has this size and root."),
  }),
  may: CHECKERS,
  refuses: ["checkpoint.none", "checkpoint.unknown", "entry.not_covered"],
  async read({ db }, { seq, size }) {
    const anchor = await anchorAt(db, size);
    if (seq > anchor.tree_size) throw notCovered(seq, anchor.tree_size);
    const read = treeReader(db, anchor.tree_size);
    const index = seq - 1;
    const proof = await inclusionProof(index, anchor.tree_size, read);
    return {
      seq,
      index,
      size: anchor.tree_size,
      root: anchor.root.toString("hex"),
      leaf_hash: (await read(0, index)).toString("hex"),
      proof: proof.map((hash) => hash.toString("hex")),
      note: await withCosignatures(db, anchor),
    };
  },
});

export const consistency = query({
  name: "ledger.consistency",
  summary: "Prove that the ledger of a size is the beginning of the ledger of a later one (RFC 6962).",
  input: z.object({
    from_size: Size.min(1),
    to_size: Size.optional().describe("The size of a signed checkpoint; without it, the newest."),
  }),
  output: z.object({
    from_size: Size,
    from_root: Hash,
    to_size: Size,
    to_root: Hash,
    proof: Proof,
    note: z.string().describe("The signed checkpoint of the later size."),
  }),
  may: CHECKERS,
  refuses: ["checkpoint.none", "checkpoint.unknown", "entry.not_covered"],
  async read({ db }, { from_size, to_size }) {
    const anchor = await anchorAt(db, to_size);
    if (from_size > anchor.tree_size) throw notCovered(from_size, anchor.tree_size);
    const read = treeReader(db, anchor.tree_size);
    const proof = await consistencyProof(from_size, anchor.tree_size, read);
    return {
      from_size,
      from_root: (await treeRoot(from_size, read)).toString("hex"),
      to_size: anchor.tree_size,
      to_root: anchor.root.toString("hex"),
      proof: proof.map((hash) => hash.toString("hex")),
      note: await withCosignatures(db, anchor),
    };
  },
});

function notCovered(seq: number, size: number): Refusal {
  return new Refusal("conflict", "entry.not_covered", `The checkpoint covers ${size} entries, not yet entry ${seq}.`, {
    hint: "The next checkpoint comes within a minute; ask again.",
    facts: { size },
  });
}
