import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { statements } from "../../../kernel/sql.ts";

const world = await testWorld();
const { operator, say, ask } = world;
const post = async (count: number) => {
  for (let n = 0; n < count; n++) await say(operator, "post.append", { subject: `Post ${n}` });
};
await post(40);

type Plan = { "Relation Name"?: string; "Index Cond"?: string; "Actual Loops": number; Plans?: Plan[] };

/** The parts of a plan that read entries. */
const readers = (plan: Plan): Plan[] => [
  ...(plan["Relation Name"] === "entries" ? [plan] : []),
  ...(plan.Plans ?? []).flatMap(readers),
];

describe("ledger.pace", () => {
  type Slice = { from: string; entries: number; commands: number; half_ms: number | null; most_ms: number | null };
  const sum = (slices: Slice[], what: "entries" | "commands") => slices.reduce((all, one) => all + one[what], 0);

  it("counts what was written and what was answered, with how long it took", async () => {
    const { slices, slice_seconds, until, measured_since } = await ask(operator, "ledger.pace", { hours: 1 });
    const { seq } = await ask(operator, "ledger.head");
    assert.deepEqual([slices.length, slice_seconds], [12, 300]);
    assert.ok(Date.parse(until) - Date.parse(slices.at(-1).from) < 300_000, "the last slice goes on");
    assert.equal(sum(slices, "entries"), seq);
    assert.ok(sum(slices, "commands") >= 40 && Date.parse(measured_since) <= Date.parse(until));
    for (const { commands, half_ms, most_ms } of slices as Slice[])
      if (commands === 0) assert.deepEqual([half_ms, most_ms], [null, null]);
      else assert.ok(half_ms! > 0 && half_ms! <= most_ms!);
    const before = sum(slices, "commands");
    await world.refused(operator, "ticket.claim", { id: "NONE-1" });
    const after = await ask(operator, "ledger.pace", { hours: 1 });
    assert.equal(sum(after.slices, "commands"), before + 1, "a refusal was answered too");
  });

  it("tells nobody of another tenant's pace", async () => {
    const { token } = await say(operator, "tenant.open", { name: "other" });
    const before = await ask(token, "ledger.pace");
    await post(5);
    const { slices } = await ask(token, "ledger.pace");
    assert.deepEqual(
      [sum(slices, "commands"), sum(slices, "entries")],
      [sum(before.slices, "commands"), sum(before.slices, "entries")],
    );
    assert.ok(sum(slices, "commands") < 40);
  });

  it("finds each instant by halving: as a count does, and without reading what lies between", async () => {
    const { written_before: sql } = statements("ledger/pace", "written_before");
    const entries = await world.sql("select at from ledger.entries where tenant_id = 1 order by seq");
    const instants = [...entries.map(({ at }) => at.toISOString()), "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"];
    const values = sql.parameters.map((name) => ({ tenant_id: 1, instants })[name as "instants"]);
    for (const { instant, written } of await world.sql(sql.text, values)) {
      const counted = "select count(*) from ledger.entries where tenant_id = 1 and at < $1";
      assert.equal(Number(written), Number((await world.sql(counted, [instant]))[0].count));
    }
    const [{ "QUERY PLAN": plan }] = await world.asApplication(`explain (analyze, format json) ${sql.text}`, values);
    const [reader, ...others] = readers(plan[0].Plan);
    assert.deepEqual(others, []);
    assert.match(reader!["Index Cond"]!, /seq = /, "by its key, and not the ledger once for all look-ups");
    const most = instants.length * (Math.ceil(Math.log2(entries.length)) + 2);
    const looks = reader!["Actual Loops"];
    assert.ok(looks > instants.length && looks <= most, `${looks} look-ups, at most ${most}`);
  });
});
