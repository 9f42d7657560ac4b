import { createHash, hash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyExport } from "../src/programs/verify/export_source.ts";
import { verifiersOf } from "../src/programs/verify/outside.ts";
import { PIECE_BYTES, piecesOf } from "../src/programs/verify/pieces.ts";
import { chainHash, GENESIS, type MarkedLine } from "../src/rooms/ledger/index.ts";
import { formatCheckpoint } from "../src/tlog/checkpoint.ts";
import { Frontier } from "../src/tlog/frontier.ts";
import { leafHash } from "../src/tlog/hashing.ts";
import { newSigner, signNote } from "../src/tlog/note.ts";
import { TILE_WIDTH } from "../src/tlog/tiles.ts";
import { median } from "./sessions.ts";

export const ENTRIES = 1_000_000;
const ROUNDS = 3;

export type VerifyingRow = {
  megabytes: number;
  /** SHA-256 over each entry's bytes, and nothing else, by the quickest call that Node has and by the usual one. */
  hash_seconds: number;
  create_hash_seconds: number;
  verify_seconds: number;
};

/** An export of a million signed entries: hashing its bytes, and verifying it, in turns. */
export async function verifying(progress: (line: string) => void): Promise<VerifyingRow> {
  const directory = mkdtempSync(join(tmpdir(), "longwatch-bench-"));
  try {
    const file = join(directory, "export.jsonl");
    progress(`writing an export of ${ENTRIES.toLocaleString("en")} entries`);
    const { bytes, vkey } = await written(file);
    const against = { keys: verifiersOf([vkey]), copies: [], kept: [] };
    const times: { [what: string]: number[] } = { hash: [], create_hash: [], verify: [] };
    for (let round = 0; round < ROUNDS; round++) {
      progress(`verifying it, round ${round + 1} of ${ROUNDS}`);
      times.hash!.push(await hashed(file, (leaf) => hash("sha256", leaf, "binary")));
      times.create_hash!.push(await hashed(file, (leaf) => createHash("sha256").update(leaf).digest()));
      const began = performance.now();
      const report = await verifyExport(file, against, { total: () => {}, at: () => {} });
      times.verify!.push((performance.now() - began) / 1000);
      if (!report.whole || report.size !== ENTRIES)
        throw new Error(`the export is not whole: ${JSON.stringify(report)}`);
    }
    return {
      megabytes: bytes / 1e6,
      hash_seconds: median(times.hash!),
      create_hash_seconds: median(times.create_hash!),
      verify_seconds: median(times.verify!),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The floor: reads the same file and hashes every line of it. */
async function hashed(file: string, sha256: (leaf: Buffer) => unknown): Promise<number> {
  const began = performance.now();
  const buffers = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)];
  let taken = 0;
  for await (const { bytes, start, end } of piecesOf(file, () => buffers[taken++ % 2]!))
    for (let at = start; at < end;) {
      const stop = bytes.indexOf(0x0a, at);
      sha256(bytes.subarray(at, stop));
      at = stop + 1;
    }
  return (performance.now() - began) / 1000;
}

/** Writes what the server would write, without a server: a block a line-group, a signed checkpoint for each. */
async function written(file: string): Promise<{ bytes: number; vkey: string }> {
  const origin = "longwatch/0000000000000000/bench";
  const { signer, vkey } = newSigner(origin);
  const out = createWriteStream(file);
  const frontier = new Frontier();
  const line = (marked: MarkedLine) => `${JSON.stringify(marked)}\n`;
  const anchorOf = () => {
    const root = frontier.root();
    const note = signNote(formatCheckpoint({ origin, size: frontier.size, root }), [signer]);
    return { origin, size: frontier.size, root: root.toString("hex"), note };
  };
  let before: Buffer = GENESIS;
  const blocks: string[] = [];
  let bytes = 0;
  for (let from = 1; from <= ENTRIES; from += TILE_WIDTH) {
    const leaves: string[] = [];
    const hashes: Buffer[] = [];
    for (let seq = from; seq < Math.min(from + TILE_WIDTH, ENTRIES + 1); seq++) {
      const leaf = leafOf(seq, origin, vkey);
      const hashOf = leafHash(Buffer.from(leaf));
      frontier.push(hashOf);
      before = chainHash(before, hashOf);
      leaves.push(`${leaf}\n`);
      hashes.push(before);
    }
    const to = from + leaves.length - 1;
    const block: MarkedLine = {
      "@": "block",
      from,
      to,
      hashes: Buffer.concat(hashes).toString("base64"),
      anchors: [anchorOf()],
    };
    blocks.push(line(block), ...leaves);
  }
  const logs = [{ epoch: 1, origin, vkeys: [vkey], frozen_size: null }];
  const header = {
    "@": "ledger",
    format: 1,
    tenant: "bench",
    to: ENTRIES,
    head: before.toString("hex"),
    beyond: null,
  } as const;
  blocks.unshift(line({ ...header, logs, checkpoint: null, tenants: null }));
  blocks.push(line({ "@": "end", entries: ENTRIES }));
  for (let at = 0; at < blocks.length; at += 4_096) {
    const text = blocks.slice(at, at + 4_096).join("");
    bytes += Buffer.byteLength(text);
    if (!out.write(text)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
  return { bytes, vkey };
}

/** As an ordinary post is; the first one names the key. */
function leafOf(seq: number, origin: string, vkey: string): string {
  const named = seq === 1;
  const data = named
    ? `{"epoch":1,"origin":"${origin}","vkey":"${vkey}"}`
    : `{"body":"${"It says what a post says. ".repeat(4)}","kind":"narrative","subject":"Entry ${seq} of the bench"}`;
  const [command, kind] = named ? ["ledger.open_log", "ledger.log_opened"] : ["post.append", "post.appended"];
  return (
    `{"actor":"operator","at":"2026-11-21T03:00:00.000Z","command":"${command}","data":${data},"incarnation":null,` +
    `"kind":"${kind}","seq":${seq},"subject":null,"tenant":"bench","v":1}`
  );
}
