import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../../test/harness.ts";
import { actingDoor } from "./authority.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const { act } = await actingDoor(world);
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const other = await world.seat("CODEX-CLI-BOX-WEB-02");
const strategist = await world.seat("CLAUDE-STRAT", "strategist");
const peer = await world.seat("GEMINI-STRAT", "strategist");
const coordinator = await world.seat("ORA-OPS", "coordinator");
/** A seat that was made operator is still not the person. */
const deputy = await world.seat("DEPUTY", "operator");

let things = 0;
/** A thing that nothing was asked of before. */
const thing = () => ({ resource_id: `thing-${++things}` });
const erasing = () => ({ ...thing(), action: "delete" });
const decide = (token: string, id: number | null, verdict: "grant" | "reject", more: object = {}) =>
  say(token, "approval.decide", { id, verdict, reason: "looked at it", ...more });
const events = async (about: string) =>
  (await ask(operator, "feed.read", { about, limit: 1000 })).entries.map((entry: any) => ({
    kind: entry.kind,
    actor: entry.actor,
    data: entry.data,
  }));

describe("an act", () => {
  it("J36: on L0 is done without asking, above it is stopped and opens one approval, asked ever so often", async () => {
    assert.deepEqual(
      (({ acted, rung, approval }) => [acted, rung, approval])(await act(worker, { action: "deploy" })),
      [true, "L0", null],
    );
    const input = thing();
    const many = await Promise.all(Array.from({ length: 20 }, () => act(worker, input)));
    const ids = new Set(many.map(({ approval }) => approval));
    assert.deepEqual([ids.size, many.some(({ acted }) => acted), many[0]!.rung], [1, false, "L1"]);
    assert.equal((await act(worker, input)).approval, [...ids][0]);
    assert.notEqual((await act(other, input)).approval, [...ids][0], "another seat's ask is another ask");
    const elsewhere = await act(worker, { ...input, production: false });
    assert.deepEqual([elsewhere.acted, elsewhere.rung], [true, "L0"]);
  });

  it("that a strategist granted on L1 is let through once; the receipt says who, when, why and for what", async () => {
    const input = thing();
    const { approval, decision } = await act(worker, input);
    const granted = await decide(strategist, approval, "grant", { reason: "rehearsed on a copy" });
    assert.deepEqual([granted.state, granted.decided_by], ["granted", "CLAUDE-STRAT"]);
    const passed = await act(worker, input);
    assert.deepEqual([passed.acted, passed.approval], [true, approval]);
    const again = await act(worker, input);
    assert.equal(again.acted, false);
    assert.notEqual(again.approval, approval, "a used approval is not asked of again");
    const shown = await ask(operator, "approval.show", { id: approval });
    assert.deepEqual(
      [shown.decision, shown.decided_by, shown.reason, shown.used_by, shown.expires_at],
      [decision, "CLAUDE-STRAT", "rehearsed on a copy", passed.decision, granted.expires_at],
    );
    const [receipt] = await events(`approval-${approval}`);
    assert.deepEqual(
      [receipt.kind, receipt.actor, receipt.data.reason, receipt.data.subject],
      ["approval.granted", "CLAUDE-STRAT", "rehearsed on a copy", "CODEX-CLI-BOX-WEB-01"],
    );
  });

  it("twice in one batch uses one grant once", async () => {
    const input = thing();
    await decide(strategist, (await act(worker, input)).approval, "grant");
    const both = await Promise.all([act(worker, input), act(worker, input), act(worker, input)]);
    assert.equal(both.filter(({ acted }) => acted).length, 1);
  });

  it("whose grant has run out is stopped again; a grant lasts an hour, or what was said up to seven days", async () => {
    const input = thing();
    const { approval } = await act(worker, input);
    const { expires_at } = await decide(strategist, approval, "grant");
    const shown = await ask(operator, "approval.show", { id: approval });
    assert.equal(Date.parse(expires_at) - Date.parse(shown.decided_at), 3_600_000);
    await world.sql("set session_replication_role = replica");
    await world.sql(
      "update policy.approvals set decided_at = now() - interval '2 hours', expires_at = now() where id = $1",
      [approval],
    );
    await world.sql("set session_replication_role = origin");
    const late = await act(worker, input);
    assert.deepEqual([late.acted, late.approval === approval], [false, false]);
    const long = await refused(strategist, "approval.decide", {
      id: late.approval,
      verdict: "grant",
      reason: "r",
      lasts_seconds: 7 * 86_400 + 1,
    });
    assert.deepEqual([long.code, long.fields[0]!.field], ["input.invalid", "lasts_seconds"]);
    await decide(strategist, late.approval, "grant", { lasts_seconds: 7 * 86_400 });
  });

  it("that was rejected is answered by the rejection and its reason for a day, and then asked anew", async () => {
    const input = thing();
    const { approval } = await act(worker, input);
    await decide(strategist, approval, "reject", { reason: "the copy lost rows" });
    const again = await act(worker, input);
    assert.deepEqual([again.acted, again.approval, again.reason], [false, approval, "the copy lost rows"]);
    await world.sql("set session_replication_role = replica");
    await world.sql("update policy.approvals set decided_at = now() - interval '25 hours' where id = $1", [approval]);
    await world.sql("set session_replication_role = origin");
    const anew = await act(worker, input);
    assert.deepEqual([anew.acted, anew.approval! > approval!], [false, true]);
  });
});

