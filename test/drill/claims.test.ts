import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type pg from "pg";
import type { Client } from "../../src/client/client.ts";
import { Refusal } from "../../src/kernel/refusal.ts";
import { long } from "../harness.ts";
import { dataDirectory, ServerProcess } from "./server_process.ts";

const size = long ? { tickets: 1_000, rounds: 100, byId: 20 } : { tickets: 200, rounds: 2, byId: 10 };
const SESSIONS = 32;
const LANE = "STORM";

type Claim = { id: string; claim_token: string; lease_expires_at: string };
type Held = Claim & { session: Client; seat: string };
type Session = { client: Client; seat: string };

let server: ServerProcess;
let operator: Client;
let postgres: pg.Client;
const sessions: Session[] = [];

before(async () => {
  server = await ServerProcess.start({ data: dataDirectory() });
  operator = server.client();
  postgres = await server.superuser();
  await operator.say("namespace.define", { prefix: "STM", format: "STM-NNNN", lane: LANE });
  for (let n = 1; n <= SESSIONS; n++) sessions.push(await seat(`STORM-CLI-TEST-CLAIM-${String(n).padStart(2, "0")}`));
  await Promise.all(
    Array.from({ length: size.tickets }, (_, n) =>
      operator.say("ticket.file", { namespace: "STM", title: `Storm ${n}` }),
    ),
  );
});

after(async () => {
  await postgres?.end().catch(() => {});
  for (const { client } of sessions) client.close();
  operator?.close();
  await server?.terminate().catch(() => {});
});

async function seat(name: string, options: { replace?: boolean } = {}): Promise<Session> {
  const { token } = await operator.say<{ token: string }>("seat.adopt", { name, ...options });
  return { client: server.client({ token, retryFor_seconds: 30 }), seat: name };
}

/** The answer, or the refusal. */
async function tried<Output>(saying: Promise<Output>): Promise<Output | Refusal> {
  return saying.catch((error) => {
    if (error instanceof Refusal) return error;
    throw error;
  });
}

async function refusalCode(saying: Promise<unknown>): Promise<string> {
  const answer = await tried(saying);
  assert.ok(answer instanceof Refusal, `it was not refused: ${JSON.stringify(answer)}`);
  return answer.code;
}

/** What a superuser can do and a clock does: the leases of these tickets have ended. */
async function expire(ids: readonly string[]): Promise<void> {
  const statement =
    "update tickets.tickets set lease_expires_at = now() - interval '1 second' " +
    "where id = any ($1) and state = 'in_progress'";
  const { rowCount } = await postgres.query(statement, [ids]);
  assert.equal(rowCount, ids.length);
}

/** Claims the lane's next until it is empty. */
async function claimAll({ client, seat }: Session): Promise<Held[]> {
  const held: Held[] = [];
  for (;;) {
    const claim = await tried(client.say<Claim>("ticket.claim", { lane: LANE, lease_seconds: 3600 }));
    if (claim instanceof Refusal) {
      assert.equal(claim.code, "lane.empty");
      return held;
    }
    held.push({ ...claim, session: client, seat });
  }
}

const release = ({ session, id, claim_token }: Held) =>
  session.say("ticket.release", { id, claim_token, reason: "the round is over" });

test("in a storm of claims every ticket has one winner, and a holder whose lease ended is fenced out", async () => {
  const spent = new Map<string, Held>();
  let refusedLate = 0;
  const since = Date.now();
  for (let round = 0; round < size.rounds; round++) {
    const held = (await Promise.all(sessions.map(claimAll))).flat();
    assert.equal(new Set(held.map(({ id }) => id)).size, held.length, "a ticket was given to two sessions");
    assert.equal(held.length, size.tickets, "a ticket was given to nobody");
    assert.equal(new Set(held.map(({ claim_token }) => claim_token)).size, held.length);
    for (const { id, claim_token } of held)
      assert.notEqual(spent.get(id)?.claim_token, claim_token, "a fencing token came back");
    // The holders of the round before find out, whoever has the ticket now.
    refusedLate += (await Promise.all([...spent.values()].slice(0, 64).map(actsOfAGhost))).length;
    const [lapsing, released] = [held.filter((_, n) => n % 2 === 0), held.filter((_, n) => n % 2 === 1)];
    await Promise.all(released.map(release));
    await expire(lapsing.map(({ id }) => id));
    // Its lease is over and nobody took it yet: even so it may not finish.
    const late = lapsing[0]!;
    assert.equal(
      await refusalCode(late.session.say("ticket.finish", { id: late.id, claim_token: late.claim_token })),
      "lease.lost",
    );
    for (const one of held) spent.set(one.id, one);
  }
  const seconds = (Date.now() - since) / 1000;
  const claims = size.rounds * size.tickets;
  if (long)
    console.log(
      `${claims} claims by ${SESSIONS} sessions, as many endings, ${refusedLate} ghosts refused: ` +
        `${seconds.toFixed(1)} s`,
    );
  await settle();
});

