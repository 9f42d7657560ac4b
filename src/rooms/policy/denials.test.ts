import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import { operations } from "../rooms.ts";

/** What a denial offers: idle seats, held for a moment; or when one is free; or an escalation. */

const deploy = {
  action: "deploy",
  resource_type: "environment",
  resource_id: "production",
  resource_properties: { production: true },
};

/** A fleet of its own: a leader for each name, and as many idle implementers. */
async function fleet(leaders: number, implementers: number) {
  const world = await testWorld();
  const names = (count: number, who: string) => Array.from({ length: count }, (_, n) => `${who}-CLI-BOX-WEB-0${n + 1}`);
  const tokens: string[] = [];
  for (const name of names(leaders, "CLAUDE")) tokens.push(await world.seat(name, "strategist"));
  const idle = names(implementers, "CODEX");
  const seats = new Map<string, string>();
  for (const name of idle) seats.set(name, await world.seat(name));
  const decide = (token: string, input: object = deploy) => world.say(token, "policy.decide", input);
  const offered = ({ protocol }: any): string[] => protocol.offers.map(({ seat }: any) => seat);
  return { ...world, tokens, idle, seats, decide, offered };
}

describe("Offers", () => {
  test("of ten leaders at once are ten held seats, one for each (no stampede)", async () => {
    const { tokens, decide, offered } = await fleet(9, 9);
    const denials = await Promise.all(tokens.map((token) => decide(token)));
    const held = denials.map((denial) => offered(denial)[0]);
    assert.equal(new Set(held).size, 9);
    const again = await Promise.all(tokens.map((token) => decide(token)));
    assert.deepEqual(
      again.map((denial) => offered(denial)[0]),
      held,
      "who asks again keeps its seat",
    );
    for (const denial of again) assert.deepEqual(offered(denial), [offered(denial)[0]], "the rest are held for others");
  });

  test("are none while all who may are held for others: the first free instant is told, and the lane", async () => {
    const { tokens, idle, decide, offered, sql } = await fleet(3, 2);
    const [first, second, third] = tokens as [string, string, string];
    const denial = await decide(first);
    assert.deepEqual(offered(denial), idle);
    assert.deepEqual(offered(await decide(second)), [idle[1]]);
    const { id, protocol } = await decide(third);
    assert.deepEqual([protocol.via, protocol.offers, protocol.escalation], ["dispatch", [], null]);
    assert.equal(protocol.free_at, denial.protocol.offers[0].held_until);
    assert.match(protocol.do, new RegExp(protocol.free_at));
    assert.equal(protocol.command, `longwatch ticket dispatch --decision ${id} --lane WEB`);
    // A hold ends by itself.
    await sql("update policy.holds set held_at = held_at - interval '61 s', held_until = held_until - interval '61 s'");
    assert.deepEqual(offered(await decide(third)), idle);
    assert.deepEqual(offered(await decide(first)), [idle[1]]);
  });

  test("prefer who has the least work, counting what a seat was given and has not claimed", async () => {
    const { tokens, idle, seats, decide, offered, say, operator, sql } = await fleet(1, 3);
    await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN" });
    await sql("update seats.principals set adopted_at = '2026-01-01', output_at = now() where name like 'CODEX%'");
    const file = async () => (await say(operator, "ticket.file", { namespace: "WEB", title: "Work" })).id;
    const given = await file();
    await say(operator, "ticket.assign", { id: given, owner: idle[0], reason: "it fits" });
    await say(seats.get(idle[1]!)!, "ticket.claim", { id: await file() });
    await say(seats.get(idle[1]!)!, "ticket.claim", { id: await file() });
    assert.deepEqual(offered(await decide(tokens[0]!)), [idle[2], idle[0], idle[1]]);
  });

  test("may do it for real: each offered seat that claims a ticket is allowed (POL-ROUNDTRIP)", async () => {
    const { tokens, seats, decide, offered, say, operator } = await fleet(1, 3);
    await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN" });
    const names = offered(await decide(tokens[0]!));
    assert.equal(names.length, 3);
    for (const name of names) {
      assert.equal((await decide(seats.get(name)!)).decision, false, "not without a claim");
      await say(operator, "ticket.file", { namespace: "WEB", title: "Deploy it" });
      await say(seats.get(name)!, "ticket.claim", { lane: "WEB" });
      assert.equal((await decide(seats.get(name)!)).decision, true);
    }
  });

  test("name nobody of another tenant (POL-NOLEAK)", async () => {
    const world = await fleet(1, 1);
    const { token } = await world.say(world.operator, "tenant.open", { name: "other" });
    const other = await world.say(token, "seat.adopt", { name: "CLAUDE-CLI-BOX-WEB-01", role: "strategist" });
    await world.say(token, "seat.adopt", { name: "CODEX-CLI-BOX-WEB-07" });
    assert.deepEqual(world.offered(await world.decide(other.token)), ["CODEX-CLI-BOX-WEB-07"]);
    assert.deepEqual(world.offered(await world.decide(world.tokens[0]!)), world.idle);
  });

  test("for an act above the lowest rung are those who were granted it, and no others", async () => {
    const { tokens, idle, seats, decide, offered, say, operator } = await fleet(1, 2);
    const migrate = { ...deploy, action: "migrate", resource_type: "database", resource_id: "orders" };
    assert.equal((await decide(tokens[0]!, migrate)).protocol.via, "escalate");
    await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN" });
    await say(operator, "ticket.file", { namespace: "WEB", title: "Migrate" });
    const chosen = seats.get(idle[1]!)!;
    const { id, claim_token } = await say(chosen, "ticket.claim", { lane: "WEB" });
    const { protocol } = await decide(chosen, migrate);
    await say(operator, "approval.decide", {
      id: protocol.approval,
      verdict: "grant",
      reason: "the plan was reviewed",
    });
    await say(chosen, "ticket.release", { id, claim_token, reason: "given back" });
    assert.deepEqual(offered(await decide(tokens[0]!, migrate)), [idle[1]]);
    const quoting = { ...migrate, context: { tickets: ["WEB-0001"] } };
    assert.deepEqual(offered(await decide(tokens[0]!, quoting)), [idle[1]], "its commits will name its own ticket");
  });
});

