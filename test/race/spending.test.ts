import assert from "node:assert/strict";
import { describe, it } from "node:test";
import pg from "pg";
import { codeOf, tally } from "../../src/kernel/door.fixture.ts";
import { actingDoor } from "../../src/rooms/policy/authority/authority.fixture.ts";
import { long, testWorld } from "../harness.ts";
import { atOnce, WRITERS, writersPool } from "./mutants.ts";

/** AUTH-ONCE and AUTH-ONE-OPEN under attack: what lets one act through lets no second one through. */

const ROUNDS = long ? 60 : 8;
const SEAT = "CODEX-CLI-BOX-WEB-01";
const WORDS = "Yes, wipe exactly this one.";
const world = await testWorld();
const { operator, say } = world;
const nodes = await Promise.all([actingDoor(world), actingDoor(world), actingDoor(world)]);
const [first] = nodes;
const worker = await world.seat(SEAT);
const strategists = [await world.seat("CLAUDE-STRAT", "strategist"), await world.seat("GEMINI-STRAT", "strategist")];

let things = 0;
const thing = () => `thing-${++things}`;
const asked = async (resource_id: string) => (await first.act(worker, { resource_id })).approval!;
async function granted(resource_id: string): Promise<number> {
  const id = await asked(resource_id);
  await say(strategists[0]!, "approval.decide", { id, verdict: "grant", reason: "looked at it" });
  return id;
}
const consent = async (resource_id: string): Promise<number> =>
  (
    await say(operator, "consent.give", {
      words: WORDS,
      subject: SEAT,
      action: "migrate",
      resource_type: "database",
      resource_id,
    })
  ).id;

type Use = { approval: number | null; consent: number | null };
/** "AUTH-ONCE" for each approval or single-use consent that more than one decision rests on. */
function spendingFaults(uses: readonly Use[]): string[] {
  const counts = tally(
    uses.map(({ approval, consent: of }) => (approval === null ? `consent ${of}` : `approval ${approval}`)),
  );
  return Object.values(counts).flatMap((count) => (count > 1 ? ["AUTH-ONCE"] : []));
}

const pool = writersPool(world);

const LOOK = `select 1 from (values (1)) v where not exists (select from TABLE u where u.tenant_id = 1
  and u.approval is not distinct from $1 and u.consent is not distinct from $2)`;

/** Writers that each look whether a thing was used, and use it if it was not. */
async function lookThenUse(table: string, { approval, consent: of }: Use): Promise<unknown[]> {
  return atOnce(pool, async (client) => {
    const decision = 100_000 + ++things;
    const decided = `insert into policy.decisions (tenant_id, id, at, asked_by, subject, action, resource_type,
        resource_id, effect, rung, rules, errors, reasons, input, policy_digest, state_version)
      select 1, $1, now(), 1, '', '', '', '', 'allow', 'L0', '{}', '{}', '{}', '', digest, 0
      from policy.versions where tenant_id = 1 limit 1`;
    await client.query(decided, [decision]);
    const look = `${LOOK.replace("TABLE", table)}`;
    if ((await client.query(look, [approval, of])).rows.length === 0) throw new Error("used");
    await client.query(`insert into ${table} values (1, $1, $2, $3, true)`, [decision, approval, of]);
  });
}

