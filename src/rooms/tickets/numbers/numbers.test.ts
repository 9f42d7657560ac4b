import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { testWorld } from "../../../../test/harness.ts";
import { formatId } from "./format.ts";

const world = await testWorld();
const { operator } = world;
const alice = await world.seat("Alice");
const bob = await world.seat("Bob");
const file = (namespace: string, input: object = {}, token = alice) =>
  world.say(token, "ticket.file", { namespace, title: "Work", ...input });
const define = (prefix: string, format: string) => world.say(operator, "namespace.define", { prefix, format });
const today = () => new Date().toISOString().slice(0, 10).replaceAll("-", "");
// A day that ends while it is asked about would have two names.
const day_ends_in_ms = 86_400_000 - (Date.now() % 86_400_000);
if (day_ends_in_ms < 120_000) await sleep(day_ends_in_ms + 1_000);
const given = async (prefix: string) => {
  const { namespaces } = await world.ask(operator, "namespace.list");
  return namespaces.find((one: { prefix: string }) => one.prefix === prefix).numbers_given;
};

describe("a number", () => {
  it("has the form of its namespace: plain, by the day, by the year", async () => {
    await define("CMB", "CMB-NNNN");
    await define("FLT", "FLT-YYYYMMDDNN");
    await define("ORA", "ORA-YYYY-NNNN");
    assert.equal((await file("CMB")).id, "CMB-0001");
    assert.equal((await file("FLT")).id, `FLT-${today()}01`);
    assert.equal((await file("ORA")).id, `ORA-${today().slice(0, 4)}-0001`);
  });

  it("grows past the width of its form and is never cut off", async () => {
    await world.sql("update tickets.series set next_number = 9999 where prefix = 'CMB'");
    await world.sql("update tickets.series set next_number = 99 where prefix = 'FLT'");
    assert.deepEqual([(await file("CMB")).id, (await file("CMB")).id], ["CMB-9999", "CMB-10000"]);
    assert.deepEqual([(await file("FLT")).id, (await file("FLT")).id], [`FLT-${today()}99`, `FLT-${today()}100`]);
    assert.equal(formatId("ORA-YYYY-NNNN", "2026", 123456), "ORA-2026-123456");
    assert.equal(formatId("X-N", "", 10), "X-10");
  });

  it("begins anew in each period, and the period before keeps its count", async () => {
    for (const [prefix, format, period] of [
      ["DAY", "DAY-YYYYMMDDNN", "20240229"],
      ["YER", "YER-YYYY-NNNN", "1999"],
    ] as const) {
      await define(prefix, format);
      await world.sql("insert into tickets.series (tenant_id, prefix, period, next_number) values (1, $1, $2, 43)", [
        prefix,
        period,
      ]);
      assert.match((await file(prefix)).id, new RegExp(`^${prefix}-${today().slice(0, period.length)}-?0+1$`));
      const rows = await world.sql("select period, next_number from tickets.series where prefix = $1 order by period", [
        prefix,
      ]);
      assert.deepEqual(
        rows.map(({ next_number }) => next_number),
        [43, 2],
      );
      assert.equal(await given(prefix), 43, "forty-two of then and one of now");
    }
  });

  it("is not used up by a filing that is refused, alone or among others that are accepted", async () => {
    await define("GAP", "GAP-NNNN");
    const bad: [object, string][] = [
      [{ parent: "GAP-9999" }, "ticket.unknown"],
      [{ blocked_by: ["GAP-9999"] }, "ticket.unknown"],
      [{ owner: "Nobody" }, "seat.unknown"],
      [{ namespace: "NONE" }, "namespace.unknown"],
      [{ body: "€".repeat(60_000) }, "entry.oversized"],
      [{ title: " " }, "input.invalid"],
      [{ title: "half \ud800 a pair" }, "input.invalid"],
    ];
    for (const [input, code] of bad)
      assert.equal(
        (await world.refused(alice, "ticket.file", { namespace: "GAP", title: "Work", ...input })).code,
        code,
      );
    const good = Array.from({ length: 40 }, () => ({}));
    const mixed = good.flatMap((input, n) => (n % 4 === 0 ? [input, bad[(n / 4) % bad.length]![0]] : [input]));
    const outcomes = await Promise.allSettled(mixed.map((input) => file("GAP", input)));
    const ids = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.id] : []));
    assert.deepEqual(
      ids.sort(),
      good.map((_, n) => formatId("GAP-NNNN", "", n + 1)),
    );
    assert.equal(await given("GAP"), 40);
  });

  it("is given once to a filing that is repeated under its key, also when both come at once", async () => {
    await define("KEY", "KEY-N");
    const say = () => world.say(alice, "ticket.file", { namespace: "KEY", title: "Once" }, "once");
    const answers = await Promise.all([say(), say(), say()]);
    assert.deepEqual(new Set([...answers, await say()].map(({ id }) => id)), new Set(["KEY-1"]));
    assert.equal(
      (await world.refused(alice, "ticket.file", { namespace: "KEY", title: "Other" }, "once")).code,
      "key.mismatch",
    );
    assert.equal(await given("KEY"), 1);
    assert.equal((await world.say(bob, "ticket.file", { namespace: "KEY", title: "Once" }, "once")).id, "KEY-2");
  });

  it("stands in title and body wherever {{ITEM_ID}} stood", async () => {
    const { id, title } = await file("CMB", {
      title: "{{ITEM_ID}}: fix {{ITEM_ID}}",
      body: "see {{ITEM_ID}}, not {{OTHER}}",
    });
    assert.equal(title, `${id}: fix ${id}`);
    const shown = await world.ask(alice, "ticket.show", { id });
    assert.deepEqual([shown.title, shown.body], [title, `see ${id}, not {{OTHER}}`]);
  });

  it("belongs to a namespace whose form is kept for ever and begins with its prefix", async () => {
    assert.equal(
      (await world.refused(operator, "namespace.define", { prefix: "CMB", format: "CMB-NN" })).code,
      "namespace.exists",
    );
    assert.equal(
      (await world.refused(operator, "namespace.define", { prefix: "ABC", format: "ABD-NN" })).code,
      "namespace.format",
    );
    for (const format of ["ABC-", "ABC-NN-YYYY", "ABC-YYNN", "ABC-YYYYMMDD", "abc-NN", "ABC_NN", "ABC-NNX"])
      assert.equal(
        (await world.refused(operator, "namespace.define", { prefix: "ABC", format })).code,
        "input.invalid",
        format,
      );
    assert.equal(
      (await world.refused(alice, "namespace.define", { prefix: "ABC", format: "ABC-N" })).code,
      "role.forbidden",
    );
  });
});

