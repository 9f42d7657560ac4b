import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../test/harness.ts";
import { anotherDoor, codeOf, tally } from "./door.fixture.ts";

const world = await testWorld();
const other = anotherDoor(world).door;
const headSeq = async () => (await world.ask(world.operator, "ledger.head")).seq as number;
const fifty = Array.from({ length: 50 }, (_, index) => (index % 2 ? world.door : other));

async function entries(kind: string, subject: string): Promise<number> {
  const rows = await world.sql("select from ledger.entries where kind = $1 and subject = $2", [kind, subject]);
  return rows.length;
}

describe("an idempotency key", () => {
  it("answers a repeat with the first answer, and the repeat changes nothing", async () => {
    const input = { subject: "once" };
    const first = await world.door.say(world.operator, "post.append", input, { key: "post-once" });
    const before = await headSeq();
    const again = await world.door.say(world.operator, "post.append", input, { key: "post-once" });
    assert.deepEqual(again, first);
    assert.equal(await headSeq(), before);
  });

  it("finds its request again whatever the order of the fields, and with defaults spelled out", async () => {
    const first = await world.door.say(world.operator, "post.append", { subject: "s", body: "b" }, { key: "order" });
    const spelled = { kind: "narrative", body: "b", subject: "s" };
    assert.deepEqual(await world.door.say(world.operator, "post.append", spelled, { key: "order" }), first);
  });

  it("refuses another body, and another command with the same body, under the same key", async () => {
    await world.say(world.operator, "post.append", { subject: "taken" }, "taken");
    const before = await headSeq();
    const refusal = await world.refused(world.operator, "post.append", { subject: "Taken" }, "taken");
    assert.deepEqual([refusal.kind, refusal.code], ["mismatch", "key.mismatch"]);
    assert.equal((await world.refused(world.operator, "seat.retire", { seat: "x" }, "taken")).code, "key.mismatch");
    assert.equal((await world.refused(world.operator, "seat.adopt", { name: "x" }, "taken")).code, "key.mismatch");
    assert.equal(await headSeq(), before);
  });

  it("has one effect when fifty calls under it come at once at two doors, batched or not", async () => {
    await world.seat("Goes");
    const says = (name: string, input: object) =>
      Promise.all(fifty.map((door) => door.say(world.operator, name, input, { key: `fifty-${name}` })));
    for (const answers of [
      await says("post.append", { subject: "fifty" }),
      await says("seat.retire", { seat: "Goes" }),
    ])
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
    const posts = await world.sql("select from ledger.entries where convert_from(leaf, 'UTF8') like '%\"fifty\"%'");
    assert.equal(posts.length, 1);
    assert.equal(await entries("seat.retired", "Goes"), 1);
    assert.equal(await entries("command.refused", "Goes"), 0);
  });

  it("does one of two bodies when both come at once under it, and refuses the other", async () => {
    const bodies = fifty.map((door, index) =>
      codeOf(door.say(world.operator, "post.append", { subject: `b${index % 2}` }, { key: "two" })),
    );
    assert.deepEqual(tally(await Promise.all(bodies)), { accepted: 25, "key.mismatch": 25 });
  });

  it("gives its secret out once: of fifty calls one gets the token, the others hear that it is gone", async () => {
    const calls = fifty.map((door) => codeOf(door.say(world.operator, "seat.adopt", { name: "Shy" }, { key: "shy" })));
    assert.deepEqual(tally(await Promise.all(calls)), { accepted: 1, "secret.gone": 49 });
    assert.equal(await entries("seat.adopted", "Shy"), 1);
  });

  it("holds for a door that was opened later on the same database", async () => {
    const first = await world.door.say(world.operator, "post.append", { subject: "outlives" }, { key: "outlives" });
    const later = anotherDoor(world).door;
    assert.deepEqual(
      await later.say(world.operator, "post.append", { subject: "outlives" }, { key: "outlives" }),
      first,
    );
    assert.equal(
      await codeOf(later.say(world.operator, "post.append", { subject: "not" }, { key: "outlives" })),
      "key.mismatch",
    );
  });

  it("is the caller's own: another caller's same key is another key", async () => {
    const seat = await world.seat("Neighbour");
    const mine = await world.door.say(world.operator, "post.append", { subject: "same" }, { key: "shared" });
    const theirs = await world.door.say(seat, "post.append", { subject: "other" }, { key: "shared" });
    assert.notEqual(theirs.seq, mine.seq);
  });

  it("keeps no refusal: what was refused may be done under it when the reason is gone", async () => {
    const retire = () => codeOf(world.door.say(world.operator, "seat.retire", { seat: "Later" }, { key: "later" }));
    assert.equal(await retire(), "seat.unknown");
    await world.seat("Later");
    assert.deepEqual([await retire(), await retire()], ["accepted", "accepted"]);
    assert.equal(await entries("seat.retired", "Later"), 1);
  });

  it("answers nothing to a token that was revoked since", async () => {
    const token = await world.seat("Fired");
    await world.say(token, "post.append", { subject: "mine" }, "fired");
    await world.say(world.operator, "token.revoke", { name: "Fired" });
    for (const door of [world.door, other])
      assert.equal(
        await codeOf(door.say(token, "post.append", { subject: "mine" }, { key: "fired" })),
        "token.unknown",
      );
  });

  it("is refused when it is empty, too long, or holds what a header cannot, and leaves no entry", async () => {
    const before = await headSeq();
    for (const key of ["", "a b", "ü", "a\n", "k".repeat(201)])
      assert.equal((await world.refused(world.operator, "post.append", { subject: "x" }, key)).code, "key.malformed");
    assert.equal(await headSeq(), before);
    await world.say(world.operator, "post.append", { subject: "x" }, "k".repeat(200));
  });

  it("is free again after seven days, and not a day earlier", async () => {
    const say = (subject: string) =>
      codeOf(world.door.say(world.operator, "post.append", { subject }, { key: "aged" }));
    assert.equal(await say("first"), "accepted");
    for (const [days, code] of [
      [6, "key.mismatch"],
      [8, "accepted"],
    ] as const) {
      await world.sql(`update kernel.requests set at = clock_timestamp() - interval '${days} days' where key = 'aged'`);
      await world.say(world.operator, "request.sweep");
      assert.equal(await say("second"), code, `${days} days`);
    }
  });
});
