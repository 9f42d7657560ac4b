import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../test/harness.ts";
import { chainHash } from "../rooms/ledger/index.ts";
import { leafHash } from "../tlog/hashing.ts";
import { Signers } from "./signers.ts";
import { at, flip, log, signedLedger, tamper } from "./verifier.fixture.ts";
import { ENTRIES_A_SLICE } from "./verifier.ts";

const size = ENTRIES_A_SLICE + 256;

type Case = [what: string, statements: string[], first: number, last: number, reason: RegExp];
const cases: Case[] = [
  ["changed bytes of an entry", [`update ledger.entries set leaf = ${flip("leaf")} ${at(1500)}`], 1500, 1500, /bytes/],
  [
    "a changed hash of an entry",
    [`update ledger.entries set entry_hash = ${flip("entry_hash")} ${at(1500)}`],
    1500,
    1500,
    /does not follow/,
  ],
  [
    "a changed root of a checkpoint",
    [`update ledger.anchors set root = ${flip("root")} where tenant_id = $t and tree_size = ${size}`],
    size,
    size,
    /is not what its note says/,
  ],
  [
    "a changed note of a checkpoint",
    [
      `update ledger.anchors set note = regexp_replace(note, '${size}', '${size - 1}')
       where tenant_id = $t and tree_size = ${size}`,
    ],
    size,
    size,
    /is not whole/,
  ],
  [
    "a changed tile",
    [
      `update ledger.tiles set hashes = set_byte(hashes, 32 * 5, get_byte(hashes, 32 * 5) # 1)
      where tenant_id = $t and level = 1`,
    ],
    5 * 256 + 1,
    6 * 256,
    /tile/,
  ],
  [
    "a removed tail, with its checkpoints and the head",
    [
      "delete from ledger.anchors where tenant_id = $t and tree_size > 2000",
      "delete from ledger.entries where tenant_id = $t and seq > 2000",
      `update ledger.heads h set seq = 2000, hash = e.entry_hash from ledger.entries e
       where h.tenant_id = $t and e.tenant_id = $t and e.seq = 2000`,
    ],
    2001,
    2001,
    /is missing: the copy outside/,
  ],
  [
    "rows that swapped their numbers",
    [
      [1400, -1],
      [1410, 1400],
      [-1, 1410],
    ].map(([from, to]) => `update ledger.entries set seq = ${to} ${at(from!)}`),
    1400,
    1400,
    /does not follow/,
  ],
  ["an edited column", [`update ledger.entries set kind = 'post.imported' ${at(1500)}`], 1500, 1500, /kind is/],
  ["a removed entry", [`delete from ledger.entries ${at(1500)}`], 1500, 1500, /missing/],
];

