import assert from "node:assert/strict";
import { test } from "node:test";
import type pg from "pg";
import type { Statement } from "../../src/kernel/sql.ts";
import { testWorld } from "../harness.ts";
import { holdsGolden } from "./golden.ts";
import { applicationOf, execution, statementsOf } from "./prepared.ts";

const ID = "00000000-0000-4000-8000-000000000000";
const INSTANT = "2026-01-01T00:00:00Z";

/** The statements that every claim, filing, entry or request goes through, with values as they come. */
const hot: Record<string, Record<string, unknown>> = {
  ledger_head_lock: {},
  ledger_append: {
    head_seq: 20_000,
    at: INSTANT,
    kinds: ["ticket.filed"],
    principal_ids: [3],
    subjects: ["CMB-1"],
    starts: [1],
    lengths: [2],
    leaves: Buffer.from("{}"),
    hashes: Buffer.alloc(32),
  },
  ledger_range: { after: 10_000, limit: 500 },
  tickets_numbers_take: { prefixes: ["CMB"], counts: [1] },
  tickets_claimable: {
    lanes: ["web"],
    counts: [17],
    given_lanes: ["web"],
    given_to: [3],
    given_counts: [1],
    taken: [],
    surfaces: [],
  },
  tickets_claim: {
    at: INSTANT,
    from: "awaiting_claim",
    ids: ["CMB-1"],
    claimed_bys: [3],
    incarnations: [ID],
    claim_tokens: [ID],
    leases: [INSTANT],
  },
  tickets_find: { refs: ["CMB-1"] },
  tickets_lapse: {},
  tickets_queue: { lane_first: "", lane_last: "\u{10ffff}", limit: 50 },
  seats_beat: { ids: [3], incarnations: [ID], statuses: ["busy"], outputs: [true] },
};

/** A fleet's year: as many rows as ANALYZE reads whole (30,000), so that its samples do not vary. */
const FILL = `
  insert into seats.principals (tenant_id, name, kind, role)
    select 1, 'SEAT-' || n, 'seat', 'implementer' from generate_series(1, 500) n;
  insert into seats.tokens (tenant_id, token_hash, principal_id, scope, expires_at)
    select 1, sha256(id::text::bytea), id, 'full', '2100-01-01' from seats.principals;
  insert into tickets.namespaces (tenant_id, prefix, format, lane)
    select 1, 'N' || n, 'N' || n || '-NNNN', 'web' from generate_series(1, 40) n;
  insert into tickets.series (tenant_id, prefix, period) select tenant_id, prefix, '' from tickets.namespaces;
  insert into tickets.tickets (tenant_id, id, state, priority, namespace, lane, title, filed_by, filed_at, closed_at,
      open_blockers, claimed_by, claim_token, claimed_at, lease_expires_at)
    select 1, 'CMB-' || n, state, n % 5, 'CMB', (array['web', 'api', 'ios'])[1 + n % 3], 'Ticket ' || n, 1 + n % 500,
      '2026-01-01'::timestamptz + n * interval '1 minute', case state when 'done' then '2026-06-01'::timestamptz end,
      case when n % 40 = 2 then 1 else 0 end, case state when 'in_progress' then 1 + n % 500 end,
      case state when 'in_progress' then '${ID}'::uuid end,
      case state when 'in_progress' then '2026-06-01'::timestamptz end,
      case state when 'in_progress' then '2026-06-01'::timestamptz + n * interval '1 second' end
    from (select n, case when n % 20 = 1 then 'awaiting_claim' when n % 200 = 3 then 'in_progress'
      when n % 40 = 2 then 'awaiting_claim' else 'done' end as state from generate_series(1, 20000) n) s;
  alter table ledger.entries disable trigger extend_chain;
  insert into ledger.entries (tenant_id, seq, at, kind, principal_id, subject, leaf, entry_hash)
    select 1, n, '2026-01-01'::timestamptz + n * interval '1 minute', 'ticket.filed', 1 + n % 500, 'CMB-' || n,
      convert_to(repeat('x', 300), 'UTF8'), sha256('x') from generate_series(1001, 21000) n;
  alter table ledger.entries enable always trigger extend_chain;`;

test("golden/plans.txt tells how PostgreSQL runs the hot statements", async () => {
  const world = await testWorld();
  await world.sql(FILL);
  for (const name of ["seats.principals", "seats.tokens", "tickets.tickets", "ledger.entries", "ledger.heads"])
    await world.sql(`vacuum (analyze) ${name}`);
  await world.sql("analyze");
  const statements = statementsOf("ledger", "seats", "tickets", "tickets/numbers");
  const application = await applicationOf(world);
  const parts = ["The plans that the server's prepared statements come to, on 20,000 tickets and 20,000 entries.\n"];
  for (const [name, values] of Object.entries(hot)) {
    parts.push(`-- ${name}\n${await settledPlan(application, statements.get(name)!, values)}\n`);
  }
  await application.end();
  // It runs as its owner, so the application's EXPLAIN would not look into it; it is planned in its session, though.
  await world.sql(`set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off;
    set enable_mergejoin = off`);
  const [{ body }] = await world.sql(
    "select pg_get_function_sqlbody('seats.token_holder(bytea)'::regprocedure) as body",
  );
  const select = /BEGIN ATOMIC(.*);\s*END/s.exec(body)![1]!.replaceAll("token_holder.wanted", "sha256('1')");
  parts.push(`-- seats.token_holder, whoever asks\n${planIn(await world.sql(`explain (costs off) ${select}`))}\n`);
  assert.doesNotMatch(parts.join("\n"), /Seq Scan/, "a hot statement reads a whole table");
  await holdsGolden("plans.txt", parts.join("\n"));
});

/** PostgreSQL plans a prepared statement anew five times before it may settle for one plan; this is the one after. */
async function settledPlan(
  application: pg.Client,
  statement: Statement,
  values: Record<string, unknown>,
): Promise<string> {
  await application.query(`prepare ${statement.name} as ${statement.text}`);
  const explain = `explain (costs off) ${execution(statement, values)}`;
  for (let run = 0; run < 6; run++) await application.query(explain);
  return planIn((await application.query(explain)).rows);
}

const planIn = (rows: { "QUERY PLAN": string }[]) => rows.map((row) => `  ${row["QUERY PLAN"]}`).join("\n");