describe("a reservation", () => {
  const reserve = (title: string, token = alice) => world.say(token, "ticket.reserve", { namespace: "CMB", title });

  it("is filled by its holder under its title, and keeps its number", async () => {
    const { id, state } = await reserve("Reserved: {{ITEM_ID}}");
    assert.equal(state, "reserved");
    const filled = await world.say(alice, "ticket.file", {
      reservation: id,
      title: "Reserved: {{ITEM_ID}}",
      body: "{{ITEM_ID}}",
    });
    assert.deepEqual(filled, { id, state: "awaiting_claim", lane: "CMB", title: `Reserved: ${id}` });
    assert.equal((await world.ask(alice, "ticket.show", { id })).body, id);
  });

  it("J5: refuses other content and shows both titles", async () => {
    const { id } = await reserve("disk IO budget");
    const refusal = await world.refused(alice, "ticket.file", { reservation: id, title: "lineage audit gate" });
    assert.equal(refusal.code, "reservation.other_content");
    assert.match(refusal.message, /disk IO budget.*lineage audit gate/);
    assert.deepEqual(refusal.facts, { id, reserved_title: "disk IO budget", offered_title: "lineage audit gate" });
    assert.equal((await world.ask(alice, "ticket.show", { id })).state, "reserved");
  });

  it("J1: refuses another seat and names its holder; a new session of the holder's name it serves", async () => {
    const { id } = await reserve("mine");
    const refusal = await world.refused(bob, "ticket.file", { reservation: id, title: "mine" });
    assert.deepEqual([refusal.code, refusal.facts.holder], ["reservation.held", "Alice"]);
  });

  it("is filled once, also when two fillings come at once", async () => {
    const { id } = await reserve("twice");
    const fill = (body: string, priority: number, lane: string) =>
      world.say(alice, "ticket.file", { reservation: id, title: "twice", body, priority, lane });
    const outcomes = await Promise.allSettled([fill("one", 1, "L1"), fill("two", 4, "L2"), fill("three", 3, "L3")]);
    const accepted = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    assert.equal(accepted.length, 1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") assert.equal(outcome.reason.code, "reservation.used");
    assert.equal((await world.ask(alice, "ticket.show", { id })).lane, accepted[0]!.lane);
    assert.equal(
      (await world.refused(alice, "ticket.file", { reservation: id, title: "twice" })).code,
      "reservation.used",
    );
  });

  it("cannot be claimed before it is filled, and cannot wait for itself or be its own parent", async () => {
    const { id } = await reserve("early");
    assert.equal((await world.refused(alice, "ticket.claim", { id })).code, "ticket.reserved");
    assert.equal(
      (await world.refused(alice, "ticket.file", { reservation: id, title: "early", blocked_by: [id] })).code,
      "link.to_itself",
    );
    assert.equal(
      (await world.refused(alice, "ticket.file", { reservation: id, title: "early", parent: id })).code,
      "link.to_itself",
    );
  });

  it("that another ticket waits for cannot be filled so that it waits for that one (J9)", async () => {
    const { id } = await reserve("first");
    const { id: second } = await file("CMB", { blocked_by: [id] });
    const { id: third } = await file("CMB", { blocked_by: [second] });
    for (const blocker of [second, third]) {
      const refusal = await world.refused(alice, "ticket.file", {
        reservation: id,
        title: "first",
        blocked_by: [blocker],
      });
      assert.equal(refusal.code, "link.cycle");
    }
    await world.say(alice, "ticket.file", { reservation: id, title: "first" });
  });

  it("of an undefined namespace is refused", async () => {
    assert.equal(
      (await world.refused(alice, "ticket.reserve", { namespace: "NONE", title: "x" })).code,
      "namespace.unknown",
    );
    assert.equal((await world.refused(alice, "ticket.file", { title: "x" })).code, "input.invalid");
    assert.equal(
      (await world.refused(alice, "ticket.file", { reservation: "CMB-4711", title: "x" })).code,
      "ticket.unknown",
    );
    assert.equal(
      (await world.refused(alice, "ticket.file", { reservation: "CMB-0001", title: "x" })).code,
      "reservation.used",
    );
  });
});

describe("a namespace that goes on from elsewhere", () => {
  it("begins with the number that its definition says, and begins anew in its next period", async () => {
    const begin = (prefix: string, format: string, first: number) =>
      world.say(operator, "namespace.define", { prefix, format, first });
    await begin("CON", "CON-NNNN", 412);
    assert.deepEqual([(await file("CON")).id, (await file("CON")).id], ["CON-0412", "CON-0413"]);
    await begin("COY", "COY-YYYY-NNNN", 7);
    assert.match((await file("COY")).id, /^COY-\d{4}-0007$/);
    const wrong = await world.refused(operator, "namespace.define", { prefix: "COX", format: "COX-N", first: 0 });
    assert.deepEqual(
      wrong.fields.map(({ field }: { field: string }) => field),
      ["first"],
    );
  });
});

it("after all this the tables and the ledger agree", async () => {
  // The counters that were set by hand above gave numbers whose tickets are all there.
  const { differences, found, tickets } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
  assert.ok(tickets > 60);
  assert.equal((await world.ask(operator, "ledger.verify")).whole, true);
});
