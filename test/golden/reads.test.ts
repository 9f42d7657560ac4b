import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type pg from "pg";
import { entryHash } from "../../src/rooms/ledger/chain.ts";
import { type TestWorld, testWorld } from "../harness.ts";
import { applicationOf, execution, statementsOf } from "./prepared.ts";

/**
 * How many rows the hot statements read, whatever PostgreSQL knows of their tables (docs/decisions, 0007). A plan that
 * looks well may follow an index that holds every claimed ticket: claims then fell from 1,000 to 54 a second.
 */

const statements = statementsOf(
  "ledger",
  "seats",
  "tickets",
  "tickets/numbers",
  "tickets/done",
  "policy",
  "doctrine",
  "turns",
);
const HEAPED = 3_000;
const SMALL = 60;
/** For one call's rows, their look-ups by key, and what a page of claimable tickets holds; far below what is heaped. */
const ROWS_MAX = 150;

const ID = "00000000-0000-4000-8000-000000000000";
const INSTANT = "2026-01-01T00:00:00Z";
const leaf = Buffer.from("{}");

/** One call of each hot statement, on a ticket in the middle of the heap. */
const calls = (head: { seq: number; hash: Buffer }): Record<string, Record<string, unknown>> => ({
  ledger_head_lock: {},
  ledger_append: {
    ...{ head_seq: head.seq, at: INSTANT, kinds: ["post.appended"], principal_ids: [3], subjects: ["CMB-10"] },
    ...{ starts: [1], lengths: [2], leaves: leaf, hashes: entryHash(head.hash, leaf) },
  },
  tickets_lapse: {},
  tickets_find: { refs: ["HELD-1500"] },
  tickets_claimable: {
    ...{ lanes: ["web"], counts: [17], given_lanes: ["web"], given_to: [3], given_counts: [17] },
    ...{ taken: [], surfaces: [] },
  },
  tickets_surface_holders: { surface_keys: ["web:page:1500"] },
  tickets_claim: {
    ...{ at: INSTANT, from: "awaiting_claim", ids: ["OPEN-150"], claimed_bys: [3], incarnations: [ID] },
    ...{ claim_tokens: [ID], leases: [INSTANT] },
  },
  tickets_renew: { ids: ["HELD-1500"], claim_tokens: [ID], leases: ["2100-01-01T00:00:00Z"] },
  tickets_unclaim: {
    ...{ at: INSTANT, ids: ["HELD-1500"], claim_tokens: [ID], states: ["done"], reasons: [null], proofs: [null] },
  },
  tickets_recount_blockers: { ids: ["HELD-1500"], waiting_types: ["blocks", "blocked-by"] },
  tickets_done_open_children: { ids: ["HELD-1500"] },
  tickets_done_requirements: { namespaces: ["CMB"], types: ["task"] },
  tickets_done_runs: { scopes: ["seat", "lane", "fleet"], names: ["3", "web", ""] },
  tickets_done_receipts_give: {
    ...{ at: INSTANT, by_ids: [3], ticket_ids: ["BEGUN"], stages: ["code_complete"], evidences: ["x"] },
    no_ops: [false],
  },
  tickets_numbers_take: { prefixes: ["CMB"], counts: [1] },
  seats_beat: { ids: [9], incarnations: [ID], statuses: ["busy"], outputs: [true] },
  policy_principals: { names: ["SEAT-9"] },
  policy_roster: { heard_seconds: 120 },
  doctrine_held: { id: 9, limit: 5 },
  doctrine_claimable: { id: 9, lanes: ["web"], limit: 5 },
  doctrine_given: { id: 10, limit: 5 },
  turns_touched: { seat_id: 9, since: INSTANT, limit: 5 },
  turns_related: { ids: ["HELD-1500"], limit: 5 },
  turns_candidates: { seat_id: 9, lane_first: "web", lane_last: "web", related: ["DONE-1500"], limit: 5 },
});

/** A ticket that is there from the beginning: what names it may be executed at once. */
const BEGUN = `
  insert into tickets.tickets (tenant_id, id, state, priority, namespace, lane, title, filed_by, filed_at, closed_at)
    values (1, 'BEGUN', 'done', 2, 'CMB', 'web', 'Begun', 1, now(), now())`;

/** Three of the seats are idle. Too few to be measured, they may be read whole. */
const FRAME = `
  insert into seats.principals (tenant_id, name, kind, role, incarnation, adopted_at, status, heard_at)
    select 1, 'SEAT-' || n, 'seat', 'implementer', '${ID}', now(), case when n <= 3 then 'idle' else 'busy' end, now()
    from generate_series(1, 40) n;
  insert into tickets.namespaces (tenant_id, prefix, format, lane) values (1, 'CMB', 'CMB-NNNN', 'web');
  insert into tickets.series (tenant_id, prefix, period) values (1, 'CMB', '')`;

