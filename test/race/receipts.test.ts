import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import { derivedPassword } from "../../src/database/migrate.ts";
import { Refusal } from "../../src/kernel/refusal.ts";
import { openWorld } from "../../src/world.ts";
import { long, type TestWorld, testWorld } from "../harness.ts";
import { lookThenGive, settleUnfenced } from "./receipt_mutants.ts";

const rounds = long ? 100 : 8;
const SESSIONS = 16;
const deliverable = "path: src/x.ts; branch: x; sha: 1a2b3c4; verify: npm test";
const proofs = { work_proof: "commit 1a2b3c4", deliverable };

/** A world with two nodes, a worker, somebody who leads, and runners. */
async function yard() {
  const world = await testWorld();
  const admin = world.admin;
  const applicationPassword = derivedPassword(admin.password as string);
  const node = await openWorld({ admin, applicationPassword, log: pino({ level: "silent" }) });
  after(async () => {
    await node.door.close();
    await node.database.end();
  });
  const doors = [world.door, node.door] as const;
  const { operator, say } = world;
  await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  const worker = await world.seat("Worker");
  const seats = await Promise.all(Array.from({ length: SESSIONS }, (_, n) => world.seat(`Racer-${n}`, "service")));
  /** Says it over one of the nodes; a refusal is its code. */
  const over = async (n: number, token: string, name: string, input: object = {}): Promise<any> => {
    try {
      return (await doors[n % 2]!.say(token, name, input)).output;
    } catch (error) {
      if (error instanceof Refusal && error.kind !== "internal") return error.code;
      throw error;
    }
  };
  const done = async (more: object = proofs): Promise<string> => {
    const { id } = await say(operator, "ticket.file", { namespace: "CMB", title: "Raced for" });
    const { claim_token } = await say(worker, "ticket.claim", { id });
    await say(worker, "ticket.finish", { id, claim_token, ...more });
    return id;
  };
  return { ...world, doors, worker, seats, over, done };
}

const ours = await yard();
const { operator, over, seats, done, worker } = ours;

/** RECEIPT-ONE: of many who give a ticket the same receipt at once, one does. */
async function oneReceipt(world: TestWorld, id: string, give: (session: number, id: string) => Promise<boolean>) {
  const given = await Promise.all(Array.from({ length: SESSIONS }, (_, session) => give(session, id)));
  const rows = await world.sql(
    "select from tickets.receipts where ticket_id = $1 and stage = 'merged' and withdrawn_at is null",
    [id],
  );
  assert.deepEqual([given.filter(Boolean).length, rows.length], [1, 1], "a receipt was given twice");
}

/** VERIFICATION-FENCED: what was reopened since is not settled by who verified it before. */
async function fencedOff(world: TestWorld, id: string, settle: (id: string, token: string) => Promise<boolean>) {
  const { fencing_token } = await world.say(seats[0]!, "deliverable.begin", { id });
  await world.say(operator, "ticket.reopen", { id, reason: "it is not done" });
  await settle(id, fencing_token);
  const [row] = await world.sql("select state from tickets.deliverables where ticket_id = $1", [id]);
  assert.notEqual(row.state, "verified", "a ticket that is not done was verified");
}

async function noDrift({ ask }: TestWorld) {
  const { found } = await ask(operator, "ticket.drift");
  assert.deepEqual(found, []);
}