describe("Where nobody may", () => {
  test("one escalation is open for an act, is told instead of an empty list, and is closed with a note", async () => {
    const { tokens, decide, ask, say, operator, refused, sql } = await fleet(2, 0);
    const denials = await Promise.all(Array.from({ length: 20 }, () => decide(tokens[0]!)));
    const numbers = new Set(denials.map(({ protocol }) => protocol.escalation));
    assert.equal(numbers.size, 1);
    const [id] = [...numbers];
    const { protocol } = denials[0];
    assert.deepEqual([protocol.via, protocol.offers], ["escalate", []]);
    assert.equal(protocol.command, `longwatch escalation list --id ${id}`);
    assert.notEqual((await decide(tokens[1]!)).protocol.escalation, id, "another asker has another");
    const { escalations } = await ask(tokens[0]!, "escalation.list", { id });
    const [{ asker, action, decision, closed_at }] = escalations;
    const first = Math.min(...denials.map((one) => one.id));
    assert.deepEqual([asker, action, decision, closed_at], ["CLAUDE-CLI-BOX-WEB-01", "deploy", first, null]);
    const opened = await sql("select from ledger.entries where kind = 'escalation.opened'");
    assert.equal(opened.length, 2);
    await say(operator, "escalation.close", { id, note: "An implementer comes on Monday." });
    assert.equal((await refused(operator, "escalation.close", { id, note: "again" })).code, "escalation.closed");
    assert.equal((await refused(operator, "escalation.close", { id: 99, note: "x" })).code, "escalation.unknown");
    const next = (await decide(tokens[0]!)).protocol.escalation;
    assert.ok(!numbers.has(next), "after it was closed the same act opens another");
    const open = (await ask(operator, "escalation.list")).escalations.map((one: any) => one.id);
    assert.ok(open.includes(next) && !open.includes(id));
    assert.equal((await ask(operator, "escalation.list", { closed: true })).escalations.length, 3);
  });

  test("a seat that comes to be idle is offered, whatever was escalated before", async () => {
    const { tokens, decide, offered, seat } = await fleet(1, 0);
    assert.equal((await decide(tokens[0]!)).protocol.via, "escalate");
    await seat("CODEX-CLI-BOX-API-01");
    assert.deepEqual(offered(await decide(tokens[0]!)), ["CODEX-CLI-BOX-API-01"]);
  });
});

