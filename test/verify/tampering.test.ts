import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { entryHash } from "../../src/rooms/ledger/chain.ts";
import { GENESIS } from "../../src/rooms/ledger/index.ts";
import { signedLedgers } from "./ledgers.ts";

/**
 * Every tampering that the specification and hazards 1 name, made by a superuser, is found and its place is named: by
 * the server's verifier, and by the offline one over an export that was made after the tampering.
 */
const { world, directory, anchors, ledger, verify, exportTo, tamper } = await signedLedgers();

/** The entries when they were first signed, and in the end. */
const SIGNED = 262;
const ENTRIES = 270;

type Case = {
  what: string;
  change: string | string[] | ((tenant_id: number) => Promise<string[]>);
  broken: [first: number, last: number];
  reason: RegExp;
};

const at = (seq: number) => `where tenant_id = $t and seq = ${seq}`;
const bytes = "overlay(leaf placing '\\x58'::bytea from octet_length(leaf) - 8)";
const zeros = "decode(repeat('00', 32), 'hex')";
const swap = (column: string, a: number, b: number) =>
  `update ledger.entries e set ${column} = o.${column} from ledger.entries o
   where e.tenant_id = $t and o.tenant_id = $t and e.seq in (${a}, ${b}) and o.seq = ${a} + ${b} - e.seq`;
const anchor256 = "where tenant_id = $t and tree_size = 256";
const cutTail = (last: number) => [
  `update ledger.heads h set seq = ${last}, hash = e.entry_hash from ledger.entries e
   where h.tenant_id = $t and e.tenant_id = $t and e.seq = ${last}`,
  `delete from ledger.entries where tenant_id = $t and seq > ${last}`,
];

/** Rewrites one entry, and makes every hash behind it fit, with the head. */
function forge(seq: number) {
  return async (tenant_id: number): Promise<string[]> => {
    const rows = await world.sql("select seq, leaf from ledger.entries where tenant_id = $1 order by seq", [tenant_id]);
    let before: Buffer = GENESIS;
    const statements = rows.map((row) => {
      const leaf = row.seq === seq ? row.leaf.toString().replace(/"post \d+"/, '"a forgery"') : row.leaf.toString();
      before = entryHash(before, Buffer.from(leaf));
      return `update ledger.entries
        set leaf = convert_to($$${leaf}$$, 'UTF8'), entry_hash = '\\x${before.toString("hex")}'
        where tenant_id = ${tenant_id} and seq = ${row.seq}`;
    });
    return [
      ...statements,
      `update ledger.heads set hash = '\\x${before.toString("hex")}' where tenant_id = ${tenant_id}`,
    ];
  };
}