describe("Many connections that use one approval or one consent at once", () => {
  it("past the door are kept apart by PostgreSQL, without any lock: one comes through, always", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const isConsent = round % 2 === 0;
      const id = isConsent ? await consent(thing()) : await granted(thing());
      const use = { approval: isConsent ? null : id, consent: isConsent ? id : null };
      const outcomes = (await lookThenUse("policy.uses", use)) as ({ code?: string; constraint?: string } | null)[];
      assert.equal(outcomes.filter((outcome) => outcome === null).length, 1);
      const constraint = isConsent ? "consent_used_once" : "approval_used_once";
      for (const error of outcomes)
        if (error?.code) assert.deepEqual([error.code, error.constraint], ["23505", constraint]);
    }
    const uses = await world.sql("select approval, consent from policy.uses");
    assert.deepEqual(spendingFaults(uses as Use[]), []);
  });

  it("over three nodes come through once for each grant, and the ledger tells the same", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const resource_id = thing();
      const grants = 1 + (round % 3);
      if (round % 2 === 0) await granted(resource_id);
      else await consent(resource_id);
      for (let n = 1; n < grants; n++) await consent(resource_id);
      const acts = Array.from({ length: 30 }, (_, n) => nodes[n % 3]!.act(worker, { resource_id }));
      const outcomes = await Promise.all(acts);
      const through = outcomes.filter(({ acted }) => acted);
      assert.equal(through.length, grants);
      const stopped = new Set(outcomes.filter(({ acted }) => !acted).map(({ approval }) => approval));
      assert.equal(stopped.size, 1, "those who were stopped share one open approval");
    }
    const entries = await world.sql(
      "select convert_from(leaf, 'UTF8')::json -> 'data' as data from ledger.entries where kind = 'probe.acted'",
    );
    const told = entries.map(({ data }) => data).filter(({ acted }) => acted);
    const uses = await world.sql("select decision, approval, consent from policy.uses where decision < 100000");
    const keys = (rows: any[]) => rows.map((row) => `${row.decision} ${row.approval} ${row.consent}`).sort();
    assert.deepEqual(keys(told), keys(uses));
    assert.deepEqual(spendingFaults(told), []);
  });

  it("that look first and then use, without the constraint, are found out by the same check", async () => {
    await world.sql(`create table bare_uses (tenant_id integer, decision bigint, approval bigint, consent bigint,
      single_use boolean)`);
    await world.sql("grant select, insert on bare_uses to longwatch_app");
    const found = new Set<string>();
    for (let round = 0; round < 25 && found.size === 0; round++) {
      await lookThenUse("bare_uses", { approval: null, consent: await consent(thing()) });
      const uses = await world.sql("select approval, consent from bare_uses");
      for (const fault of spendingFaults(uses as Use[])) found.add(fault);
    }
    assert.deepEqual([...found], ["AUTH-ONCE"]);
  });
});

describe("Many connections that ask the same", () => {
  it("past the door leave one open approval", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const resource_id = thing();
      const insert = `insert into policy.approvals (tenant_id, subject, action, resource_type, resource_id, production,
          rung, decision, asked_by) select 1, 'seat', 'migrate', 'database', $1, true, 'L1', min(id), 2
        from policy.decisions where tenant_id = 1`;
      const outcomes = await atOnce(pool, async (client) => void (await client.query(insert, [resource_id])));
      const constraints = outcomes.map((error) => (error as pg.DatabaseError | null)?.constraint ?? "in");
      assert.deepEqual(tally(constraints), { in: 1, one_open_approval: WRITERS - 1 });
    }
  });
});

describe("Many verdicts on one approval at once", () => {
  it("past the door leave the first, whatever came behind", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = await asked(thing());
      let n = 0;
      const outcomes = await atOnce(pool, async (client) => {
        const state = ++n % 2 === 0 ? "granted" : "rejected";
        const until = state === "granted" ? "now() + interval '1 hour'" : "null";
        const { rowCount } = await client.query(
          `update policy.approvals set state = $2, decided_by = 1, decider = 'operator', decided_role = 'operator',
           decided_kind = 'person', decided_at = now(), reason = $2, expires_at = ${until} where id = $1`,
          [id, state],
        );
        assert.equal(rowCount, 1);
      });
      const codes = outcomes.map((error) => (error as pg.DatabaseError | null)?.code ?? "in");
      assert.deepEqual(tally(codes), { in: 1, LW014: WRITERS - 1 });
    }
  });

  it("over three nodes are refused by name, all but one", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = await asked(thing());
      const outcomes = Array.from({ length: 18 }, (_, n) =>
        codeOf(
          nodes[n % 3]!.door.say([...strategists, operator][n % 3]!, "approval.decide", {
            id,
            verdict: n % 2 === 0 ? "grant" : "reject",
            reason: `verdict ${n}`,
          }),
        ),
      );
      const { accepted, ...rest } = tally(await Promise.all(outcomes));
      assert.deepEqual([accepted, Object.values(rest)], [1, [17]]);
      const { entries } = await world.ask(operator, "feed.read", { about: `approval-${id}` });
      assert.equal(entries.length, 1);
      assert.ok(`approval.${(await world.ask(operator, "approval.show", { id })).state}` in { ...rest });
    }
  });
});
