import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import canonicalize from "canonicalize";
import pg from "pg";
import { fc } from "../../../test/cases.ts";
import { long, testWorld } from "../../../test/harness.ts";
import { leafHash } from "../../tlog/hashing.ts";
import { entryHash, GENESIS, leafBytes } from "./chain.ts";

const world = await testWorld();
const ENTRIES = 10;

/** A tenant of its own with ten entries, its first one number 1. */
async function tenantOf(name: string) {
  const { token } = await world.say(world.operator, "tenant.open", { name });
  for (let n = 1; n <= ENTRIES; n++) await world.say(token, "post.append", { subject: `post ${n}` });
  const [{ id }] = await world.sql("select id from kernel.tenants where name = $1", [name]);
  return { token, id: id as number, verify: (input = {}) => world.ask(token, "ledger.verify", input) };
}

/** Changes a tenant's stored ledger behind every guard, as a superuser who has switched the triggers off. */
async function tamper(...statements: string[]): Promise<void> {
  const client = new pg.Client(world.admin);
  await client.connect();
  await client.query("begin; alter table ledger.entries disable trigger all");
  for (const statement of statements) await client.query(statement);
  for (const trigger of ["extend_chain", "refuse_change", "refuse_truncate"])
    await client.query(`alter table ledger.entries enable always trigger ${trigger}`);
  await client.query("commit");
  await client.end();
}

/** Makes every hash from one entry on fit again, and the head with them. */
async function rehash(tenant_id: number, from: number): Promise<string[]> {
  const rows = await world.sql("select seq, leaf, entry_hash from ledger.entries where tenant_id = $1 order by seq", [
    tenant_id,
  ]);
  const statements: string[] = [];
  let before: Buffer = GENESIS;
  for (const { seq, leaf, entry_hash } of rows) {
    const forged = leaf.toString().replace("post 5", "post X");
    before = seq < from ? entry_hash : entryHash(before, Buffer.from(forged));
    statements.push(`update ledger.entries set leaf = convert_to($$${forged}$$, 'UTF8'),
      entry_hash = '\\x${before.toString("hex")}' where tenant_id = ${tenant_id} and seq = ${seq}`);
  }
  return [
    ...statements,
    `update ledger.heads set hash = '\\x${before.toString("hex")}' where tenant_id = ${tenant_id}`,
  ];
}

type Case = [what: string, change: string | string[], first_broken: number, reason: RegExp];
const at = (seq: number) => `where tenant_id = $t and seq = ${seq}`;
const bytes = "overlay(leaf placing '\\x58'::bytea from octet_length(leaf) - 8)";
const own = "select sha256('\\x02'::bytea || b.entry_hash || sha256('\\x00'::bytea || e.leaf))";
const zeros = "decode(repeat('00', 32), 'hex')";
const swap = (column: string, a: number, b: number) =>
  `update ledger.entries e set ${column} = o.${column} from ledger.entries o
   where e.tenant_id = $t and o.tenant_id = $t and e.seq in (${a}, ${b}) and o.seq = ${a} + ${b} - e.seq`;
