import assert from "node:assert/strict";
import { describe, it } from "node:test";
import pg from "pg";
import { anotherDoor, codeOf, tally } from "../../src/kernel/door.fixture.ts";
import { long, testWorld } from "../harness.ts";
import { atOnce, WRITERS, writersPool } from "./mutants.ts";

/** QUESTION-ONE-VERDICT, QUESTION-ONE-OPEN and QUESTION-RESUMES under attack, over three nodes and past the door. */

const ROUNDS = long ? 60 : 8;
const world = await testWorld();
const { operator, say } = world;
const doors = [world.door, anotherDoor(world).door, anotherDoor(world).door];
const workers = await Promise.all([1, 2, 3, 4].map((n) => world.seat(`CODEX-CLI-BOX-WEB-0${n}`)));
const strategists = [await world.seat("CLAUDE-STRAT", "strategist"), await world.seat("GEMINI-STRAT", "strategist")];
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });

const pool = writersPool(world);

let count = 0;
const file = async (): Promise<string> =>
  (await say(workers[0]!, "ticket.file", { namespace: "CMB", title: "Work" })).id;
const asked = async (input: object = {}): Promise<number> =>
  (await say(workers[0]!, "question.ask", { topic: "schema", question: `How? ${++count}`, ...input })).id;
const over = (n: number, token: string, name: string, input: object) => doors[n % 3]!.say(token, name, input);
const entriesOf = async (kind: string, about: string): Promise<number> =>
  (await world.sql("select from ledger.entries where kind = $1 and subject = $2", [kind, about])).length;
const inOrCode = (outcomes: unknown[]) =>
  tally(
    outcomes.map((error) =>
      error === null ? "in" : ((error as pg.DatabaseError).constraint ?? (error as pg.DatabaseError).code!),
    ),
  );

/** "QUESTION-ONE-VERDICT" where more than one who decided was told that it is so. */
const verdictFaults = (outcomes: unknown[]) =>
  outcomes.filter((error) => error === null).length > 1 ? ["QUESTION-ONE-VERDICT"] : [];
/** "QUESTION-ONE-OPEN" for each question that waits twice. */
const openFaults = (rows: readonly { question: string }[]) =>
  Object.values(tally(rows.map(({ question }) => question))).flatMap((n) => (n > 1 ? ["QUESTION-ONE-OPEN"] : []));

const LOOK = "select state from TABLE where id = $1";
const VERDICT = `update TABLE set state = 'answered', answer = $2, reason = 'r', closed_by = 1, closed_at = now()
  where id = $1`;
/** Deciders that each look whether a question is open, and decide it if it is. */
function lookThenDecide(table: string, id: number): Promise<unknown[]> {
  let n = 0;
  return atOnce(pool, async (client) => {
    const [row] = (await client.query(LOOK.replace("TABLE", table), [id])).rows;
    if (row.state !== "open") throw Object.assign(new Error("decided"), { code: "decided" });
    await client.query(VERDICT.replace("TABLE", table), [id, `answer ${++n}`]);
  });
}

/** Askers that each look whether a question waits, and ask it if it does not. */
function lookThenAsk(table: string, question: string): Promise<unknown[]> {
  return atOnce(pool, async (client) => {
    const known = await client.query(`select from ${table} where question = $1 and state = 'open'`, [question]);
    if (known.rows.length > 0) throw Object.assign(new Error("waits"), { code: "waits" });
    await client.query(
      `insert into ${table} (tenant_id, topic, goes_to, question, blocks, asked_by, asked_seq)
       values (1, 'schema', 'strategist', $1, false, 2, 1)`,
      [question],
    );
  });
}

