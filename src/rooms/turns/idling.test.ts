import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator, say, ask, refused, sql } = world;
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "CAMBER" });

let lanes = 0;
async function seat(lane = `LANE${++lanes}`) {
  const name = `CLAUDE-CLI-BOX-${lane}-${String(++lanes).padStart(2, "0")}`;
  const token = await world.seat(name);
  const file = async (title: string, more: object = {}) =>
    (await say(token, "ticket.file", { namespace: "CMB", title, lane, ...more })).id as string;
  return { name, token, lane, file, idle: () => say(token, "turn.close", { empty: true }) };
}
/** As if so many seconds had gone by since the cycles of a seat. */
const pass = (seconds: number, name: string) =>
  sql(
    `update turns.cycles c set at = c.at - make_interval(secs => $1),
       previous_at = previous_at - make_interval(secs => $1)
     from seats.principals p where p.tenant_id = c.tenant_id and p.id = c.seat_id and p.name = $2`,
    [seconds, name],
  );

describe("An idle cycle", () => {
  it("J16: counts every 120 s, and the third in a row retires the seat with its last three snapshots", async () => {
    const { token, name, lane, idle } = await seat();
    const other = await seat(lane);
    const [held, blocked] = [await other.file("In work"), await other.file("Stuck")];
    const { claim_token } = await say(other.token, "ticket.claim", { id: held });
    await say(other.token, "ticket.block", { id: blocked, reason: "waits for the operator" });
    assert.deepEqual(await idle(), {
      ...{ seat: name, closed: true, left: [], let_go: false, cycle: 1, again_seconds: 120, retired: false },
    });
    const soon = await idle();
    assert.deepEqual([soon.closed, soon.cycle], [false, 1]);
    assert.ok(soon.again_seconds > 110 && soon.again_seconds <= 120, `${soon.again_seconds}`);
    await pass(119, name);
    assert.equal((await idle()).closed, false);
    await pass(1, name);
    assert.equal((await idle()).cycle, 2);
    await say(other.token, "ticket.renew", { id: held, claim_token });
    await pass(121, name);
    const last = await idle();
    assert.deepEqual([last.cycle, last.retired, last.again_seconds], [3, true, null]);
    assert.equal((await refused(token, "turn.close")).code, "token.unknown");
    const { entries } = await ask(operator, "feed.read", { limit: 1000 });
    const own = entries.filter((entry: { actor: string }) => entry.actor === name);
    assert.deepEqual(
      own.map(({ kind }: { kind: string }) => kind),
      ["turn.idled", "turn.idled", "turn.idled", "post.appended", "seat.retired"],
    );
    const post = own.at(-2).data;
    assert.deepEqual([post.kind, post.subject], ["narrative", `${name} RETIRING`]);
    for (const cycle of [1, 2, 3])
      assert.match(
        post.body,
        new RegExp(
          `^${cycle}\\. 20\\S+Z lane ${lane}; claimable: none; active: ${held} \\(${other.name}\\); ` +
            `waiting: ${blocked} \\(blocked\\)`,
          "m",
        ),
      );
    const again = await say(operator, "seat.adopt", { name });
    assert.equal((await say(again.token, "turn.close", { empty: true })).cycle, 1, "a new session begins anew");
  });

  it("is refused while something can be claimed or is held, and the count begins anew", async () => {
    const { token, name, file, idle } = await seat();
    await idle();
    await pass(200, name);
    const id = await file("Work after all");
    const claimable = await refused(token, "turn.close", { empty: true });
    assert.deepEqual(
      [claimable.code, claimable.hint],
      ["turn.not_empty", `Claim it: longwatch ticket claim --id ${id}`],
    );
    const { claim_token } = await say(token, "ticket.claim", { id });
    assert.deepEqual((await refused(token, "turn.close", { empty: true })).facts.held, [id]);
    await say(token, "ticket.finish", { id, claim_token, work_proof: "commit 1a2b3c4" });
    assert.equal((await idle()).cycle, 1);
    await pass(200, name);
    const quick = await file("Quick");
    const claimed = await say(token, "ticket.claim", { id: quick });
    await say(token, "ticket.finish", { id: quick, claim_token: claimed.claim_token, work_proof: "commit 2" });
    assert.equal((await idle()).cycle, 1, "what was finished between two cycles breaks the row");
  });

  it("looks at the objectives of what the seat did first, in whatever lane", async () => {
    const { token, file, idle } = await seat();
    const elsewhere = await seat();
    const parent = await elsewhere.file("The objective", { closes_when: "everybody can sign in" });
    const part = await file("Its first part", { parent });
    const { claim_token } = await say(token, "ticket.claim", { id: part });
    await say(token, "ticket.finish", { id: part, claim_token, work_proof: "commit 1a2b3c4" });
    const next = await elsewhere.file("Its second part", { parent });
    const refusal = await refused(token, "turn.close", { empty: true });
    const [first] = refusal.facts.claimable as { id: string; because: string[] }[];
    assert.deepEqual([first!.id, first!.because], [next, [`is another part of ${parent}`]]);
    await say(operator, "ticket.cancel", { id: next, reason: "not needed" });
    const closing = (await refused(token, "turn.close", { empty: true })).facts.claimable as { id: string }[];
    assert.deepEqual(
      closing.map(({ id }) => id),
      [parent],
      "all its parts are over: somebody has to close it",
    );
    await say(operator, "ticket.park", { id: parent, reason: "next quarter" });
    assert.equal((await idle()).cycle, 1);
    const { entries } = await ask(operator, "feed.read", { limit: 1000 });
    assert.deepEqual(entries.findLast(({ kind }: { kind: string }) => kind === "turn.idled").data.objectives, [parent]);
  });

  it("cannot be told sooner, in another order or a fourth time by the database itself", async () => {
    const { name, idle } = await seat();
    await idle();
    const insert = (cycle: number, at: string, previous_at: string | null) =>
      sql(
        `insert into turns.cycles (tenant_id, seat_id, cycle, incarnation, at, previous_at, snapshot)
         select c.tenant_id, c.seat_id, $2, c.incarnation, ${at}, ${previous_at}, '{}' from turns.cycles c
         join seats.principals p on p.tenant_id = c.tenant_id and p.id = c.seat_id where p.name = $1 limit 1`,
        [name, cycle],
      );
    const constraint = async (...said: Parameters<typeof insert>) => (await sqlError(insert(...said))).constraint;
    assert.equal(await constraint(2, "c.at + interval '119 s'", "c.at"), "cycles_apart");
    assert.equal(await constraint(2, "c.at + interval '300 s'", "c.at - interval '1 hour'"), "cycle_follows");
    assert.equal(await constraint(3, "c.at + interval '300 s'", "c.at"), "cycle_follows");
    assert.equal(await constraint(2, "c.at + interval '300 s'", "null"), "first_cycle_has_none_before");
    assert.equal(await constraint(4, "c.at + interval '300 s'", "c.at"), "cycle_of_three");
  });
});
