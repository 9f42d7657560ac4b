import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { surroundings } from "../../../test/surroundings.ts";
import { sqlError, testServer } from "../../../test/harness.ts";
import { anotherDoor } from "../../kernel/door.fixture.ts";

const world = await testServer();
const { operator } = world;
const LEADER = "CLAUDE-DESKTOP-Studio-CAMBER-01";
const [FIRST, SECOND] = ["02", "03"].map((number) => `CODEX-CLI-Studio-CAMBER-${number}`) as [string, string];
const leader = await world.seat(LEADER, "strategist");
const peer = await world.seat("GEMINI-CLI-Studio-CAMBER-09", "strategist");
const first = await world.seat(FIRST);
const second = await world.seat(SECOND);

const deploy = {
  action: "deploy",
  action_properties: { text: "vercel deploy\n  --prod" },
  resource_type: "environment",
  resource_id: "production",
  resource_properties: { production: true },
};
const deny = (token = leader, more: object = {}) => world.say(token, "policy.decide", { ...deploy, ...more });
/** Types a printed command, as the shell would hand it on. */
const type = (token: string, line: string) => {
  const [program, noun, verb, ...rest] = line.split(" ");
  assert.equal(program, "longwatch");
  const input: Record<string, string | number> = {};
  for (let at = 0; at < rest.length; at += 2) {
    const value = rest[at + 1]!;
    input[rest[at]!.slice(2).replaceAll("-", "_")] = /^\d+$/.test(value) ? Number(value) : value;
  }
  return world.say(token, `${noun}.${verb}`, input);
};
const events = async (about: string) =>
  (await world.ask(operator, "feed.read", { about, limit: 1000 })).entries as { kind: string; data: any }[];
const show = (id: string) => world.ask(operator, "ticket.show", { id });
const tickets = async (): Promise<number> => (await world.sql("select count(*)::int from tickets.tickets"))[0].count;
/** Ends what denials hold, so that the next test finds every seat free. */
const letGo = () => world.sql("delete from policy.holds");