describe("a verdict", () => {
  it("is final: a second one is refused with the first", async () => {
    const { approval } = await act(worker, thing());
    await decide(strategist, approval, "grant", { reason: "fine" });
    const refusal = await refused(peer, "approval.decide", { id: approval, verdict: "reject", reason: "no" });
    assert.deepEqual(
      [refusal.code, refusal.facts.decided_by, refusal.facts.reason],
      ["approval.granted", "CLAUDE-STRAT", "fine"],
    );
    const update = "update policy.approvals set reason = 'other' where id = $1";
    assert.equal((await sqlError(world.asApplication(update, [approval]))).code, "LW014");
  });

  it("is never the asker's, nor that of the asker's seat, whoever asks in its name", async () => {
    const own = await act(strategist, thing());
    const sub = await act(operator, { ...thing(), subject: "CLAUDE-STRAT/scout" });
    for (const { approval } of [own, sub]) {
      const refusal = await refused(strategist, "approval.decide", { id: approval, verdict: "grant", reason: "r" });
      assert.deepEqual([refusal.code, refusal.kind], ["approval.own", "denied"]);
      assert.equal((await decide(peer, approval, "grant")).state, "granted");
    }
    const mine = await act(operator, { ...thing(), action: "spend" });
    const refusal = await refused(operator, "approval.decide", { id: mine.approval, verdict: "grant", reason: "r" });
    assert.equal(refusal.code, "approval.own");
    assert.match(refusal.hint!, /consent\.give/);
    // The operator may ask for a seat, and still be the one who decides.
    const named = await act(operator, { ...erasing(), subject: "CODEX-CLI-BOX-WEB-01" });
    assert.equal((await decide(operator, named.approval, "grant")).state, "granted");
  });

  it("on L2 is the operator's own: no strategist's, and no seat's that has his role", async () => {
    const { approval, rung } = await act(worker, erasing());
    assert.equal(rung, "L2");
    for (const token of [strategist, deputy])
      for (const verdict of ["grant", "reject"]) {
        const refusal = await refused(token, "approval.decide", { id: approval, verdict, reason: "r" });
        assert.deepEqual([refusal.code, refusal.kind], ["approval.above_you", "denied"]);
      }
    for (const token of [worker, coordinator])
      assert.equal(
        (await refused(token, "approval.decide", { id: approval, verdict: "grant", reason: "r" })).code,
        "role.forbidden",
      );
    const { decided_by } = await decide(operator, approval, "grant");
    assert.equal(decided_by, "operator");
  });

  it("needs a reason and a number that is there", async () => {
    const { approval } = await act(worker, thing());
    for (const reason of ["", "  \n"]) {
      const refusal = await refused(strategist, "approval.decide", { id: approval, verdict: "grant", reason });
      assert.deepEqual([refusal.code, refusal.fields[0]!.field], ["input.invalid", "reason"]);
    }
    const refusal = await refused(strategist, "approval.decide", { id: 999_999, verdict: "grant", reason: "r" });
    assert.deepEqual([refusal.code, refusal.fields[0]!.field], ["approval.unknown", "id"]);
  });
});

