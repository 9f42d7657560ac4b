import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pino } from "pino";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { anotherDoor, codeOf } from "../../kernel/door.fixture.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import { startClock } from "../../surfaces/clock/clock.ts";
import { everyTenant } from "../../world.ts";
import { authorityRoles, DORMANT_ALARM, SILENT_SECONDS_MAX } from "./deputies.ts";
import { refuseUnheldRole } from "./index.ts";

const world = await testWorld();
const { operator } = world;
const keeper = await world.seat("Athena", "gatekeeper");
const deputy = await world.seat("Kasra");
await world.say(operator, "namespace.define", { prefix: "DEP", format: "DEP-NNNN" });
const clock = startClock(world.door, () => everyTenant(world.database), pino({ level: "silent" }));
clock.stop();
const second = anotherDoor(world).door;

/** Lets a seat have fallen silent so long ago. */
const silent = (name: string, seconds: number) =>
  world.sql("update seats.principals set heard_at = clock_timestamp() - make_interval(secs => $2) where name = $1", [
    name,
    seconds,
  ]);
const survey = () => clock.say("role.survey");
const role = async (name: string) =>
  (await world.ask(operator, "role.list")).roles.find((one: { role: string }) => one.role === name);
const flips = async (subject: string) => {
  const { entries } = await world.ask(operator, "feed.read", { about: subject, limit: 1000 });
  return entries.map(({ kind, data }: any) => (data.because ? `${kind} ${data.because}` : kind));
};
/** Something that a gatekeeper may say and an implementer may not; it is refused for another reason then. */
const asGatekeeper = (token: string, door = world.door) => {
  const wish = door.say(token, "ticket.reopen", { id: "DEP-9999", reason: "to see who may" });
  return codeOf(wish);
};