describe("a dispatch out of a denial", () => {
  it("without any namespace is refused with the line that defines one", async () => {
    const { protocol } = await deny();
    const refusal = (await type(leader, protocol.command).catch((error: unknown) => error)) as any;
    assert.equal(refusal.code, "namespace.unclear");
    const line = /longwatch namespace define --prefix \S+ --format \S+/.exec(refusal.hint)![0];
    assert.deepEqual(await type(operator, line), { prefix: "WRK", format: "WRK-NNNN", lane: "WRK" });
    await letGo();
  });

  it("works as it was printed, in a tenant with one namespace, and is the implementer's next ticket", async () => {
    const { id: decision, protocol } = await deny();
    const out = await type(leader, protocol.command);
    const { seat } = protocol.offers[0];
    assert.deepEqual(out, {
      ...{ id: "WRK-0001", to: seat, lane: "CAMBER", dispatched: true },
      title: "deploy production: vercel deploy --prod",
    });
    const ticket = await show(out.id);
    assert.equal(ticket.owner, seat);
    assert.equal(ticket.surface_key, "CAMBER:environment:production");
    const [intent, why, command, found, ...rest] = ticket.body.split("\n");
    assert.match(intent, /^INTENT: deploy on environment production/);
    assert.match(why, new RegExp(`^WHY: ${LEADER} was about to do it and was denied it`));
    assert.equal(command, "DENIED-COMMAND: vercel deploy");
    assert.equal(found, "      --prod", "the command as it was");
    assert.match(
      rest[0],
      new RegExp(`^PRIOR-DIAGNOSTIC: decision ${decision} of 20.*: Role stage: a strategist decides`),
    );
    assert.equal(rest[1], "CLAIMER MAY DECOMPOSE");
    const told = await events(out.id);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ["ticket.filed", "ticket.dispatched"],
    );
    assert.deepEqual([told[1]!.data.to, told[1]!.data.decision], [seat, decision]);
    await world.say(operator, "ticket.file", { namespace: "WRK", title: "more urgent", lane: "CAMBER", priority: 0 });
    const token = seat === FIRST ? first : second;
    assert.equal((await world.say(token, "ticket.claim", { lane: "CAMBER" })).id, out.id, "what was given comes first");
    const allowed = await deny(token);
    assert.equal(allowed.decision, true, "and with the claim it may");
    await letGo();
  });

  it("said again, or without a seat, is answered with the ticket that it made, by constraint too", async () => {
    const { id: decision, protocol } = await deny();
    const made = await type(leader, protocol.command);
    const count = await tickets();
    const again = { ...made, dispatched: false };
    assert.deepEqual(await type(leader, protocol.command), again);
    assert.deepEqual(await world.say(leader, "ticket.dispatch", { decision }), again);
    const both = await Promise.all([1, 2].map(() => world.say(leader, "ticket.dispatch", { decision, to: made.to })));
    assert.deepEqual([both, await tickets()], [[again, again], count]);
    const row = `insert into delegation.dispatches (tenant_id, ticket_id, attempt, to_id, by_id, decision_id, diagnosis,
      dispatched_at, superseded_at) select tenant_id, ticket_id, 2, to_id, by_id, decision_id, 'x', now(), now()
      from delegation.dispatches where ticket_id = '${made.id}'`;
    assert.equal((await sqlError(world.asApplication(row))).constraint, "one_dispatch_for_decision_and_seat");
    // Another seat is another dispatch: the same act by two is for who dispatches to decide.
    const other = made.to === FIRST ? SECOND : FIRST;
    assert.equal((await world.say(leader, "ticket.dispatch", { decision, to: other })).dispatched, true);
    await letGo();
  });

  it("works on the command line of the strategist's seat, letter for letter", async () => {
    const { protocol } = await deny();
    const [program, ...words] = protocol.command.split(" ");
    assert.equal(program, "longwatch");
    const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
    const env = surroundings({ LONGWATCH_URL: world.url, LONGWATCH_TOKEN: leader });
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...words, "--json"], { env });
    const { id, to, dispatched } = JSON.parse(stdout);
    assert.deepEqual([to, dispatched], [protocol.offers[0].seat, true]);
    assert.equal((await show(id)).owner, to);
    await letGo();
  });

  it("said by many at once on two nodes makes one ticket", async () => {
    const { id: decision, protocol } = await deny();
    const { seat: to } = protocol.offers[0];
    const { door } = anotherDoor(world);
    const count = await tickets();
    const said = Array.from({ length: 24 }, (_, n) =>
      (n % 2 ? door : world.door).say(leader, "ticket.dispatch", { decision, to }),
    );
    const outputs = (await Promise.all(said)).map(({ output }) => output as { id: string; dispatched: boolean });
    assert.equal(new Set(outputs.map(({ id }) => id)).size, 1);
    assert.equal(outputs.filter(({ dispatched }) => dispatched).length, 1);
    assert.equal(await tickets(), count + 1);
    await letGo();
  });

  it("ends what was held for its asker, so that the seat can be offered to the next", async () => {
    const mine = await deny();
    const [hold] = await world.sql("select held_until > now() as stands from policy.holds");
    assert.equal(hold.stands, true);
    await type(leader, mine.protocol.command);
    const standing = await world.sql("select 1 from policy.holds where held_until > clock_timestamp()");
    assert.deepEqual(standing, []);
    const theirs = await deny(peer);
    assert.ok(theirs.protocol.offers.some(({ seat }: any) => seat === mine.protocol.offers[0].seat));
    await letGo();
  });

  it("to a seat that is held for another is refused with who and until when, and with a free one", async () => {
    const mine = await deny();
    const { seat, held_until } = mine.protocol.offers[0];
    const theirs = await deny(peer);
    const refusal = await world.refused(peer, "ticket.dispatch", { decision: theirs.id, to: seat });
    assert.equal(refusal.code, "seat.held_for_another");
    const { held_for, held_until: until, idle } = refusal.facts as any;
    assert.deepEqual([held_for, until], [LEADER, held_until]);
    assert.deepEqual(idle, [seat === FIRST ? SECOND : FIRST]);
    assert.ok(refusal.hint!.includes(`longwatch ticket dispatch --decision ${theirs.id} --to ${idle[0]}`));
    await world.sql(
      "update policy.holds set held_at = held_at - interval '1 hour', held_until = held_until - interval '1 hour'",
    );
    assert.equal((await world.say(peer, "ticket.dispatch", { decision: theirs.id, to: seat })).to, seat);
    await letGo();
  });

  it("to a lane is anybody's of that lane, once", async () => {
    const { id: decision } = await deny();
    const out = await world.say(leader, "ticket.dispatch", { decision, lane: "CAMBER" });
    assert.deepEqual([out.to, out.lane, (await show(out.id)).owner], [null, "CAMBER", null]);
    const again = await world.say(leader, "ticket.dispatch", { decision, lane: "CAMBER" });
    assert.deepEqual([again.id, again.dispatched], [out.id, false]);
    await letGo();
  });

  it("of what was allowed, or of no decision, is refused", async () => {
    const allowed = await world.say(operator, "policy.decide", deploy);
    assert.equal((await world.refused(operator, "ticket.dispatch", { decision: allowed.id })).code, "decision.allowed");
    assert.equal((await world.refused(operator, "ticket.dispatch", { decision: 9999 })).code, "decision.unknown");
  });
});

it("the ledger tells the queue after all of it", async () => {
  const { differences, found } = await world.ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
});
