import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { blocksRead } from "../../../test/blocks.ts";
import { testWorld } from "../../../test/harness.ts";

const RARE = "CODEX-CLI-BOX-RARE-01";
const BUSY = "CODEX-CLI-BOX-BUSY-01";
const push = { action: "push", resource_type: "branch", resource_id: "main" };
const migrate = { action: "migrate", resource_type: "database", resource_id: "orders" };

/** Every way of looking: by an outcome, an action and a seat, or not. */
const filters = [{}, { effect: "deny" }].flatMap((outcome) =>
  [{}, { action: "migrate" }].flatMap((act) =>
    [{}, { seat: RARE }].map((seat): Filter => ({ ...outcome, ...act, ...seat })),
  ),
);
type Filter = { effect?: string; action?: string; seat?: string };

describe("Recorded decisions", async () => {
  const world = await testWorld();
  const { operator, say, ask, sql } = world;
  const [rare, busy] = [await world.seat(RARE), await world.seat(BUSY)];
  await say(operator, "namespace.define", { prefix: "LW", format: "LW-NNNN" });
  await say(operator, "ticket.file", { namespace: "LW", title: "The seat's work" });
  // The oldest: what a busy fleet buries.
  await say(rare, "policy.decide", migrate);
  await say(rare, "policy.decide", push);
  await say(busy, "policy.decide", migrate);
  await say(busy, "ticket.claim", { id: "LW-0001" });
  const template = await say(busy, "policy.decide", push);
  assert.equal(template.decision, true);

  /** As many more like the newest, which no filter here but the empty one finds. */
  const more = (count: number) =>
    sql(
      `insert into policy.decisions (tenant_id, id, at, asked_by, subject_id, subject, action, resource_type,
         resource_id, effect, rung, rules, errors, reasons, protocol, input, policy_digest, state_version)
       select d.tenant_id, (select max(id) from policy.decisions) + n, d.at, d.asked_by, d.subject_id, d.subject,
         d.action, d.resource_type, d.resource_id, d.effect, d.rung, d.rules, d.errors, d.reasons, d.protocol, d.input,
         d.policy_digest, d.state_version
       from policy.decisions d, generate_series(1, $2) n where d.id = $1`,
      [template.id, count],
    );
  await more(300);

  test("are found by outcome, action and seat, alone and together, page by page", async () => {
    const all = (await ask(operator, "policy.decisions", { limit: 500 })).decisions as any[];
    assert.equal(all.length, 304);
    for (const filter of filters) {
      const wanted = all.filter(
        ({ effect, action, subject }) =>
          (filter.effect ?? effect) === effect &&
          (filter.action ?? action) === action &&
          (filter.seat ?? subject) === subject,
      );
      assert.ok(wanted.length > 0);
      const read: any[] = [];
      for (let before: number | undefined; ; before = read.at(-1).id) {
        const limit = wanted.length > 10 ? 100 : 1;
        const { decisions } = await ask(operator, "policy.decisions", { ...filter, before, limit });
        if (decisions.length === 0) break;
        read.push(...decisions);
      }
      assert.deepEqual(read, wanted, JSON.stringify(filter));
    }
    assert.deepEqual((await ask(operator, "policy.decisions", { effect: "allow", seat: RARE })).decisions, []);
  });

  const blocks = async ({ effect, action, seat }: Filter): Promise<number> => {
    const [{ id }] = await sql("select id from seats.principals where name = $1", [RARE]);
    return blocksRead(world, "policy", "decisions_list", {
      effects: effect === undefined ? "'{allow,deny}'" : `'{${effect}}'`,
      action: action === undefined ? "null" : `'${action}'`,
      subject_id: seat === undefined ? "null" : String(id),
      before: "9007199254740991",
      limit: "100",
    });
  };

  test("cost the same to look through, however many others were decided since", async () => {
    const among = () => each(filters, blocks);
    const few = await among();
    await more(20_000);
    await sql("vacuum analyze policy.decisions");
    const many = await among();
    // An index of 20,000 is a level deeper than one of 300, for each of the outcomes and each row of the page.
    for (const [index, filter] of filters.entries())
      assert.ok(many[index]! <= few[index]! * 2 + 10, `${JSON.stringify(filter)}: ${few[index]}, then ${many[index]}`);
    const rarest = filters.filter(({ action }) => action !== undefined);
    for (const filter of rarest) assert.ok(many[filters.indexOf(filter)]! < 60, JSON.stringify([filter, many]));
  });
});

async function each<One, Other>(all: readonly One[], read: (one: One) => Promise<Other>): Promise<Other[]> {
  const others: Other[] = [];
  for (const one of all) others.push(await read(one));
  return others;
}