describe("The scheduled verifier", async () => {
  const world = await testWorld();

  for (const [n, [what, statements, first, last, reason]] of cases.entries())
    it(`finds ${what} in a slice, names the entry, and tells it once`, async () => {
      const ledger = await signedLedger(world, `case-${n}`);
      const { verifier, coverage, checks, told, tenant } = ledger;
      await verifier.tick();
      assert.deepEqual(
        verifier.alarms.filter((alarm) => alarm === "ledger.broken"),
        [],
      );
      assert.deepEqual(await checks(), [{ whole: true }]);
      assert.equal((await coverage()).covered, 1);
      await tamper(world, ledger, statements);
      let ticks = 0;
      while (!verifier.alarms.includes("ledger.broken") && ticks++ < 3) await verifier.tick();
      const { broken } = await coverage();
      assert.deepEqual([broken?.first_broken, broken?.first_broken_max], [first, last], broken?.reason);
      assert.match(broken.reason, reason);
      for (let more = 0; more < 4; more++) await verifier.tick();
      assert.ok(verifier.alarms.includes("ledger.broken"));
      assert.equal((await told()).length, 1);
      assert.equal((await coverage()).broken.first_broken, first);
      // Only once a check of the whole finds nothing more is it well again.
      assert.equal((await checks()).filter(({ whole }) => whole).length, 2, `tenant ${tenant.id}`);
    });

  it("finds a changed personal payload", async () => {
    const ledger = await signedLedger(world, "personal");
    await ledger.verifier.tick();
    await tamper(world, ledger, [`update ledger.payloads set payload = ${flip("payload")} where tenant_id = $t`]);
    await ledger.verifier.tick();
    const [{ seq }] = await world.sql("select seq from ledger.payloads where tenant_id = $1", [ledger.tenant.id]);
    assert.equal((await ledger.coverage()).broken.first_broken, seq);
  });

  it("finds a ledger that was rewritten to its very end, head, tiles and checkpoints with it", async () => {
    const ledger = await signedLedger(world, "rewritten", 600);
    await ledger.verifier.tick();
    const rows = await world.sql("select * from ledger.entries where tenant_id = $1 order by seq", [ledger.tenant.id]);
    let hash: Buffer = rows[398].entry_hash;
    const statements = rows.slice(399).map(({ seq, leaf }) => {
      const forged = seq === 400 ? leaf.toString().replace("post", "lost") : leaf.toString();
      hash = chainHash(hash, leafHash(Buffer.from(forged)));
      return `update ledger.entries set leaf = convert_to($$${forged}$$, 'UTF8'),
        entry_hash = '\\x${hash.toString("hex")}' ${at(seq)}`;
    });
    await tamper(world, ledger, [
      ...statements,
      `update ledger.heads set hash = '\\x${hash.toString("hex")}' where tenant_id = $t`,
      "delete from ledger.anchors where tenant_id = $t and tree_size >= 400",
      "update ledger.tiles set hashes = substring(hashes for 32) where tenant_id = $t",
    ]);
    await ledger.verifier.tick();
    const { first_broken, first_broken_max, reason } = (await ledger.coverage()).broken;
    assert.ok(first_broken <= 400 && first_broken_max >= 400, `${first_broken} to ${first_broken_max}`);
    assert.match(reason, /the copy outside/);
  });

  it("raises the alarm where the ledger is broken so that it takes no entry", async () => {
    const ledger = await signedLedger(world, "headless", 20);
    await ledger.verifier.tick();
    const { seq } = await world.ask(ledger.token, "ledger.head");
    const setHead = (to: number) =>
      tamper(world, ledger, [
        `update ledger.heads h set seq = e.seq, hash = e.entry_hash from ledger.entries e
         where h.tenant_id = $t and e.tenant_id = $t and e.seq = ${to}`,
      ]);
    await setHead(seq - 1);
    await ledger.verifier.tick();
    assert.ok(ledger.verifier.alarms.includes("ledger.broken"));
    const { broken } = await ledger.coverage();
    assert.deepEqual([broken.first_broken, broken.reason], [seq, "the ledger's head does not reach it"]);
    assert.equal((await ledger.told()).length, 0);
    await setHead(seq);
    await ledger.verifier.tick();
    assert.ok(!ledger.verifier.alarms.includes("ledger.broken"));
  });
});

describe("A tenant that vanished", async () => {
  const world = await testWorld();

  it("is missed by the copy outside, and by the first tenant's ledger", async () => {
    const { anchors, tenant, verifierWith } = await signedLedger(world, "gone", 5);
    // Nobody signs home here: on a slow machine its entries come to wait for more than a minute.
    const alarmsOf = ({ alarms }: { alarms: readonly string[] }) =>
      alarms.filter((alarm) => alarm !== "ledger.unanchored");
    const home = [{ id: 1, name: "home" }];
    const outside = { tenants: async () => ["home", "gone"], notes: async () => [], state: () => null };
    const verifier = verifierWith({ tenants: async () => [...home, tenant], outside });
    await verifier.tick();
    assert.deepEqual(alarmsOf(verifier), []);
    // What a thorough thief would do: every row of the tenant in every table.
    const tables = await world.sql(`select format('%I.%I', n.nspname, c.relname) as name from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
      where c.relkind = 'r' and n.nspname in ('kernel', 'ledger', 'seats', 'tickets', 'feed')`);
    await world.sql("set session_replication_role = replica");
    for (const { name } of tables) {
      await world.sql(`alter table ${name} disable trigger all`);
      await world.sql(`delete from ${name} where tenant_id = ${tenant.id}`);
      await world.sql(`alter table ${name} enable trigger all`);
    }
    await world.sql(`delete from kernel.tenants where id = ${tenant.id}`);
    await world.sql("set session_replication_role = origin");
    const later = verifierWith({ tenants: async () => home, outside: new Signers({ ...world, anchors, ...nobody }) });
    await later.watch();
    assert.deepEqual(alarmsOf(later), ["ledger.tenant_vanished"]);
    world.keepOutside(outside);
    await later.tick();
    assert.deepEqual(alarmsOf(later), ["ledger.broken", "ledger.tenant_vanished"]);
    const { broken } = await world.ask(world.operator, "ledger.coverage");
    assert.match(broken.reason, /the tenant gone, which it opened, is gone/);
  });
});

const nobody = { tenants: async () => [], keys: "", log };
