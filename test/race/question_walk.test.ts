import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Entry, entryOf } from "../../src/rooms/ledger/index.ts";
import { fc } from "../cases.ts";
import { long, testWorld } from "../harness.ts";
import { QuestionStory } from "./question_story.ts";
import { endingLeases, sayingOver } from "./walking.ts";

/**
 * Every command about questions, and those about the tickets that wait for them, in any order, many at once over two
 * nodes: the ledger tells a story that one command after the other could have made, and the tables say the same.
 */

const world = await testWorld();
const { operator, say, ask, sql } = world;
const over = sayingOver(world);
const endLease = endingLeases(world);
const roles: Record<string, string> = {
  ...({ Ann: "implementer", Ben: "implementer", Cam: "coordinator" } as const),
  ...({ Sam: "strategist", Sue: "strategist", operator: "operator" } as const),
};
const seats = Object.keys(roles).filter((name) => name !== "operator");
const tokens = [...(await Promise.all(seats.map((name) => world.seat(name, roles[name])))), operator];
/** Of the routing table that ships. */
const routes = { schema: "strategist", budget: "operator", deploys: "nobody that is known", queue_drain: "fleet" };
const TICKETS = 5;
const WORDS = 5;

const by = fc.nat(tokens.length - 1);
const on = fc.nat(TICKETS - 1);
/** Mostly who may decide. */
const decider = fc.oneof(
  by,
  fc.nat(2).map((n) => tokens.length - 1 - n),
);
/** One of the newest questions. */
const of = fc.nat(4);
const topic = fc.constantFrom(...(Object.keys(routes) as (keyof typeof routes)[]), "schema", "schema", "budget");
const kind = <K extends string>(name: K) => fc.constant(name);
const act = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ kind: kind("ask"), by, topic, words: fc.nat(WORDS - 1), blocks: fc.nat(3) },
      ticket: fc.oneof(on, on, fc.constant(undefined)),
      probe: fc.oneof(on, fc.constant(undefined), fc.constant(undefined)),
    }),
  },
  { weight: 12, arbitrary: fc.record({ kind: kind("answer"), by: decider, of }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("withdraw"), by, of }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("reroute"), by: decider, of, topic }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("survey") }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("claim"), by, on }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("finish"), on }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("release"), on, state: fc.constantFrom("awaiting_claim", "blocked") }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("block", "unblock", "park", "cancel", "reopen", "reopen", "reopen", "reopen"),
      by: decider,
      on,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("expire"), on }) },
);
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never;

/** Said of a ticket that was claimed, if there is one. */
const OF_CLAIMS: ReadonlySet<string> = new Set(["finish", "release", "expire"]);
/** A walk without these would be about little. */
const ESSENTIAL = ["question.asked", "question.answered", "question.withdrawn", "ticket.blocked", "ticket.unblocked"];
const reason = "because of that";

let runs = 0;

/** One fleet's walk in a namespace of its own. */
class Walk {
  readonly prefix = `Q${++runs}`;
  #tickets: string[] = [];
  #questions: number[] = [];
  /** The question that this walk asks first: those of the walks before are no part of its story. */
  #first = 0;
  #claims = new Map<string, { by: number; claim_token: string }>();

  async begin(): Promise<void> {
    await say(operator, "namespace.define", { prefix: this.prefix, format: `${this.prefix}-N` });
    for (let n = 0; n < TICKETS; n++)
      this.#tickets.push((await say(operator, "ticket.file", { namespace: this.prefix, title: "Work" })).id);
    const [{ newest }] = await sql("select coalesce(max(id), 0)::integer as newest from questions.questions");
    this.#first = newest + 1;
  }