test("A denial whose seat cannot be held is not given: all of it is one commit (POL-ATOMIC)", async () => {
  const { tokens, idle, decide, offered, refused, sql } = await fleet(1, 1);
  await decide(tokens[0]!);
  await sql("revoke insert, update on policy.holds from longwatch_app");
  assert.equal((await refused(tokens[0]!, "policy.decide", deploy)).code, "kernel.bug");
  const [{ decisions, entries }] = await sql(
    `select (select count(*)::int from policy.decisions) as decisions,
       (select count(*)::int from ledger.entries where kind = 'policy.decided') as entries`,
  );
  assert.deepEqual([decisions, entries], [1, 1]);
  await sql("grant insert, update on policy.holds to longwatch_app");
  assert.deepEqual(offered(await decide(tokens[0]!)), idle);
});

test("Who does not hold the ticket of its commits is told to claim that one, not the next of its lane", async () => {
  const { idle, seats, decide, say, operator } = await fleet(0, 1);
  const implementer = seats.get(idle[0]!)!;
  await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN" });
  for (const title of ["The next", "Meant", "Meant too"])
    await say(operator, "ticket.file", { namespace: "WEB", title });
  const commands: string[] = [];
  // As a shell runs it: its words after `longwatch ticket claim --id`.
  const asTold = ({ protocol }: any) => {
    commands.push(protocol.command);
    return say(implementer, "ticket.claim", { id: protocol.command.split(" ").at(-1) });
  };
  const act = { ...deploy, context: { tickets: ["WEB-0002", "WEB-0003"] } };
  await asTold(await decide(implementer, act));
  await asTold(await decide(implementer, act));
  assert.deepEqual(commands, ["longwatch ticket claim --id WEB-0002", "longwatch ticket claim --id WEB-0003"]);
  assert.equal((await decide(implementer, act)).decision, true);
});

test("Every command that a denial names is one that its asker may say", async () => {
  const { tokens, idle, seats, decide, say, operator, seat } = await fleet(1, 1);
  const auditor = await seat("CLAUDE-CLI-BOX-AUDIT-01", "auditor");
  const implementer = seats.get(idle[0]!)!;
  const unheld = [
    [await decide(implementer), "implementer"],
    [await decide(implementer, { ...deploy, subject_id: "me/helper" }), "implementer"],
    [await decide(tokens[0]!), "strategist"],
    [
      await decide(tokens[0]!, { action: "direct", resource_type: "seat", resource_id: "CLAUDE-CLI-BOX-WEB-01" }),
      "strategist",
    ],
    [await decide(auditor), "auditor"],
  ] as const;
  await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN" });
  await say(operator, "ticket.file", { namespace: "WEB", title: "Work" });
  await say(implementer, "ticket.claim", { lane: "WEB" });
  const held = [
    [await decide(implementer, { ...deploy, action: "migrate" }), "implementer"],
    [await decide(implementer, { ...deploy, action: "spend" }), "implementer"],
    [await decide(implementer, { ...deploy, action: "dance" }), "implementer"],
  ] as const;
  const said = new Map<string, string[]>();
  for (const [{ decision, protocol }, role] of [...unheld, ...held]) {
    assert.equal(decision, false);
    const [, noun, verb, ...words] = protocol.command.split(" ");
    const operation = operations.find(({ name }) => name === `${noun}.${verb}`);
    // The delegation's room stands above this one; its test runs what is offered.
    if (`${noun}.${verb}` !== "ticket.dispatch") {
      assert.ok(operation, protocol.command);
      assert.ok((operation.may as readonly string[]).includes(role), `a ${role} may not say ${protocol.command}`);
    }
    assert.doesNotMatch(protocol.command, /[{}<>]/);
    said.set(protocol.via, [...(said.get(protocol.via) ?? []), ...words]);
  }
  assert.deepEqual([...said.keys()].sort(), ["approval", "claim", "consent", "dispatch", "escalate", "propose"].sort());
});