const cases: Case[] = [
  {
    what: "a changed payload",
    change: `update ledger.entries set leaf = ${bytes} ${at(100)}`,
    broken: [100, 100],
    reason: /does not follow/,
  },
  {
    what: "a changed chain hash",
    change: `update ledger.entries set entry_hash = ${zeros} ${at(257)}`,
    broken: [257, 257],
    reason: /does not follow/,
  },
  { what: "swapped payloads", change: swap("leaf", 30, 31), broken: [30, 30], reason: /does not follow/ },
  {
    what: "swapped rows",
    change: [
      [40, -1],
      [70, 40],
      [-1, 70],
    ].map(([from, to]) => `update ledger.entries set seq = ${to} ${at(from!)}`),
    broken: [40, 40],
    reason: /does not follow/,
  },
  { what: "a removed entry", change: `delete from ledger.entries ${at(200)}`, broken: [200, 200], reason: /missing/ },
  {
    what: "a chain forged from one entry to its end, with the head",
    change: forge(100),
    broken: [2, 256],
    reason: /not what was signed/,
  },
  {
    what: "the same behind a checkpoint that is right",
    change: forge(260),
    broken: [257, 262],
    reason: /not what was signed/,
  },
  { what: "a removed tail with its head", change: cutTail(150), broken: [151, 151], reason: /missing/ },
  {
    what: "a removed tail with its head, checkpoints and tiles",
    change: [
      ...cutTail(150),
      "delete from ledger.anchors where tenant_id = $t and tree_size > 150",
      "delete from ledger.tiles where tenant_id = $t",
    ],
    broken: [151, 151],
    reason: /missing/,
  },
  {
    what: "an emptied ledger with its head, checkpoints and tiles",
    change: [
      `update ledger.heads set seq = 0, hash = ${zeros} where tenant_id = $t`,
      "delete from ledger.entries where tenant_id = $t",
      "delete from ledger.anchors where tenant_id = $t",
      "delete from ledger.tiles where tenant_id = $t",
    ],
    broken: [1, 1],
    reason: /missing/,
  },
  {
    what: "a moved head",
    change: `update ledger.heads set hash = ${zeros} where tenant_id = $t`,
    broken: [ENTRIES, ENTRIES],
    reason: /head names another/,
  },
  {
    what: "a stored root that was changed",
    change: `update ledger.anchors set root = ${zeros} ${anchor256}`,
    broken: [256, 256],
    reason: /not what its note says/,
  },
  {
    what: "a stored note that was changed",
    change: `update ledger.anchors set note = replace(note, E'\\n256\\n', E'\\n255\\n') ${anchor256}`,
    broken: [256, 256],
    reason: /not whole|not what its note says/,
  },
  {
    what: "a stored note whose signature was changed",
    change: `update ledger.anchors set note = left(note, length(note) - 8) || 'AAAA' || right(note, 4) ${anchor256}`,
    broken: [256, 256],
    reason: /not whole/,
  },
  {
    what: "a changed tile",
    change: `update ledger.tiles set hashes = ${zeros} where tenant_id = $t and level = 1`,
    broken: [1, 256],
    reason: /stored tile has another hash/,
  },
  {
    what: "a lost tile",
    change: "delete from ledger.tiles where tenant_id = $t",
    broken: [1, 256],
    reason: /lost the hash/,
  },
  {
    what: "an edited kind",
    change: `update ledger.entries set kind = 'x' ${at(33)}`,
    broken: [33, 33],
    reason: /its kind is x/,
  },
  {
    what: "an edited time",
    change: `update ledger.entries set at = at - interval '1 ms' ${at(34)}`,
    broken: [34, 34],
    reason: /its time is/,
  },
  {
    what: "an edited principal",
    change: `update ledger.entries set principal_id =
      (select id from seats.principals where tenant_id = $t and name = 'longwatch') ${at(35)}`,
    broken: [35, 35],
    reason: /its principal is longwatch/,
  },
  {
    what: "a principal that nobody is",
    change: `update ledger.entries set principal_id = 999999 ${at(36)}`,
    broken: [36, 36],
    reason: /number 999999/,
  },
  {
    what: "bytes that are no line",
    change: `update ledger.entries set leaf = convert_to(E'{"@":\\n', 'UTF8') ${at(37)}`,
    broken: [37, 37],
    reason: /does not follow/,
  },
  {
    what: "a changed personal payload",
    change: `update ledger.payloads set payload = convert_to('{"body":"other","subject":"s"}', 'UTF8')
      where tenant_id = $t`,
    broken: [261, 261],
    reason: /payload does not match/,
  },
  {
    what: "a personal payload that is gone",
    change: "delete from ledger.payloads where tenant_id = $t",
    broken: [261, 261],
    reason: /payload is gone/,
  },
];

describe("A tampering is found by the server's verifier and by the offline one:", () => {
  for (const [index, { what, change, broken, reason }] of cases.entries())
    it(what, async () => {
      const tenant = await ledger(`case-${index}`);
      await tenant.sign();
      await tenant.post(259);
      await tenant.post(1, { personal: true });
      await tenant.post(1);
      await tenant.sign();
      await tenant.post(ENTRIES - SIGNED);
      const sound = await world.ask(tenant.token, "ledger.verify");
      assert.deepEqual([sound.whole, sound.entries, sound.size], [true, ENTRIES, SIGNED], sound.reason);
      const statements = typeof change === "function" ? await change(tenant.id) : [change].flat();
      await tamper(...statements.map((statement) => statement.replaceAll("$t", String(tenant.id))));

      const found = await world.ask(tenant.token, "ledger.verify");
      assert.deepEqual([found.whole, found.first_broken, found.first_broken_max], [false, ...broken], found.reason);
      assert.match(found.reason, reason);
      const file = join(directory, `case-${index}.jsonl`);
      assert.deepEqual(await exportTo(file, tenant.token), { code: 0, stderr: "" });
      const offline = await verify(["--file", file, "--anchors", anchors]);
      assert.equal(offline.code, 1, offline.stderr);
      assert.deepEqual(
        [offline.report!.first_broken, offline.report!.first_broken_max],
        broken,
        offline.report!.reason!,
      );
      assert.match(offline.report!.reason!, reason);
      assert.equal((await world.ask(world.operator, "ledger.verify")).whole, true, "the neighbour's ledger is whole");
    });
});
