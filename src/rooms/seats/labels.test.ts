import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { HEARD_SECONDS } from "./presence.ts";

const world = await testWorld();
const { operator } = world;
const WANTED = "CODEX-DESKTOP-Studio-CAMBER-02";
const LANDED = "CODEX-DESKTOP-Studio-CAMBER-20";
await world.seat(WANTED);
let landed = await world.seat(LANDED);
const labelsOf = async (input: object) => (await world.ask(operator, "label.list", input)).labels;
const find = async (name: string) => (await world.ask(operator, "seat.find", { name })).name;
const unfound = async (name: string) => world.ask(operator, "seat.find", { name }).catch((error) => error);

describe("a window's label", () => {
  test("J39: finds the adopted seat and the seat finds it, as soon as it is said", async () => {
    const said = await world.say(landed, "seat.label", { label: "Thread 02" });
    assert.deepEqual(said, { seat: LANDED, label: "Thread 02", was: null });
    const [byLabel] = await labelsOf({ label: "Thread 02" });
    const [bySeat] = await labelsOf({ seat: "CAMBER-20" });
    assert.deepEqual([byLabel.seat, byLabel.state], [LANDED, "idle"]);
    assert.deepEqual(bySeat, byLabel);
    assert.equal(await find("Thread 02"), LANDED);
    const adopted = await world.sql("select adopted_at from seats.principals where name = $1", [LANDED]);
    assert.ok(Date.parse(byLabel.labelled_at) - adopted[0].adopted_at.getTime() < 120_000);
  });

  test("J39: that reads like another seat's short name is told as the two that it means", async () => {
    await world.say(landed, "seat.label", { label: "CAMBER-02" });
    const refusal = await unfound("CAMBER-02");
    assert.equal(refusal.code, "seat.ambiguous");
    assert.deepEqual(refusal.facts, { candidates: [WANTED, LANDED], window_of: LANDED });
    assert.equal(await find(WANTED), WANTED);
    assert.deepEqual(
      (await labelsOf({ label: "CAMBER-02" })).map(({ seat }: { seat: string }) => seat),
      [LANDED],
    );
    assert.deepEqual(await labelsOf({ label: "Thread 02" }), [], "a seat has one window");
  });

  test("draws no work to its seat: what is given goes by names", async () => {
    await world.say(landed, "seat.label", { label: "CAMBER-02" });
    await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
    const { id } = await world.say(operator, "ticket.file", { namespace: "CMB", title: "For 02", owner: "CAMBER-02" });
    assert.equal((await world.ask(operator, "ticket.show", { id })).owner, WANTED);
    await world.say(landed, "seat.label", { label: WANTED });
    assert.equal(await find(WANTED), WANTED, "a seat's own name is never somebody's window");
  });

  test("is one live session's; of one that fell silent it may be taken, and both are told", async () => {
    await world.say(landed, "seat.label", { label: "Left" });
    const other = await world.seat("Other");
    const refusal = await world.refused(other, "seat.label", { label: "Left" });
    assert.deepEqual([refusal.code, refusal.facts.holder], ["label.held", LANDED]);
    await world.sql("update seats.principals set heard_at = now() - make_interval(secs => $2) where name = $1", [
      LANDED,
      HEARD_SECONDS + 5,
    ]);
    await world.say(other, "seat.label", { label: "Left" });
    assert.equal(await find("Left"), "Other");
    const { entries } = await world.ask(operator, "feed.read", { about: "Other" });
    assert.equal(entries.at(-1).kind, "seat.labelled");
    assert.equal(entries.at(-1).data.taken_from, LANDED);
  });

  test("ends with its session, and another session of the seat begins without one", async () => {
    const token = await world.seat("Short-Lived");
    await world.say(token, "seat.label", { label: "Right" });
    await world.say(operator, "seat.adopt", { name: "Short-Lived", replace: true });
    assert.deepEqual(await labelsOf({ label: "Right" }), []);
    assert.equal((await unfound("Right")).code, "seat.unknown");
    landed = (await world.say(operator, "seat.adopt", { name: LANDED, replace: true })).token;
    assert.deepEqual(await labelsOf({ seat: LANDED }), []);
  });

  test("is said by its own session or a keeper of the fleet, of a seat that is adopted", async () => {
    assert.equal((await world.refused(landed, "seat.label", { label: "x", seat: WANTED })).code, "label.not_yours");
    assert.equal((await world.say(operator, "seat.label", { label: "x", seat: WANTED })).seat, WANTED);
    assert.equal((await world.refused(operator, "seat.label", { label: "mine" })).code, "seat.not_adopted");
    assert.equal((await world.refused(landed, "seat.label", { label: "  " })).code, "input.invalid");
    const before = (await world.ask(operator, "ledger.head")).seq;
    await world.say(operator, "seat.label", { label: "x", seat: WANTED });
    assert.equal((await world.ask(operator, "ledger.head")).seq, before, "said again it changes nothing");
  });

  test("of sixteen sessions that say one at once is one session's", async () => {
    const tokens = await Promise.all(Array.from({ length: 16 }, (_, index) => world.seat(`Crowd-${index}`)));
    const said = await Promise.allSettled(tokens.map((token) => world.say(token, "seat.label", { label: "Crowded" })));
    assert.equal(said.filter(({ status }) => status === "fulfilled").length, 1);
    const error = await sqlError(
      world.sql(`insert into seats.labels (tenant_id, principal_id, label)
        select tenant_id, id, 'Crowded' from seats.principals where name = 'operator'`),
    );
    assert.equal(error.constraint, "one_seat_for_a_label");
  });
});