describe("an authority role", () => {
  it("without a named deputy has the operator, so that none is without one", async () => {
    const { roles } = await world.ask(operator, "role.list");
    assert.deepEqual(
      roles.map((one: { role: string }) => one.role),
      [...authorityRoles],
    );
    assert.deepEqual(await role("witness"), {
      ...{ role: "witness", holders: [], deputies: [], dormant_since: null, acts: "operator" },
    });
    assert.equal((await role("gatekeeper")).acts, "holders");
  });

  it("gets a deputy from the operator alone, who names a seat that lives and has another role", async () => {
    assert.equal(
      (await world.refused(keeper, "role.deputize", { role: "gatekeeper", seat: "Kasra" })).code,
      "role.forbidden",
    );
    for (const [seat, code] of [
      ["Athena", "role.own"],
      ["operator", "seat.not_a_seat"],
      ["Nobody", "seat.unknown"],
    ])
      assert.equal((await world.refused(operator, "role.deputize", { role: "gatekeeper", seat })).code, code);
    await world.say(operator, "role.deputize", { role: "gatekeeper", seat: "Kasra" });
    const again = await world.refused(operator, "role.deputize", { role: "gatekeeper", seat: "Kasra" });
    assert.equal(again.code, "role.as_it_is");
    const bad = await world.refused(operator, "role.deputize", { role: "operator", seat: "Kasra" });
    assert.equal(bad.fields[0]!.field, "role");
  });

  it("J70: falls dormant after half an hour without a word, not before; flips alternate, told once each", async () => {
    await survey();
    assert.deepEqual(clock.alarms(), []);
    await silent("Athena", SILENT_SECONDS_MAX - 120);
    await survey();
    assert.deepEqual([await flips("gatekeeper"), clock.alarms()], [[], []]);
    await silent("Athena", SILENT_SECONDS_MAX + 1);
    // A deputy that was named a moment ago gives the holder its time.
    await world.sql("update seats.deputies set named_at = now() - interval '1 day'");
    await survey();
    await survey();
    assert.deepEqual([await flips("gatekeeper"), clock.alarms()], [["role.dormant"], [DORMANT_ALARM]]);
    const { dormant_since, acts } = await role("gatekeeper");
    assert.ok(Date.now() - Date.parse(dormant_since) > SILENT_SECONDS_MAX * 1000);
    assert.equal(acts, "deputies");
    await world.say(keeper, "seat.beat", {});
    await survey();
    await survey();
    assert.deepEqual(await flips("gatekeeper"), ["role.dormant", "role.awake heard"]);
    assert.deepEqual([clock.alarms(), (await role("gatekeeper")).acts], [[], "holders"]);
  });

  it("gives its deputy its word while it is dormant, on every node at once, and takes it back", async () => {
    assert.equal(await asGatekeeper(deputy), "role.forbidden");
    assert.equal(await asGatekeeper(deputy, second), "role.forbidden");
    await silent("Athena", SILENT_SECONDS_MAX + 1);
    await survey();
    assert.equal(await asGatekeeper(deputy), "ticket.unknown");
    assert.equal(await asGatekeeper(deputy, second), "ticket.unknown");
    assert.equal((await world.ask(deputy, "role.list")).roles.length, authorityRoles.length);
    const child = await world.say(deputy, "seat.spawn", { suffix: "a", scope: ["ticket.claim"] });
    assert.equal(await asGatekeeper(child.token), "role.forbidden", "a deputy's sub-agent is no deputy");
    await world.say(keeper, "seat.beat", {});
    await survey();
    assert.equal(await asGatekeeper(deputy, second), "role.forbidden");
    assert.equal(await asGatekeeper(deputy), "role.forbidden");
    assert.equal(await codeOf(second.ask(deputy, "role.list", {})), "role.forbidden");
  });

  it("has no deputy any more once the operator says so, though it is dormant", async () => {
    await silent("Athena", SILENT_SECONDS_MAX + 1);
    await survey();
    assert.equal(await asGatekeeper(deputy), "ticket.unknown");
    await world.say(operator, "role.deputize", { role: "gatekeeper", seat: "Kasra", end: true });
    assert.equal(await asGatekeeper(deputy), "role.forbidden");
    const refusal = await world.refused(operator, "role.deputize", { role: "gatekeeper", seat: "Kasra", end: true });
    assert.equal(refusal.code, "role.as_it_is");
    assert.equal((await role("gatekeeper")).acts, "operator");
  });

  it("that is left by everybody wakes as vacated; with a deputy, that one acts", async () => {
    await world.say(operator, "seat.retire", { seat: "Athena" });
    await survey();
    assert.equal((await flips("gatekeeper")).at(-1), "role.awake vacated");
    await world.say(operator, "role.deputize", { role: "gatekeeper", seat: "Kasra" });
    await survey();
    assert.equal((await role("gatekeeper")).dormant_since, null);
    await world.sql("update seats.deputies set named_at = now() - interval '31 minutes'");
    await survey();
    assert.deepEqual(
      [(await flips("gatekeeper")).at(-1), (await role("gatekeeper")).acts],
      ["role.dormant", "deputies"],
    );
  });

  it("cannot be dormant twice at once, whoever writes it", async () => {
    const again =
      "insert into seats.dormancies (tenant_id, role, noticed_at, since) values (1, 'gatekeeper', now(), now())";
    assert.equal((await sqlError(world.asApplication(again))).constraint, "one_open_dormancy");
  });
});

describe("what waits for a role", () => {
  const written = async (name: Parameters<typeof refuseUnheldRole>[1]) => {
    const tx = await world.database.begin(1, "read only");
    const outcome = await refuseUnheldRole(tx, name).catch((refusal: Refusal) => refusal);
    await tx.rollback();
    return outcome?.code ?? "accepted";
  };

  it("J55: is refused when nobody would answer: no holder, or none that is heard and no deputy", async () => {
    assert.equal(await written("auditor"), "role.unheld");
    await world.seat("Mizan", "auditor");
    assert.equal(await written("auditor"), "accepted");
    await silent("Mizan", 121);
    assert.equal(await written("auditor"), "role.unheld");
    await world.say(deputy, "seat.beat", {});
    await world.say(operator, "role.deputize", { role: "auditor", seat: "Kasra" });
    assert.equal(await written("auditor"), "accepted");
    await silent("Kasra", 121);
    assert.equal(await written("auditor"), "role.unheld");
    assert.equal(await written("operator"), "accepted");
  });
});
