import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import { derivedPassword } from "../../src/database/migrate.ts";
import { Refusal } from "../../src/kernel/refusal.ts";
import { openWorld } from "../../src/world.ts";
import { long, type TestWorld, testWorld } from "../harness.ts";
import { lookThenOpen, readThenRule } from "./collision_mutants.ts";

const rounds = long ? 60 : 6;
const SESSIONS = 12;
const reason = "the first one goes on";

/** A world with two nodes and many who say the same at once. */
async function yard() {
  const world = await testWorld();
  const applicationPassword = derivedPassword(world.admin.password as string);
  const node = await openWorld({ admin: world.admin, applicationPassword, log: pino({ level: "silent" }) });
  after(async () => {
    await node.door.close();
    await node.database.end();
  });
  const doors = [world.door, node.door] as const;
  await world.say(world.operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  const seats = await Promise.all(Array.from({ length: SESSIONS }, (_, n) => world.seat(`Racer-${n}`, "coordinator")));
  /** Says it over one of the nodes; a refusal is its code. */
  const over = async (n: number, name: string, input: object): Promise<any> => {
    try {
      return (await doors[n % 2]!.say(seats[n % SESSIONS]!, name, input)).output;
    } catch (error) {
      if (error instanceof Refusal && error.kind !== "internal") return error.code;
      throw error;
    }
  };
  const file = async (title: string): Promise<string> =>
    (await world.say(world.operator, "ticket.file", { namespace: "CMB", title })).id;
  return { ...world, over, file };
}

const ours = await yard();
const { over, file, operator } = ours;
const parties = (number: string) => ({
  ...{ number, pattern: "simultaneous_filing", source: "a feed" },
  ...{ seat: "A", at: "2026-04-15T03:51:49Z", title: `Title of ${number}` },
  ...{ other_seat: "B", other_at: "2026-04-15T03:57:54Z", other_title: "Other" },
});

/** COLLISION-ONCE: whoever sees it, and however many at once, a collision is opened once. */
async function openedOnce(world: TestWorld, number: string, open: (session: number) => Promise<unknown>) {
  await Promise.all(Array.from({ length: SESSIONS }, (_, session) => open(session)));
  const rows = await world.sql("select from tickets.collisions where number = $1", [number]);
  assert.equal(rows.length, 1, "a collision was opened twice");
}

/** RULING-WHOLE: no ticket is ended by a ruling that did not settle who waited for it at that moment. */
async function ruledWhole(world: TestWorld, id: string) {
  const left = await world.sql(
    `select l.ticket_id from tickets.links l join tickets.tickets t on t.id = l.target_id
     where l.target_id = $1 and t.state = 'cancelled' and l.type = 'blocks' and not exists (
       select from ledger.entries e where e.subject = l.ticket_id and e.kind = 'ticket.absorbed')
     and not exists (select from ledger.entries r where r.subject = $1 and r.kind = 'ruling.made' and r.seq < (
       select min(e.seq) from ledger.entries e where e.subject = l.ticket_id and e.kind = 'ticket.linked'))`,
    [id],
  );
  assert.deepEqual(left, [], "a dependent was left unsettled");
}

describe("a collision", () => {
  it(`that ${SESSIONS} report at once over two nodes is opened and amended once, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round++) {
      const number = await file("x");
      const said = { ...parties(number), title: "x", other_title: `Other ${round}` };
      await openedOnce(ours, number, (session) => over(session, "collision.report", said));
      const amendments = await ours.sql("select from tickets.tickets where title = $1", [said.other_title]);
      assert.equal(amendments.length, 1, "the later content was filed twice");
    }
    assert.deepEqual((await ours.ask(operator, "ticket.drift")).found, []);
  });

  it("that many settle at once is settled once", async () => {
    for (let round = 0; round < rounds; round++) {
      const said = { ...parties(`a-name-${round}`), pattern: "identity" };
      const { collision } = await over(0, "collision.report", said);
      const settle = (n: number) => over(n, "collision.settle", { collision, reason: `by ${n}` });
      const answers = await Promise.all(Array.from({ length: SESSIONS }, (_, n) => settle(n)));
      assert.equal(answers.filter((one) => one !== "collision.settled").length, 1);
    }
  });

  it("is told of one stranger once, whoever sees it", async () => {
    const ticket = await file("seen");
    const said = {
      actor: "Stranger",
      act: "committed",
      ticket,
      at: "2026-04-15T03:51:49Z",
      source: "s",
      evidence: "e",
    };
    const seen = await Promise.all(Array.from({ length: SESSIONS }, (_, n) => over(n, "sighting.report", said)));
    assert.equal(seen.filter(({ fresh }) => fresh).length, 1);
  });
});

describe("a ruling", () => {
  it(`beside links that are made at the same moment leaves nobody unsettled, ${rounds * 4} times over`, async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < rounds * 4; round++) {
      const [id, waiting] = [await file("ruled"), await file("waiting")];
      const ruling = () => over(round, "ticket.rule", { id, outcome: "cancelled", reason });
      const linking = () => over(round + 1, "ticket.link", { id: waiting, target: id });
      const [one] = await Promise.all(round % 2 === 0 ? [ruling(), linking()] : [linking(), ruling()].toReversed());
      outcomes.add(typeof one === "string" ? one : one.state);
      await ruledWhole(ours, id);
    }
    for (const outcome of outcomes) assert.ok(["cancelled", "ruling.unsettled"].includes(outcome), outcome);
    assert.deepEqual((await ours.ask(operator, "ticket.drift")).found, []);
  });
});

describe("the checks turn red on known-wrong ways:", () => {
  it("looking for a collision before opening it", async () => {
    const wrong = await yard();
    const open = await lookThenOpen(wrong, SESSIONS);
    await assert.rejects(async () => {
      for (let round = 100; round < 200; round++)
        await openedOnce(wrong, `CMB-0${round}`, (session) => open(session, `CMB-0${round}`));
    }, /opened twice/);
  });

  it("reading who waits before the lock is taken", async () => {
    const wrong = await yard();
    const rule = await readThenRule(wrong);
    const [id, waiting] = [await wrong.file("ruled"), await wrong.file("waiting")];
    await rule(id, async () => void (await wrong.over(1, "ticket.link", { id: waiting, target: id })));
    await assert.rejects(ruledWhole(wrong, id), /left unsettled/);
  });
});