const cases: Case[] = [
  ["a changed payload", `update ledger.entries set leaf = ${bytes} ${at(5)}`, 5, /does not follow/],
  ["a changed payload of the first entry", `update ledger.entries set leaf = ${bytes} ${at(1)}`, 1, /does not follow/],
  ["a changed payload of the last entry", `update ledger.entries set leaf = ${bytes} ${at(10)}`, 10, /does not follow/],
  ["a changed hash", `update ledger.entries set entry_hash = ${zeros} ${at(5)}`, 5, /does not follow/],
  [
    "a changed payload whose own hash was made to fit",
    [
      `update ledger.entries set leaf = ${bytes} ${at(5)}`,
      `update ledger.entries e set entry_hash = (${own} from ledger.entries b where b.tenant_id = $t and b.seq = 4)
       ${at(5)}`,
    ],
    6,
    /does not follow/,
  ],
  [
    "rows that swapped their numbers",
    [
      [4, -1],
      [7, 4],
      [-1, 7],
    ].map(([from, to]) => `update ledger.entries set seq = ${to} ${at(from!)}`),
    4,
    /does not follow/,
  ],
  ["rows that swapped their payloads", swap("leaf", 5, 6), 5, /does not follow/],
  ["rows that swapped their hashes", swap("entry_hash", 5, 6), 5, /does not follow/],
  ["a removed entry", `delete from ledger.entries ${at(5)}`, 5, /missing/],
  ["a removed first entry", `delete from ledger.entries ${at(1)}`, 1, /missing/],
  ["a removed tail", `delete from ledger.entries where tenant_id = $t and seq > 7`, 8, /missing/],
  ["a removed ledger", `delete from ledger.entries where tenant_id = $t`, 1, /missing/],
  [
    "a head with another hash",
    `update ledger.heads set hash = ${zeros} where tenant_id = $t`,
    10,
    /head names another hash/,
  ],
  ["a head ahead of its entries", "update ledger.heads set seq = 11 where tenant_id = $t", 11, /missing/],
  [
    "a head that was set back, its hash with it",
    `update ledger.heads h set seq = 9, hash = e.entry_hash from ledger.entries e
     where h.tenant_id = $t and e.tenant_id = $t and e.seq = 9`,
    10,
    /head does not reach it/,
  ],
  [
    "a head set back to nothing",
    `update ledger.heads set seq = 0, hash = ${zeros} where tenant_id = $t`,
    1,
    /head does not reach it/,
  ],
  ["an edited kind", `update ledger.entries set kind = 'post.imported' ${at(5)}`, 5, /kind is post.imported/],
  ["an edited subject", `update ledger.entries set subject = 'CMB-0001' ${at(5)}`, 5, /subject is CMB-0001/],
  ["an edited time", `update ledger.entries set at = at - interval '1 ms' ${at(5)}`, 5, /time is/],
  [
    "an entry beside the chain",
    "insert into ledger.entries select tenant_id, 11, at, kind, principal_id, subject, leaf, entry_hash " +
      `from ledger.entries ${at(10)}`,
    11,
    /head does not reach it/,
  ],
];

describe("ledger.verify finds", () => {
  for (const [index, [what, change, first_broken, reason]] of cases.entries())
    it(`${what}, and names entry ${first_broken}`, async () => {
      const tenant = await tenantOf(`case-${index}`);
      const { whole, entries, seq, first_broken: none } = await tenant.verify();
      assert.deepEqual({ whole, entries, seq, none }, { whole: true, entries: ENTRIES, seq: ENTRIES, none: null });
      await tamper(...[change].flat().map((statement) => statement.replaceAll("$t", String(tenant.id))));
      const found = await tenant.verify();
      assert.deepEqual([found.whole, found.first_broken], [false, first_broken], found.reason);
      assert.match(found.reason, reason);
      assert.equal((await world.ask(world.operator, "ledger.verify")).whole, true, "the neighbour's ledger is whole");
    });
});

describe("ledger.verify", () => {
  it("checks a part when asked, and names what is broken in it and nothing else", async () => {
    const { id, verify } = await tenantOf("parts");
    await tamper(`update ledger.entries set kind = 'x' where tenant_id = ${id} and seq = 5`);
    assert.deepEqual(await verify({ limit: 4 }).then(({ whole, entries }) => [whole, entries]), [true, 4]);
    assert.deepEqual(await verify({ after: 5 }).then(({ whole, entries }) => [whole, entries]), [true, 5]);
    assert.equal((await verify({ limit: 5 })).first_broken, 5);
    assert.equal((await verify({ after: 4, limit: 1 })).first_broken, 5);
    assert.equal((await verify({ after: 10 })).whole, true);
  });

  // What nobody can see who has no checkpoint, so that nobody believes it. With one it is seen: verify.test.ts.
  it("does NOT see without a checkpoint a chain forged to its very end, nor a tail cut with its head", async () => {
    const forged = await tenantOf("forged");
    await tamper(...(await rehash(forged.id, 5)));
    assert.equal((await forged.verify()).whole, true);
    const cut = await tenantOf("cut");
    await tamper(
      `update ledger.heads h set seq = 7, hash = e.entry_hash from ledger.entries e
       where h.tenant_id = ${cut.id} and e.tenant_id = ${cut.id} and e.seq = 7`,
      `delete from ledger.entries where tenant_id = ${cut.id} and seq > 7`,
    );
    assert.equal((await cut.verify()).whole, true);
  });
});

