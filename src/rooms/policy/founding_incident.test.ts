import assert from "node:assert/strict";
import { test } from "node:test";
import { testWorld } from "../../../test/harness.ts";

/**
 * DEP-1 (origins F), 2026-04-16: a leader under pressure cherry-picked a patch onto production while three implementers
 * of its lane were idle, and production was down for 30 seconds. At that moment the deploy is denied, and the denial
 * names the three.
 */

const world = await testWorld();
const { operator } = world;

const LEADER = "CLAUDE-DESKTOP-MacBook-Air-CAMBER-02";
const CLAIMER = "CODEX-DESKTOP-MacBook-Air-HEARTWOOD-01";
const IMPLEMENTERS = ["02", "03", "04"].map((number) => `CODEX-DESKTOP-MacBook-Air-CAMBER-${number}`);
/** What the record says of the day, and how long before the deploy each seat was last heard to have done something. */
const CLAIMED_AT = "2026-04-16T17:10:48Z";
const DISPATCHED_AT = "2026-04-16T17:41:23Z";
const idle_minutes: Record<string, number> = { [IMPLEMENTERS[0]!]: 9, [IMPLEMENTERS[1]!]: 21, [IMPLEMENTERS[2]!]: 14 };

const deploy = {
  action: "deploy",
  action_properties: { text: "vercel deploy --prod" },
  resource_type: "environment",
  resource_id: "production",
  resource_properties: { production: true },
};

test("J25: the leader's deploy is denied (DEP-1), and the denial names its lane's three idle seats", async () => {
  const leader = await world.seat(LEADER, "strategist");
  const claimer = await world.seat(CLAIMER);
  for (const name of IMPLEMENTERS) await world.seat(name);
  // A seat of another lane that is idle too, another leader, and an implementer of the lane that went away.
  await world.seat("GEMINI-DESKTOP-MacBook-Air-CAMBER-05", "strategist");
  await world.seat("CODEX-DESKTOP-MacBook-Air-CAMBER-06");
  await world.say(operator, "namespace.define", { prefix: "HWD", format: "HWD-NNNN", lane: "HEARTWOOD" });
  for (let number = 1; number <= 13; number++)
    await world.say(leader, "ticket.file", { namespace: "HWD", title: `Heartwood ${number}` });
  const { claim_token } = await world.say(claimer, "ticket.claim", { id: "HWD-0013", lease_seconds: 3600 });
  await world.say(claimer, "seat.beat", { status: "busy" });
  await world.sql("update seats.principals set heard_at = now() - interval '10 minutes' where name like '%-CAMBER-06'");
  for (const [name, minutes] of Object.entries(idle_minutes))
    await world.sql("update seats.principals set adopted_at = now() - make_interval(mins => $2) where name = $1", [
      name,
      minutes,
    ]);

  const denial = await world.say(leader, "policy.decide", deploy);

  assert.equal(denial.decision, false);
  assert.deepEqual(denial.rules.slice(0, 1), ["strategists-delegate"]);
  const { protocol } = denial;
  assert.equal(protocol.via, "dispatch");
  assert.deepEqual(
    protocol.offers.map((offer: any) => [offer.rank, offer.seat, offer.lane, offer.state, offer.idle_seconds / 60]),
    [
      [1, IMPLEMENTERS[1], "CAMBER", "idle", 21],
      [2, IMPLEMENTERS[2], "CAMBER", "idle", 14],
      [3, IMPLEMENTERS[0], "CAMBER", "idle", 9],
    ],
    "exactly the three of the record, the longest idle first; not its namesake the leader itself",
  );
  assert.equal(protocol.command, `longwatch ticket dispatch --decision ${denial.id} --to ${IMPLEMENTERS[1]}`);
  assert.deepEqual(
    protocol.offers.map(({ command }: any) => command),
    protocol.offers.map(({ seat }: any) => `longwatch ticket dispatch --decision ${denial.id} --to ${seat}`),
  );
  const [first, ...others] = protocol.offers;
  assert.ok(first.held_until, "the first is held");
  assert.deepEqual(
    others.map(({ held_until }: any) => held_until),
    [null, null],
  );
  // HWD-0013 stays with the one who claimed it.
  await world.say(claimer, "ticket.renew", { id: "HWD-0013", claim_token });

  // In the record it took from the claim to the dispatch of HWD-0014 this long. The denial comes with the act itself.
  const record_seconds = (Date.parse(DISPATCHED_AT) - Date.parse(CLAIMED_AT)) / 1000;
  assert.equal(record_seconds, 30 * 60 + 35);
  const [{ seconds }] = await world.sql(
    `select extract(epoch from d.at - t.claimed_at)::float as seconds from policy.decisions d, tickets.tickets t
     where d.id = $1 and t.id = 'HWD-0013'`,
    [denial.id],
  );
  assert.ok(seconds >= 0 && seconds < record_seconds);

  // The short name that both bear finds neither; the whole name in the offer is the implementer's.
  const ambiguous = await world.refused(operator, "policy.decide", { ...deploy, subject_id: "CAMBER-02" });
  assert.equal(ambiguous.code, "seat.ambiguous");
  assert.deepEqual(ambiguous.facts.candidates, [LEADER, IMPLEMENTERS[0]]);
});

test("DEP-1: the seat that claimed the ticket may deploy it", async () => {
  const { token } = await world.say(operator, "seat.adopt", { name: CLAIMER, replace: true });
  const denied = await world.say(token, "policy.decide", deploy);
  assert.deepEqual([denied.decision, denied.protocol.via], [false, "claim"], "a claim of the session before is none");
  assert.equal(denied.protocol.command, "longwatch ticket claim --lane HEARTWOOD");
  await world.say(token, "ticket.claim", { lane: "HEARTWOOD" });
  const allowed = await world.say(token, "policy.decide", deploy);
  assert.deepEqual([allowed.decision, allowed.protocol, allowed.rung], [true, null, "L0"]);
});