  #said(by: number | "longwatch", name: string, input: object): Promise<any> {
    return over(by === "longwatch" ? by : { token: tokens[by]! }, name, input);
  }

  async do(one: Act): Promise<void> {
    const held = OF_CLAIMS.has(one.kind) && this.#claims.size > 0 ? [...this.#claims.keys()] : this.#tickets;
    const id = "on" in one ? held[one.on % held.length]! : "";
    const question = "of" in one ? (this.#questions.at(-1 - one.of) ?? this.#first) : 0;
    const claim = this.#claims.get(id) ?? { by: 0, claim_token: "00000000-0000-4000-8000-000000000000" };
    const holding = { id, claim_token: claim.claim_token };
    switch (one.kind) {
      case "ask":
        return this.#ask(one);
      case "answer":
        // The word that obliges: a verdict cites the question, and adopts nothing.
        return this.#over(
          question,
          await this.#said(one.by, "question.answer", { id: question, answer: "ADOPT", reason }),
        );
      case "withdraw":
        return this.#over(question, await this.#said(one.by, "question.withdraw", { id: question, reason }));
      case "reroute":
        return void (await this.#said(one.by, "question.reroute", { id: question, topic: one.topic, reason }));
      case "survey":
        return this.survey();
      case "claim": {
        const got = await this.#said(one.by, "ticket.claim", { id });
        // The newest claim last: most that came before it are over.
        this.#claims.delete(id);
        return void (got && this.#claims.set(id, { by: one.by, claim_token: got.claim_token }));
      }
      case "finish":
        return void (await this.#said(claim.by, "ticket.finish", { ...holding, work_proof: "commit 1a2b3c4" }));
      case "release":
        return void (await this.#said(claim.by, "ticket.release", { ...holding, state: one.state, reason }));
      case "expire":
        return endLease(id);
      default:
        return void (await this.#said(one.by, `ticket.${one.kind}`, { id, reason }));
    }
  }

  /** What is over is asked about once more by those who are at it now, and then no more. */
  #over(question: number, answer: unknown): void {
    if (answer !== null) this.#questions = this.#questions.filter((one) => one !== question);
  }

  async survey(): Promise<void> {
    await this.#said("longwatch", "question.survey", {});
  }

  async #ask({ by, topic, words, blocks, ticket, probe }: Extract<Act, { kind: "ask" }>): Promise<void> {
    const asked = await this.#said(by, "question.ask", {
      ...{ topic, question: `${this.prefix}: how ${words}?`, blocks: blocks > 0 },
      ...(ticket === undefined ? {} : { ticket: this.#tickets[ticket] }),
      ...(probe === undefined ? {} : { probe: `ticket ${this.#tickets[probe]} is done` }),
    });
    if (asked?.asked) this.#questions.push(asked.id);
  }
}

it("questions of every kind, many at once, come to a story that one after the other could have made", async () => {
  const told = new Set<string>();
  const waves = fc.array(fc.array(act, { minLength: 8, maxLength: 24 }), { minLength: 8, maxLength: 12 });
  const walks = fc.asyncProperty(waves, async (waves) => {
    const walk = new Walk();
    const { seq } = await ask(operator, "ledger.head");
    await walk.begin();
    for (const wave of waves) await Promise.all(wave.map((one) => walk.do(one)));
    // What is done by its probe now is closed by one look more.
    await walk.survey();
    const leaves = await sql("select leaf from ledger.entries where seq > $1 order by seq", [seq]);
    const entries = leaves.map(({ leaf }) => entryOf(leaf));
    for (const { kind } of entries) told.add(kind);
    const { questions, tickets, faults } = new QuestionStory(entries, { roles, routes });
    assert.deepEqual(faults, []);
    const rows = [...questions].map(([id, { probe: _, ...one }]) => ({ id, ...one }));
    assert.deepEqual(await rowsOf([...questions.keys()]), rows);
    const states = [...tickets].map(([id, { state, waits_for }]) => ({ id, state, waits_for }));
    assert.deepEqual(
      await sql(TICKET_ROWS, [walk.prefix]),
      states.filter(({ id }) => id.startsWith(`${walk.prefix}-`)),
    );
  });
  // Making a failure smaller takes minutes: the long form does.
  await fc.assert(walks, { numRuns: long ? 120 : 8, endOnFailure: !long, includeErrorInReport: true });
  assert.deepEqual(
    ESSENTIAL.filter((kind) => !told.has(kind)),
    [],
    "these were never told",
  );
  assert.ok(!told.has("adoption.made"), "a verdict adopts nothing");
  assert.deepEqual((await ask(operator, "ticket.drift")).found, []);
});

const QUESTION_ROWS = `
  select q.id::integer, q.state, q.topic, q.goes_to, a.name as asker, q.question as words, q.ticket_id as ticket,
    q.blocks, q.relabels, q.asked_at, q.closed_at
  from questions.questions q join seats.principals a on a.id = q.asked_by where q.id = any ($1) order by q.id`;
const TICKET_ROWS = `
  select id, state, substring(blocked_reason from '^question (\\d+): ')::integer as waits_for from tickets.tickets
  where namespace = $1 order by id`;

async function rowsOf(ids: readonly number[]): Promise<unknown[]> {
  const rows = await sql(QUESTION_ROWS, [ids]);
  return rows.map(({ asked_at, closed_at, ...row }) => ({
    ...{ ...row, asked_at: asked_at.toISOString(), closed_at: closed_at?.toISOString() ?? null },
  }));
}

describe("a story of questions", () => {
  const entry = (kind: string, subject: string | null, actor: string, data: object) =>
    ({ seq: 0, at: "now", kind, subject, actor, data }) as unknown as Entry;
  const asked = (id: number, actor: string, more: object = {}) =>
    entry("question.asked", `question-${id}`, actor, {
      ...{ id, topic: "schema", goes_to: "strategist", question: "How?", blocks: false, ...more },
    });
  const ended = (kind: string, id: number, actor: string) => entry(`question.${kind}`, `question-${id}`, actor, { id });
  const ticket = (kind: string, state: string, reason = "") => entry(`ticket.${kind}`, "A-1", "Ann", { state, reason });
  const posted = (subject: string | null = null) => entry("post.appended", subject, "Sam", {});
  const filed = ticket("filed", "awaiting_claim");
  const waits = [
    filed,
    asked(1, "Ann", { ticket: "A-1", blocks: true }),
    ticket("blocked", "blocked", "question 1: How?"),
  ];
  const resumed = ticket("unblocked", "awaiting_claim", "question 1 is answered: so");
  const faults = (...entries: Entry[]) =>
    new QuestionStory(entries, { roles, routes }).faults.map((fault) => fault.replace(/^0 \S+ \S+ /, ""));

  it("without a fault has none", () => {
    const other = asked(2, "Ben", { ticket: "A-1", question: "Why?", blocks: true });
    const goes_on = [ended("withdrawn", 2, "Ben"), ended("answered", 1, "Sam"), resumed, posted("A-1")];
    assert.deepEqual(faults(...waits, other, ...goes_on), []);
    assert.deepEqual(faults(asked(1, "Ann"), ended("withdrawn", 1, "Ann"), asked(2, "Ben")), []);
  });

  it("has each fault by itself", () => {
    assert.deepEqual(faults(asked(1, "Ann"), asked(2, "Ben")), ["it waits or was decided already"]);
    assert.deepEqual(faults(asked(1, "Ann", { goes_to: "operator" })), ["schema goes to strategist, not to operator"]);
    assert.deepEqual(faults(asked(1, "Sam"), ended("answered", 1, "Sam"), posted()), ["who asked it decided it"]);
    const moved = entry("question.rerouted", "question-1", "Sam", { id: 1, topic: "budget", goes_to: "operator" });
    const above = [asked(1, "Ann"), moved, ended("answered", 1, "Sam"), posted()];
    assert.deepEqual(faults(...above), ["it is for the operator to decide, not Sam"]);
    const back = entry("question.rerouted", "question-1", "Sam", { id: 1, topic: "schema", goes_to: "strategist" });
    assert.deepEqual(faults(asked(1, "Ann"), moved, back), ["a strategist took it from the operator"]);
    const twice = [ended("withdrawn", 1, "Ann"), ended("withdrawn", 1, "Ann")];
    assert.deepEqual(faults(asked(1, "Ann"), ...twice), ["it was withdrawn"]);
    assert.deepEqual(faults(asked(1, "Ann"), ended("withdrawn", 1, "Ben")), ["Ann asked it, not Ben"]);
    assert.deepEqual(faults(asked(1, "Ann"), ended("answered", 1, "Sam")), ["post.appended of null is due"]);
    assert.deepEqual(faults(...waits, ended("answered", 1, "Sam"), posted("A-1")), [
      "ticket.unblocked of A-1 was due",
      "A-1 waits for no question",
    ]);
    assert.deepEqual(faults(...waits, resumed), ["no question that blocked it was closed"]);
    const probed = { ticket: "A-1", probe: "ticket A-1 is done" };
    assert.deepEqual(faults(filed, asked(1, "Ann", probed), ended("closed", 1, "Ann")), ["its probe is not true"]);
    const done = ticket("finished", "done");
    assert.deepEqual(faults(filed, asked(1, "Ann", probed), done), ["question 1 is done and open"]);
  });
});