describe("an entry", () => {
  /** RFC 8785 written down a second time, to hold the first one to it. */
  const jcs = (value: any): string => {
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map(jcs).join()}]`;
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${jcs(value[key])}`)
      .join()}}`;
  };
  const caller = {
    tenant_id: 1,
    tenant: "home",
    principal_id: 1,
    name: "operator",
    role: "operator",
    incarnation: null,
  } as const;
  const leafOf = (data: object) =>
    leafBytes(
      { caller, command: "post.append", event: { kind: "post.appended", subject: null, data: data as never } },
      "2026-11-21T03:00:00.000Z",
      7,
    );

  it("has these bytes and these hashes (AUD-BYTES)", () => {
    const leaf = leafOf({ b: 1.0, a: ["é", -0, 1e21, null] });
    const text =
      '{"actor":"operator","at":"2026-11-21T03:00:00.000Z","command":"post.append","data":' +
      '{"a":["é",0,1e+21,null],"b":1},"incarnation":null,' +
      '"kind":"post.appended","seq":7,"subject":null,"tenant":"home","v":1}';
    assert.equal(leaf.toString(), text);
    const sha = (...parts: (string | Buffer)[]) =>
      createHash("sha256")
        .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
        .digest();
    assert.deepEqual(leafHash(leaf), sha("\x00", text));
    assert.deepEqual(entryHash(GENESIS, leaf), sha("\x02", Buffer.alloc(32), sha("\x00", text)));
    assert.equal(
      leafHash(Buffer.alloc(0)).toString("hex"),
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    );
  });

  it("that is too long is refused with the text that makes it so, as its command calls it", async () => {
    const fieldOf = async (command: string, input: object) =>
      (await world.refused(world.operator, command, input)).fields.map(({ field }) => field);
    const evidence = Array.from({ length: 20 }, () => "é".repeat(4000));
    const record = { type: "observation", title: "Long", body: "b".repeat(9000), evidence };
    assert.deepEqual(await fieldOf("doctrine.file", record), ["evidence"]);
    const post = { subject: "Long", body: "ITEM: é\n".repeat(7500) };
    assert.deepEqual(await fieldOf("post.append", post), ["body"], "its markers were read, not said");
    assert.deepEqual(await fieldOf("post.append", { ...post, personal: true }), ["body"]);
  });

  it("is canonical whatever its event holds", () => {
    const data = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }), {
      maxKeys: 5,
    });
    fc.assert(
      fc.property(data, (one) => {
        const leaf = leafOf(one).toString();
        assert.equal(leaf, jcs(JSON.parse(leaf)));
        assert.equal(leaf, canonicalize(JSON.parse(leaf)));
      }),
      { numRuns: long ? 1_000 : 50 },
    );
  });

  it("stands in the table as canonical bytes, and PostgreSQL makes the same hash of them", async () => {
    const tenant = await tenantOf("bytes");
    const subject = 'ﬁ é ́ 😂 \u0080\u007f \\ " \u2028 </script>';
    await world.say(tenant.token, "post.append", { subject, body: "\r\n\t\u0001 \u20ac" });
    await world.refused(tenant.token, "seat.retire", { seat: "nobody" });
    const rows = await world.sql("select seq, leaf from ledger.entries where tenant_id = $1 order by seq", [tenant.id]);
    assert.equal(rows.length, ENTRIES + 2);
    for (const { leaf } of rows) assert.equal(leaf.toString(), jcs(JSON.parse(leaf.toString())));
    assert.equal(JSON.parse(rows[ENTRIES]!.leaf.toString()).data.subject, subject);
    const [{ hash }] = await world.sql(
      `with recursive chain as (
         select 0::bigint as seq, decode(repeat('00', 32), 'hex') as hash
         union all
         select e.seq, sha256('\\x02'::bytea || c.hash || sha256('\\x00'::bytea || e.leaf))
         from chain c join ledger.entries e on e.tenant_id = $1 and e.seq = c.seq + 1)
       select hash from chain order by seq desc limit 1`,
      [tenant.id],
    );
    assert.equal(hash.toString("hex"), (await tenant.verify()).head);
  });
});