/** Held, ended and claimable tickets, each seat with its share; three seats are idle. Children, waits and receipts. */
const fill = (from: number, to: number) => `
  insert into tickets.tickets (tenant_id, id, state, priority, namespace, lane, title, surface_key, filed_by, filed_at,
      claimed_by, claimed_incarnation, claim_token, claimed_at, lease_expires_at)
    select 1, 'HELD-' || n, 'in_progress', 2, 'CMB', 'web', 'Held', 'web:page:' || n, 3, now(), n, '${ID}',
      '${ID}', now(), now() + interval '1 hour' from generate_series(${from}, ${to}) n;
  insert into tickets.tickets (tenant_id, id, state, priority, namespace, lane, title, filed_by, filed_at, closed_at)
    select 1, 'DONE-' || n, 'done', 2, 'CMB', 'web', 'Ended', 3, now(), now() from generate_series(${from}, ${to}) n;
  insert into tickets.tickets (tenant_id, id, state, priority, namespace, lane, title, surface_key, owner_id, filed_by,
      filed_at)
    select 1, 'OPEN-' || n, 'awaiting_claim', 2, 'CMB', 'web', 'Open', 'web:open:' || n,
      case when n % 10 = 0 then n end, 3, now() from generate_series(${from}, ${to}) n;
  insert into tickets.links (tenant_id, ticket_id, type, target_ref, target_id)
    select 1, 'DONE-' || n, 'parent-child', 'HELD-' || n, 'HELD-' || n from generate_series(${from}, ${to}) n;
  insert into tickets.receipts (tenant_id, ticket_id, stage, round, at, by_id, evidence, no_op)
    select 1, 'DONE-' || n, 'code_complete', 1, now(), 3, 'x', false from generate_series(${from}, ${to}) n;`;
const TABLES = ["seats.principals", "tickets.tickets", "tickets.links", "tickets.receipts", "ledger.entries"];

type Plan = { Plans?: Plan[] } & Record<string, number | string>;

/** The rows that a plan's scans came upon, those that they threw away among them. */
function rowsRead(plan: Plan): number {
  const own = String(plan["Node Type"]).includes("Scan") && plan["Relation Name"] !== undefined;
  const upon = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"];
  const each = own ? upon.reduce((sum, name) => sum + Number(plan[name] ?? 0), 0) * Number(plan["Actual Loops"]) : 0;
  return each + (plan.Plans ?? []).reduce((sum, one) => sum + rowsRead(one), 0);
}

/** A session whose statements are prepared, and planned on the tables as they are. */
async function session(world: TestWorld): Promise<{ excesses(): Promise<string[]> }> {
  const application = await applicationOf(world);
  application.on("error", () => {}); // its database is dropped under it when the tests are over
  const executed = async (name: string, values: Record<string, unknown>): Promise<number> => {
    await application.query("begin");
    const explain = `explain (analyze, timing off, format json) ${execution(statements.get(name)!, values)}`;
    const { rows } = await application.query(explain);
    await application.query("rollback");
    return rowsRead(rows[0]["QUERY PLAN"][0].Plan);
  };
  const all = async () => {
    const read: [string, number][] = [];
    for (const [name, values] of Object.entries(calls(await headOf(application))))
      read.push([name, await executed(name, values)]);
    return read;
  };
  for (const name of Object.keys(calls({ seq: 0, hash: Buffer.alloc(32) })))
    await application.query(`prepare ${name} as ${statements.get(name)!.text}`);
  await all();
  return {
    excesses: async () => (await all()).filter(([, rows]) => rows > ROWS_MAX).map(([name, rows]) => `${name} ${rows}`),
  };
}

async function headOf(application: pg.Client): Promise<{ seq: number; hash: Buffer }> {
  const { rows } = await application.query("select seq, hash from ledger.heads");
  return { seq: Number(rows[0].seq), hash: rows[0].hash };
}

async function young(): Promise<TestWorld> {
  const world = await testWorld();
  for (const name of TABLES) await world.sql(`alter table ${name} set (autovacuum_enabled = false)`);
  return world;
}

describe("hot statements read what they answer, and not what is heaped,", () => {
  const measured: [string, (world: TestWorld) => Promise<unknown>][] = [
    ["never measured", async () => {}],
    ["measured when they were empty", (world) => world.sql("analyze")],
    ["measured when they were small", (world) => world.sql(`${fill(1, SMALL)}; analyze`)],
  ];
  for (const [how, prepare] of measured)
    it(`in tables that were ${how}, planned then or now`, async () => {
      const world = await young();
      await prepare(world);
      await world.sql(BEGUN);
      const early = await session(world);
      await world.sql(`${FRAME}; ${fill(how.endsWith("small") ? SMALL + 1 : 1, HEAPED)}`);
      assert.deepEqual(await early.excesses(), [], "planned then");
      assert.deepEqual(await (await session(world)).excesses(), [], "planned now");
    });

  it("in tables that were measured as they are", async () => {
    const world = await young();
    await world.sql(`${BEGUN}; ${FRAME}; ${fill(1, HEAPED)}; analyze`);
    assert.deepEqual(await (await session(world)).excesses(), []);
  });
});

describe("these reads are more", () => {
  const wrongly = async (sql: string) => {
    const world = await young();
    await world.sql(sql);
    await world.sql(`${BEGUN}; ${FRAME}; ${fill(1, HEAPED)}`);
    return (await session(world)).excesses();
  };

  it("with an index of what a seat has claimed that goes by the state", async () => {
    const found = await wrongly(`drop index tickets.tickets_claimed;
      create index tickets_claimed on tickets.tickets (tenant_id, claimed_by, id) where state = 'in_progress'`);
    assert.match(found.join(), /policy_principals \d{4}/);
  });

  it("where PostgreSQL was not told of the tenants", async () => {
    const found = await wrongly("select pg_clear_attribute_stats('tickets', 'tickets', 'tenant_id', false)");
    assert.notDeepEqual(found, []);
  });
});
