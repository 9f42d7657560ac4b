import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import { Flight } from "../../kernel/flight.ts";
import { parseStatements } from "../../kernel/sql.ts";

/** What a decision reads, and when: a guess of how it comes out changes the flight, never the answer. */

const push = {
  action: "push",
  resource_type: "branch",
  resource_id: "origin/main",
  resource_properties: { production: true },
};

describe("A decision", async () => {
  const world = await testWorld();
  const { operator, say, sql } = world;
  await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN" });
  const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
  await world.seat("CODEX-CLI-BOX-WEB-02");
  const decide = (token: string) => say(token, "policy.decide", push);
  const offered = ({ protocol }: any) => protocol.offers.map(({ seat }: any) => seat);

  test("is the same whether its denial was expected or not", async () => {
    const leader = await world.seat("CLAUDE-CLI-BOX-WEB-01", "strategist");
    const unexpected = await decide(leader);
    const expected = await decide(leader);
    assert.deepEqual(offered(unexpected), ["CODEX-CLI-BOX-WEB-01", "CODEX-CLI-BOX-WEB-02"]);
    assert.deepEqual(offered(expected), offered(unexpected));
    assert.deepEqual([expected.reasons, expected.rules], [unexpected.reasons, unexpected.rules]);
    // Expected again, and nobody is left to offer: what was read with the decision is what counts, not what was told.
    await sql("update seats.principals set status = 'busy' where name like 'CODEX%'");
    const { protocol } = await decide(leader);
    assert.deepEqual([protocol.via, protocol.offers], ["escalate", []]);
    await sql("update seats.principals set status = 'idle' where name like 'CODEX%'");
    assert.equal((await decide(leader)).protocol.via, "dispatch");
  });

  test("that is denied takes three flights, and two once its denial is expected", async (context) => {
    const leader = await world.seat("CLAUDE-CLI-BOX-WEB-02", "strategist");
    const flights = async () => {
      const submitted = context.mock.method(Flight.prototype, "submit");
      const { protocol } = await decide(leader);
      submitted.mock.restore();
      return [protocol.via, submitted.mock.callCount()];
    };
    assert.deepEqual(await flights(), ["dispatch", 3]);
    assert.deepEqual(await flights(), ["dispatch", 2]);
  });

  test("offers each seat that was heard in the last two minutes, and none that was not", async () => {
    const leader = await world.seat("CLAUDE-CLI-BOX-WEB-03", "strategist");
    const silent = (name: string, seconds: number) =>
      sql(`update seats.principals set heard_at = clock_timestamp() - interval '${seconds} s' where name = $1`, [name]);
    await sql("delete from policy.holds");
    await silent("CODEX-CLI-BOX-WEB-01", 60);
    await silent("CODEX-CLI-BOX-WEB-02", 121);
    for (let n = 0; n < 2; n++) assert.deepEqual(offered(await decide(leader)), ["CODEX-CLI-BOX-WEB-01"]);
    for (const seat of ["CODEX-CLI-BOX-WEB-01", "CODEX-CLI-BOX-WEB-02"]) await silent(seat, 0);
  });

  test("that was expected to be denied is allowed once it may be, and the other way round", async () => {
    const before = await decide(worker);
    assert.equal(before.decision, false);
    const { id } = await say(operator, "ticket.file", { namespace: "WEB", title: "Fix the page" });
    const { claim_token } = await say(worker, "ticket.claim", { id });
    for (let n = 0; n < 2; n++) assert.equal((await decide(worker)).decision, true);
    await say(worker, "ticket.release", { id, claim_token, reason: "Other work came first." });
    for (let n = 0; n < 2; n++) assert.deepEqual((await decide(worker)).reasons, before.reasons);
  });

  test("reads the work of those whom it is about and of idle seats, not the others' nor the history's", async () => {
    // No statistics: so it stands in a server's first minutes, and a plan that reads everything is found then.
    await sql(`insert into tickets.tickets (tenant_id, id, state, priority, namespace, lane, title, filed_by,
        filed_at, closed_at, claimed_by, claimed_incarnation, claim_token, claimed_at, lease_expires_at)
      select p.tenant_id, 'WEB-9' || n, case when n % 10 = 0 then 'in_progress' else 'done' end, 2, 'WEB', 'web', 'Old',
        p.id, now(), case when n % 10 > 0 then now() end, case when n % 10 = 0 then p.id end,
        p.incarnation, case when n % 10 = 0 then gen_random_uuid() end,
        case when n % 10 = 0 then now() end, case when n % 10 = 0 then now() + interval '1 hour' end
      from seats.principals p, generate_series(1000, 1999) n where p.name = 'operator'`);
    const file = readFileSync(new URL("queries.sql", import.meta.url), "utf8");
    const parsed = new Map(parseStatements(file, "policy").map((one) => [one.name, one.text]));
    // Their only parameters beside the tenant, as SQL has them.
    for (const [name, value] of Object.entries({
      policy_principals: "array['CODEX-CLI-BOX-WEB-01']",
      policy_roster: "121",
    })) {
      const text = parsed
        .get(name)!
        .replaceAll(/\$(\d)/g, (_, n) => (n === "1" ? String(world.home_tenant_id) : value));
      const rows = await world.asApplication(`explain (analyze, format json) ${text}`);
      const scans = scansOf(rows[0]["QUERY PLAN"][0].Plan).filter((scan) => scan["Relation Name"] === "tickets");
      assert.ok(scans.length > 0, `${name} reads tickets`);
      for (const scan of scans) {
        assert.match(scan["Index Name"], /^tickets_(claimed|given)$/, name);
        assert.equal((scan["Rows Removed by Filter"] ?? 0) + scan["Actual Rows"], 0, `${name} reads others' tickets`);
      }
    }
  });
});

type Plan = { Plans?: Plan[] } & { [name: string]: any };

/** The nodes of a plan that read a table. */
function scansOf(plan: Plan): Plan[] {
  return [...("Relation Name" in plan ? [plan] : []), ...(plan.Plans ?? []).flatMap(scansOf)];
}