describe("a receipt", () => {
  it(`that ${SESSIONS} give at once over two nodes is given once, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round++)
      await oneReceipt(ours, await done({ work_proof: "commit 1a2b3c4" }), async (session, id) => {
        const said = { id, stage: "merged", evidence: `by ${session}` };
        const answer = await over(session, seats[session]!, "ticket.receipt", said);
        if (typeof answer === "string") assert.equal(answer, "receipt.given");
        return typeof answer !== "string";
      });
    await noDrift(ours);
  });

  it("given, taken back and given again by many at once is the same in the ledger and the tables", async () => {
    const id = await done({ work_proof: "commit 1a2b3c4" });
    await Promise.all(
      seats.flatMap((seat, n) => [
        over(n, seat, "ticket.receipt", { id, stage: "deployed", evidence: "served" }),
        over(n + 1, seat, "ticket.withdraw_receipt", { id, stage: "deployed", reason: "rolled back" }),
        over(n, seat, "ticket.receipt", { id, stage: "observed", evidence: "seen" }),
      ]),
    );
    const { receipts } = await ours.ask(operator, "ticket.show", { id });
    const stages = receipts.map(({ stage }: { stage: string }) => stage);
    assert.ok(!stages.includes("observed") || stages.includes("deployed"), stages.join());
    await noDrift(ours);
  });
});

describe("a verification", () => {
  it("that settles while its ticket is reopened and claimed leaves one outcome, whichever came first", async () => {
    const seen = new Set<string>();
    for (let round = 0; round < rounds * 2; round++) {
      const id = await done();
      const runner = seats[round % SESSIONS]!;
      const { fencing_token } = await ours.say(runner, "deliverable.begin", { id });
      const outcome = round % 2 === 0 ? "failed" : "verified";
      const settling = () =>
        over(round, runner, "deliverable.settle", { id, fencing_token, outcome, reason: "no file" });
      const retaking = async () => {
        const reopened = await over(round + 1, operator, "ticket.reopen", { id, reason: "it is not done" });
        return [reopened, await over(round + 1, worker, "ticket.claim", { id })];
      };
      const both = round % 4 < 2 ? [settling(), retaking()] : [retaking(), settling()];
      const settled = (await Promise.all(both)).find((answer) => !Array.isArray(answer));
      seen.add(typeof settled === "string" ? settled : `settled ${outcome}`);
      const shown = await ours.ask(operator, "ticket.show", { id });
      assert.equal(shown.receipts.length > 0, shown.state === "done", "receipts without a DONE");
      if (settled === "lease.lost") assert.equal(shown.verification, null);
      assert.ok(shown.verification?.state !== "verified" || shown.state === "done", "verified and not done");
    }
    assert.ok(seen.has("lease.lost") && seen.size > 1, `only ${[...seen]} was seen`);
    await noDrift(ours);
  });

  it(`is taken by one of ${SESSIONS} runners at once, and settled once`, async () => {
    for (let round = 0; round < rounds; round++) {
      const id = await done();
      const begun = await Promise.all(seats.map((seat, n) => over(n, seat, "deliverable.begin", { id })));
      const taken = begun.flatMap((answer, n) => (typeof answer === "string" ? [] : [{ n, ...answer }]));
      assert.equal(taken.length, 1, begun.filter((answer) => typeof answer === "string").join());
      const [{ n, fencing_token }] = taken;
      const settle = (outcome: string, node: number) =>
        over(node, seats[n]!, "deliverable.settle", { id, fencing_token, outcome, reason: "r" });
      const settled = await Promise.all([settle("verified", 0), settle("failed", 1), settle("undecided", 0)]);
      assert.equal(settled.filter((answer) => typeof answer !== "string").length, 1);
    }
    await noDrift(ours);
  });
});

describe("a trigger", () => {
  it("that two nodes find true at once opens its ticket once", async () => {
    const target = await done({ work_proof: "commit 1a2b3c4" });
    const filing = { namespace: "CMB", title: "Later", opens_when: `ticket ${target} is done` };
    const ids = await Promise.all(
      Array.from({ length: 32 }, async () => (await ours.say(operator, "ticket.file", filing)).id),
    );
    const clock = (n: number) => ours.doors[n % 2]!.sayInside(ours.home_tenant_id, "longwatch", "ticket.trigger", {});
    const said = await Promise.all(Array.from({ length: 8 }, (_, n) => clock(n)));
    const opened = said.flatMap(({ output }) => (output as { opened: string[] }).opened);
    assert.deepEqual([...new Set(opened)].sort(), ids.sort());
    const [{ count }] = await ours.sql(
      "select count(*)::integer as count from ledger.entries where kind = 'ticket.triggered'",
    );
    assert.equal(count, 32);
    await noDrift(ours);
  });
});

describe("runs", () => {
  it("of finishes over two nodes at once lose none and count none twice", async () => {
    const claims = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const { id } = await ours.say(operator, "ticket.file", { namespace: "CMB", title: "x", lane: "RUN" });
        return { n, id, claim_token: (await over(n, worker, "ticket.claim", { id })).claim_token as string };
      }),
    );
    const infra = { work_proof: "commit 1a2b3c4", user_value: "infra-only" };
    await Promise.all(claims.map(({ n, ...claim }) => over(n, worker, "ticket.finish", { ...claim, ...infra })));
    const { lanes } = await ours.ask(operator, "ticket.substance");
    assert.deepEqual(
      lanes.map(({ lane, run }: { lane: string; run: number }) => [lane, run]),
      [["RUN", 40]],
    );
    const told = await ours.sql("select from ledger.entries where kind = 'substance.escalated' and subject = 'RUN'");
    assert.equal(told.length, 1);
  });
});

describe("the checks turn red on known-wrong ways:", () => {
  it("looking for a receipt before giving one", async () => {
    const wrong = await yard();
    const ids: string[] = [];
    for (let round = 0; round < 50; round++) ids.push(await wrong.done({ work_proof: "commit 1a2b3c4" }));
    const give = await lookThenGive(wrong, SESSIONS);
    await assert.rejects(async () => {
      for (const id of ids) await oneReceipt(wrong, id, give);
    }, /given twice/);
  });

  it("settling without the fence", async () => {
    await fencedOff(ours, await done(), async (id, fencing_token) => {
      const said = { id, fencing_token, outcome: "verified" };
      return typeof (await over(1, seats[0]!, "deliverable.settle", said)) !== "string";
    });
    const settle = await settleUnfenced(ours);
    await assert.rejects(fencedOff(ours, await done(), settle), /not done was verified/);
  });
});
