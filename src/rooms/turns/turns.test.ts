import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator, say, ask, refused, sql } = world;
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "CAMBER" });
await say(operator, "namespace.define", { prefix: "HWD", format: "HWD-NNNN", lane: "HEARTWOOD" });

let seats = 0;
/** A seat of its own lane, so that no test finds the tickets of another. */
async function seat(lane = `LANE${++seats}`) {
  const name = `CLAUDE-CLI-BOX-${lane}-${String(++seats).padStart(2, "0")}`;
  const token = await world.seat(name);
  const file = async (title: string, more: object = {}) =>
    (await say(token, "ticket.file", { namespace: "CMB", title, lane, ...more })).id as string;
  const claim = (id: string) => say(token, "ticket.claim", { id });
  const finish = async (id: string) => {
    const { claim_token } = await claim(id);
    await say(token, "ticket.finish", { id, claim_token, work_proof: "commit 1a2b3c4" });
  };
  return { name, token, lane, file, claim, finish };
}
const entries = async (kind: string, subject: string) =>
  (await ask(operator, "feed.read", { limit: 1000 })).entries.filter(
    (entry: { kind: string; subject: string }) => entry.kind === kind && entry.subject === subject,
  );
const close = (token: string, input: object = {}) => say(token, "turn.close", input);
const notClosed = (token: string, input: object = {}) => refused(token, "turn.close", input);

describe("The end of a turn", () => {
  it("J15: is refused beside warm follow-ons that the seat filed, with the command that claims them", async () => {
    // The founding failure: a DONE, three follow-ons filed in the same hour, and a stop.
    const { token, file, finish, claim } = await seat();
    const [first] = [await file("CMB-0092")];
    await finish(first);
    const left = [await file("CMB-0095"), await file("CMB-0096"), await file("CMB-0097")];
    const refusal = await notClosed(token);
    assert.deepEqual([refusal.kind, refusal.code], ["conflict", "turn.unfinished"]);
    const unfinished = refusal.facts.unfinished as { id: string; command: string; because: string[] }[];
    assert.deepEqual(
      unfinished.map(({ id, command }) => [id, command]),
      left.map((id) => [id, `longwatch ticket claim --id ${id}`]),
    );
    assert.deepEqual(unfinished[0]!.because, ["you filed it lately", "is of your lane"]);
    assert.match(refusal.hint!, new RegExp(`Claim it now: longwatch ticket claim --id ${left[0]} `));
    for (const id of left) {
      assert.equal((await notClosed(token)).code, "turn.unfinished");
      await claim(id);
    }
    assert.deepEqual((await close(token)).left, []);
  });

  it("J15: passes with a named reason, which stands in the ledger and is not asked for again at once", async () => {
    const { token, name, file } = await seat();
    const id = await file("Work");
    await say(token, "turn.open");
    const reason = "my context is full; the next session of this lane takes it";
    assert.deepEqual((await close(token, { reason_class: "capacity", reason })).left, [id]);
    const [entry] = await entries("turn.closed", name);
    assert.deepEqual([entry.data.left, entry.data.reason_class, entry.data.reason], [[id], "capacity", reason]);
    assert.equal((await close(token, { hook: "first" })).closed, false, "the turn is over already");
    const later = await file("Later work");
    assert.deepEqual(
      ((await notClosed(token)).facts.unfinished as { id: string }[]).map((one) => one.id),
      [later],
    );
    await sql("update turns.reasons set at = at - interval '3 hours' where ticket_id = $1", [id]);
    assert.equal(((await notClosed(token)).facts.unfinished as object[]).length, 2, "a reason is not for ever");
  });

  it("takes a reason whole: its class and its words", async () => {
    const { token, file } = await seat();
    await file("Work");
    for (const [input, field] of [
      [{ reason: "because" }, "reason_class"],
      [{ reason_class: "capacity" }, "reason"],
      [{ reason_class: "capacity", reason: " " }, "reason"],
      [{ reason_class: "mood", reason: "no" }, "reason_class"],
      [{ empty: true, reason_class: "capacity", reason: "no" }, "empty"],
    ] as const)
      assert.deepEqual(
        [(await notClosed(token, input)).kind, (await notClosed(token, input)).fields[0]!.field],
        ["invalid", field],
      );
  });

  it("is not held up by what is another's, cold, waiting, held or a parent that closes last", async () => {
    const { token, file, claim, lane } = await seat();
    const other = await seat(lane);
    await other.file("Somebody else's");
    await file("Given away", { owner: other.name });
    await file("Of another lane", { namespace: "HWD", lane: "HEARTWOOD" });
    const held = await file("Held", { surface_key: "web:pages:login" });
    await claim(held);
    await file("On a surface that is being changed", { surface_key: "web:pages:login" });
    const parent = await file("The objective");
    await file("Its part, which waits", { parent, blocked_by: [held] });
    const old = await file("Filed long ago");
    await sql("update tickets.tickets set filed_at = filed_at - interval '13 hours' where id = $1", [old]);
    assert.deepEqual((await close(token)).left, []);
  });

  it("is of seats only", async () => {
    assert.equal((await notClosed(operator)).code, "seat.not_adopted");
    const { token } = await seat();
    const scope = ["turn.close", "turn.open"];
    const child = await say(token, "seat.spawn", { suffix: "scout", scope });
    assert.equal((await notClosed(child.token)).code, "seat.not_a_seat");
  });

  it("turns a hook around three times in a row, then lets it go and says what was left", async () => {
    const { token, name, file } = await seat();
    const id = await file("Work");
    await say(token, "turn.open");
    assert.equal((await notClosed(token, { hook: "first" })).code, "turn.unfinished");
    for (let times = 0; times < 2; times++)
      assert.equal((await notClosed(token, { hook: "again" })).code, "turn.unfinished");
    assert.equal((await notClosed(token)).code, "turn.unfinished", "only a hook is let go");
    assert.equal((await ask(token, "turn.show")).turned_around, 3);
    const let_go = await close(token, { hook: "again" });
    assert.deepEqual([let_go.let_go, let_go.left], [true, [id]]);
    const [entry] = await entries("turn.closed", name);
    assert.deepEqual([entry.data.let_go, entry.data.left, entry.data.turned_around], [true, [id], 3]);
    assert.equal((await notClosed(token, { hook: "first" })).code, "turn.unfinished", "the next stop is a new one");
  });
});