describe("PostgreSQL refuses", async () => {
  const { approval } = await act(worker, erasing());
  const [{ id: worker_id }] = await world.sql("select id from seats.principals where name = 'CODEX-CLI-BOX-WEB-01'");
  const set = (columns: string) =>
    sqlError(world.asApplication(`update policy.approvals set ${columns} where id = $1`, [approval]));
  const verdict = (more: string, until = "1 hour") =>
    set(`state = 'granted', decided_at = now(), reason = 'r', expires_at = now() + interval '${until}', ${more}`);
  const by = (id: unknown, name: string, role: string, kind: string) =>
    `decided_by = ${id}, decider = '${name}', decided_role = '${role}', decided_kind = '${kind}'`;

  const ways: [way: string, outcome: () => Promise<{ code: string; constraint?: string }>, constraint: string][] = [
    ["a grant without anybody", () => set("state = 'granted'"), "verdict_told"],
    ["a rejection without a reason", () => set(`state = 'rejected', decided_at = now()`), "verdict_told"],
    ["the asker as decider", () => verdict(by(worker_id, "x", "operator", "person")), "decider_is_not_asker"],
    [
      "its sub-agent as decider",
      () => verdict(by(1, "CODEX-CLI-BOX-WEB-01/scout", "operator", "person")),
      "decider_is_not_kin",
    ],
    ["a strategist on L2", () => verdict(by(1, "x", "strategist", "person")), "decider_may"],
    ["a seat on L2", () => verdict(by(1, "x", "operator", "seat")), "decider_may"],
    ["a grant for eight days", () => verdict(by(1, "x", "operator", "person"), "8 days"), "grant_ends"],
  ];
  for (const [way, outcome, constraint] of ways)
    it(way, async () => {
      const error = await outcome();
      assert.deepEqual([error.code, error.constraint], ["23514", constraint]);
    });

  it("a younger age, another question, and an approval that begins granted (42501)", async () => {
    for (const column of ["asked_at = now()", "action = 'push'", "subject = 'x'", "resource_id = 'x'", "asked_by = 1"])
      assert.equal((await set(column)).code, "42501", column);
    const insert = `insert into policy.approvals (tenant_id, subject, action, resource_type, resource_id, production,
      rung, decision, asked_by, state) values (1, 's', 'a', 't', 'r', true, 'L1', 1, 1, 'granted')`;
    assert.equal((await sqlError(world.asApplication(insert))).code, "42501");
  });

  it("a second open approval of one ask", async () => {
    const insert = `insert into policy.approvals (tenant_id, subject, action, resource_type, resource_id, production,
      rung, decision, asked_by) select tenant_id, subject, action, resource_type, resource_id, production, rung,
      decision, asked_by from policy.approvals where id = $1`;
    assert.equal((await sqlError(world.asApplication(insert, [approval]))).constraint, "one_open_approval");
  });
});

describe("a list of what waits", () => {
  it("leaves out what needs nobody any more and says why: consented to, or its seat is gone (J33)", async () => {
    const [consented, orphan, open] = [erasing(), erasing(), erasing()];
    const gone = await world.seat("CODEX-CLI-BOX-WEB-77");
    const first = await act(worker, consented);
    const second = await act(gone, orphan);
    const third = await act(worker, open);
    const { id } = await say(operator, "consent.give", {
      words: "yes, delete it today",
      subject: "CODEX-CLI-BOX-WEB-01",
      action: "delete",
      resource_type: "database",
      resource_id: consented.resource_id,
    });
    await say(operator, "seat.retire", { seat: "CODEX-CLI-BOX-WEB-77" });
    const { items, moot, pending, oldest_seconds } = await ask(operator, "approval.list", { rung: "L2", limit: 500 });
    const ids = items.map((item: any) => item.id);
    assert.deepEqual(
      [first, second, third].map(({ approval }) => ids.includes(approval)),
      [false, false, true],
    );
    assert.ok(moot.includes(`${first.approval}: Consent ${id} covers it.`), moot.join());
    assert.ok(moot.includes(`${second.approval}: CODEX-CLI-BOX-WEB-77 is retired.`), moot.join());
    assert.ok(pending >= 3 && oldest_seconds >= 0);
  });

  it("counts the verdicts of the last hour; a move is none (J32)", async () => {
    const before = (await ask(operator, "approval.list")).decided_in_an_hour;
    const { approval } = await act(worker, thing());
    await say(operator, "rung.set", { action: "migrate", rung: "L2", where: "production", reason: "look closer" });
    assert.equal((await ask(operator, "approval.list")).decided_in_an_hour, before);
    await decide(operator, approval, "reject");
    assert.equal((await ask(operator, "approval.list")).decided_in_an_hour, before + 1);
    await say(operator, "rung.set", { action: "migrate", rung: "L1", where: "production", reason: "as it was" });
  });
});
