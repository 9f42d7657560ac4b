import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { parseStatements } from "../../../kernel/sql.ts";

/** What each decision looks up costs the same however much was asked, granted, consented to or escalated before. */

const world = await testWorld();
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const act = { action: "migrate", resource_type: "database", resource_id: "orders" };
await world.say(worker, "policy.decide", act);
const filled = 3000;
await world.sql(
  `insert into policy.approvals (tenant_id, subject, action, resource_type, resource_id, production, rung, decision,
     asked_by)
   select 1, p.name, 'migrate', 'database', 'orders-' || n, true, 'L1', 1, p.id
   from seats.principals p, generate_series(1, $1) n where p.name = 'CODEX-CLI-BOX-WEB-01'`,
  [filled],
);
await world.sql(
  `insert into policy.consents (tenant_id, words, subject, action, resource_type, resource_id, single_use, given_by,
     given_role, given_kind, given_at, expires_at)
   select 1, 'Yes, migrate it.', 'CODEX-CLI-BOX-WEB-01', 'migrate', 'database', 'orders-' || n, true, p.id, p.role,
     p.kind, now(), now() + interval '1 hour'
   from seats.principals p, generate_series(1, $1) n where p.name = 'operator'`,
  [filled],
);
await world.sql(
  `insert into policy.escalations (tenant_id, id, asker_id, action, resource_type, resource_id, reason, decision_id,
     opened_at)
   select 1, 100 + n, p.id, 'migrate', 'database', 'orders-' || n, 'nobody', 1, now()
   from seats.principals p, generate_series(1, $1) n where p.name = 'CODEX-CLI-BOX-WEB-01'`,
  [filled],
);
await world.sql("analyze policy.approvals, policy.consents, policy.escalations");

const [{ id }] = await world.sql("select id from seats.principals where name = 'CODEX-CLI-BOX-WEB-01'");
const values: Record<string, unknown> = {
  tenant_id: 1,
  subjects: ["CODEX-CLI-BOX-WEB-01"],
  asker_ids: [id],
  actions: ["migrate"],
  resource_types: ["database"],
  resource_ids: ["orders-7"],
  productions: [true],
  wordings: [null],
  rejection_seconds: 60,
};

for (const [room, name] of [
  ["policy/authority", "approvals_standing"],
  ["policy/authority", "consents_standing"],
  ["policy", "escalations_open"],
] as const)
  test(`${name} finds its rows by their whole key, under row-level security too`, async () => {
    const source = readFileSync(new URL(`../../${room}/queries.sql`, import.meta.url), "utf8");
    const wanted = `${room.replace("/", "_")}_${name}`;
    const { text, parameters } = parseStatements(source, room).find((one) => one.name === wanted)!;
    const rows = await world.asApplication(
      `explain (analyze, costs off, timing off, summary off) ${text}`,
      parameters.map((parameter) => values[parameter]),
    );
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    assert.match(plan, /Index Cond: .*resource_key = w\.resource_key/, plan);
    assert.doesNotMatch(plan, /Rows Removed by (Join )?Filter: \d{3}/, plan);
  });