describe("Many verdicts on one question at once", () => {
  it("past the door leave the first: PostgreSQL refuses the others, whatever they looked at", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const outcomes = await lookThenDecide("questions.questions", await asked());
      assert.deepEqual(verdictFaults(outcomes), []);
      const { in: through, LW024: late = 0, decided = 0 } = inOrCode(outcomes);
      assert.deepEqual([through, late + decided], [1, WRITERS - 1]);
    }
  });

  it("over three nodes let one through, post it once and put the ticket back once", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const ticket = await file();
      const id = await asked({ ticket });
      const outcomes = Array.from({ length: 18 }, (_, n) =>
        codeOf(over(n, strategists[n % 2]!, "question.answer", { id, answer: `answer ${n}`, reason: "r" })),
      );
      assert.deepEqual(tally(await Promise.all(outcomes)), { accepted: 1, "question.answered": 17 });
      const told = [entriesOf("question.answered", `question-${id}`), entriesOf("ticket.unblocked", ticket)];
      assert.deepEqual(await Promise.all([...told, entriesOf("post.appended", ticket)]), [1, 1, 1]);
    }
  });

  it("that look first and then write, where nothing keeps the first, are found out by the same check", async () => {
    await world.sql("create table bare_questions (like questions.questions including defaults)");
    await world.sql("grant select, insert, update on bare_questions to longwatch_app");
    const found = new Set<string>();
    for (let id = 1; id < 40 && found.size === 0; id++) {
      await world.sql(
        `insert into bare_questions (tenant_id, id, topic, goes_to, question, question_key, blocks, asked_by, asked_seq)
         values (1, $1, 'schema', 'strategist', 'q', 'k', false, 2, 1)`,
        [id],
      );
      for (const fault of verdictFaults(await lookThenDecide("bare_questions", id))) found.add(fault);
    }
    assert.deepEqual([...found], ["QUESTION-ONE-VERDICT"]);
  });
});

describe("Many who ask the same at once", () => {
  const open = (table: string) => world.sql(`select question from ${table} where state = 'open'`);

  it("past the door leave one that waits", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const outcomes = inOrCode(await lookThenAsk("questions.questions", `the same ${round}`));
      const { in: through, one_open_question: refused = 0, waits = 0 } = outcomes;
      assert.deepEqual([through, refused + waits], [1, WRITERS - 1]);
    }
    assert.deepEqual(openFaults((await open("questions.questions")) as { question: string }[]), []);
  });

  it("over three nodes are told one number", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const said = { topic: "schema", question: `What of ${++count}?`, ticket: await file() };
      const answers = await Promise.all(
        Array.from({ length: 18 }, (_, n) => over(n, workers[n % 4]!, "question.ask", said)),
      );
      const outputs = answers.map(({ output }) => output as { id: number; asked: boolean });
      assert.equal(new Set(outputs.map(({ id }) => id)).size, 1);
      assert.equal(outputs.filter((one) => one.asked).length, 1);
    }
  });

  it("that look first and then write, without the constraint, are found out by the same check", async () => {
    await world.sql("create table bare_asked (like questions.questions including defaults)");
    await world.sql("alter table bare_asked alter question_key drop not null, alter id drop not null");
    await world.sql("grant select, insert on bare_asked to longwatch_app");
    const found = new Set<string>();
    for (let round = 0; round < 40 && found.size === 0; round++) {
      await lookThenAsk("bare_asked", `the same ${round}`);
      for (const fault of openFaults((await open("bare_asked")) as { question: string }[])) found.add(fault);
    }
    assert.deepEqual([...found], ["QUESTION-ONE-OPEN"]);
  });
});

it("A ticket is blocked by questions as long as one of them is open, whoever asks and decides meanwhile", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const tickets = await Promise.all([file(), file()]);
    const first = await Promise.all(tickets.map((ticket) => asked({ ticket })));
    const acts = Array.from({ length: 24 }, (_, n) => {
      const input = { topic: "schema", question: `More ${++count}`, ticket: tickets[n % 2] };
      if (n % 3 === 0) return codeOf(over(n, workers[n % 4]!, "question.ask", input));
      const id = first[n % 2]! + (n % 4);
      return codeOf(over(n, strategists[n % 2]!, "question.answer", { id, answer: "Two", reason: "r" }));
    });
    await Promise.all(acts);
    const rows = await world.sql(
      `select t.id, t.state = 'blocked' as blocked, exists (select from questions.questions q
         where q.ticket_id = t.id and q.state = 'open' and q.blocks) as waits
       from tickets.tickets t where t.id = any ($1)`,
      [tickets],
    );
    for (const { id, blocked, waits } of rows)
      assert.equal(blocked, waits, `${id}: blocked ${blocked}, waits ${waits}`);
  }
  assert.equal((await world.ask(operator, "ticket.drift")).differences, 0);
});