/** Renewing, releasing and finishing with the token of a claim that has ended. */
async function actsOfAGhost({ session, id, claim_token }: Held): Promise<void> {
  const acts = [
    session.say("ticket.renew", { id, claim_token }),
    session.say("ticket.release", { id, claim_token, reason: "a ghost's" }),
    session.say("ticket.finish", { id, claim_token }),
  ];
  assert.deepEqual(await Promise.all(acts.map(refusalCode)), ["lease.lost", "lease.lost", "lease.lost"]);
}

/** Everything is back in the queue, and the ledger agrees. */
async function settle(): Promise<void> {
  await operator.say("ticket.lapse");
  for (let left = 1; left > 0;) left = (await operator.say<{ lapsed: number }>("ticket.lapse")).lapsed;
  const drift = await operator.ask<{ differences: number; found: unknown[] }>("ticket.drift");
  assert.deepEqual(drift.found, []);
  assert.equal((await operator.ask<{ whole: boolean }>("ledger.verify")).whole, true);
}

test("when all claim the same ticket by its id, one gets it and the others are told who", async () => {
  const { tickets } = await operator.ask<{ tickets: { id: string }[] }>("ticket.list", {
    lane: LANE,
    limit: size.byId,
  });
  for (const { id } of tickets) {
    const answers = await Promise.all(sessions.map(({ client }) => tried(client.say<Claim>("ticket.claim", { id }))));
    const winner = answers.findIndex((answer) => !(answer instanceof Refusal));
    const { seat, client } = sessions[winner]!;
    for (const [index, answer] of answers.entries()) {
      if (index === winner) continue;
      assert.ok(answer instanceof Refusal, `${id} was given to ${seat} and to ${sessions[index]!.seat}`);
      assert.deepEqual([answer.code, answer.facts.holder], ["ticket.in_progress", seat]);
    }
    await release({ ...(answers[winner] as Claim), session: client, seat });
  }
  await settle();
});

test("one of two finishes of a claim counts, and one as its lease ends finishes or lapses, not both", async () => {
  const { client, seat } = sessions[0]!;
  for (let round = 0; round < size.byId; round++) {
    const { id } = await operator.say<{ id: string }>("ticket.file", {
      namespace: "STM",
      lane: "RACE",
      title: `Race ${round}`,
    });
    const claim = await client.say<Claim>("ticket.claim", { id });
    const acts = ["ticket.finish", "ticket.release", "ticket.finish"].map((name) =>
      tried(
        client.say(name, {
          id,
          claim_token: claim.claim_token,
          ...(name === "ticket.release" ? { reason: seat } : { work_proof: "commit 1a2b3c4" }),
        }),
      ),
    );
    const ended = expire([id]).catch(() => {});
    const answers = await Promise.all(acts);
    await ended;
    assert.ok(answers.filter((answer) => !(answer instanceof Refusal)).length <= 1, "a claim ended twice");
  }
  await settle();
});

test("two sessions of one seat never share a claim", async () => {
  const name = "STORM-CLI-TEST-TWIN-01";
  const first = await seat(name);
  const { id } = await operator.say<{ id: string }>("ticket.file", { namespace: "STM", lane: "TWIN", title: "Twins" });
  const claim = await first.client.say<Claim>("ticket.claim", { id });
  assert.deepEqual(await first.client.say<Claim>("ticket.claim", { id }), claim, "its own session is answered again");
  assert.equal(await refusalCode(operator.say("seat.adopt", { name })), "seat.held");
  const second = await seat(name, { replace: true });
  assert.equal(
    await refusalCode(first.client.say("ticket.finish", { id, claim_token: claim.claim_token })),
    "token.unknown",
  );
  assert.equal(await refusalCode(second.client.say("ticket.claim", { id })), "ticket.in_progress");
  assert.equal(await refusalCode(second.client.say("ticket.claim", { lane: "TWIN" })), "lane.empty");
  await expire([id]);
  const taken = await second.client.say<Claim>("ticket.claim", { id });
  assert.notEqual(taken.claim_token, claim.claim_token);
  assert.equal(
    await refusalCode(second.client.say("ticket.renew", { id, claim_token: claim.claim_token })),
    "lease.lost",
  );
  // Both adopt at once: one session lives, and only that one can claim.
  const both = await Promise.all([seat(name, { replace: true }), seat(name, { replace: true })]);
  const { id: next } = await operator.say<{ id: string }>("ticket.file", {
    namespace: "STM",
    lane: "TWIN",
    title: "Twins again",
  });
  const answers = await Promise.all(both.map(({ client }) => tried(client.say<Claim>("ticket.claim", { id: next }))));
  assert.equal(answers.filter((answer) => answer instanceof Refusal && answer.code === "token.unknown").length, 1);
  assert.equal(answers.filter((answer) => !(answer instanceof Refusal)).length, 1);
  for (const { client } of [first, second, ...both]) client.close();
  await settle();
});