it("lets a hook go also where its program calls every stop the first", async () => {
  const { token, file } = await seat();
  await file("Work");
  for (let times = 0; times < 3; times++) await notClosed(token, { hook: "first" });
  assert.equal((await close(token, { hook: "first" })).let_go, true);
});

describe("The begin of a turn", () => {
  it("hands over the brief and the warmest tickets, and answers the same turn again without an entry", async () => {
    const { token, name, file } = await seat();
    const id = await file("Work\nwith a second line");
    const turn = await say(token, "turn.open");
    assert.deepEqual([turn.seat, turn.turn, turn.opened], [name, 1, true]);
    assert.deepEqual([turn.warm.length, turn.warm[0].id, turn.warm[0].warmth], [1, id, 3]);
    assert.match(turn.text, new RegExp(name));
    assert.match(turn.text, new RegExp(`- ${id} Work with a second line \\(.*\`longwatch ticket claim --id ${id}\``));
    const again = await say(token, "turn.open");
    assert.deepEqual([again.turn, again.opened, again.opened_at], [1, false, turn.opened_at]);
    assert.equal((await entries("turn.opened", name)).length, 1);
    await say(token, "ticket.claim", { id });
    assert.equal((await close(token)).closed, true);
    assert.equal((await say(token, "turn.open")).turn, 2);
  });

  it("of a session that replaced another names the turn that nobody ended", async () => {
    const { token, name } = await seat();
    await say(token, "turn.open");
    const next = await say(operator, "seat.adopt", { name, replace: true });
    assert.deepEqual([(await say(next.token, "turn.open")).turn], [2]);
    const opened = await entries("turn.opened", name);
    assert.deepEqual(
      opened.map(({ data }: { data: { abandoned?: number } }) => data.abandoned),
      [undefined, 1],
    );
  });
});

it("moves no ticket: the fold over the ledger gives the tables", async () => {
  assert.equal((await ask(operator, "ticket.drift")).differences, 0);
});
