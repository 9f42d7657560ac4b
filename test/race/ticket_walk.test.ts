import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Entry, entryOf } from "../../src/rooms/ledger/index.ts";
import { fc } from "../cases.ts";
import { long, testWorld } from "../harness.ts";
import { storyOf } from "./ticket_story.ts";
import { endingLeases, sayingOver } from "./walking.ts";

/**
 * Every command about tickets, in any order, many at once over two nodes: whatever they come to, the ledger tells a
 * story that one command after the other could have made, and the tables say the same.
 */

const world = await testWorld();
const { operator, say, ask, sql } = world;
const over = sayingOver(world);
const endLease = endingLeases(world);
const NAMES = ["Ann", "Ben", "Cam"];
const tokens = await Promise.all(NAMES.map((name) => world.seat(name, "coordinator")));
const work_proof = "commit 1a2b3c4";
const reason = "CMB-1 because";

// A handful of tickets, so that the acts meet.
const ticket = fc.nat(4);
const seat = fc.nat(NAMES.length - 1);
const kind = <K extends string>(name: K) => fc.constant(name);
/** Left out but once in `freq` times: what each ticket had would leave none that anybody may claim. */
const rarely = <T>(freq: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: freq - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const content = {
  parent: rarely(2, ticket),
  blocked_by: fc.array(ticket, { maxLength: 2 }),
  owner: rarely(5, seat),
  surface: rarely(2, fc.nat(1)),
  opens: rarely(5, fc.constantFrom("past", "done")),
};
const about = { on: ticket, by: seat };
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: kind("file"), by: seat, ...content }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("reserve"), by: seat }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("fill"), ...about, ...content }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: kind("link"), ...about, to: ticket, type: fc.constantFrom("blocks", "parent-child") }),
  },
  { weight: 8, arbitrary: fc.record({ kind: kind("claim"), ...about, byLane: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("rush"), surface: fc.nat(1), byLane: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("renew"), ...about }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind("release"),
      ...about,
      state: fc.constantFrom("awaiting_claim", "blocked", "parked", "cancelled"),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: kind("finish"), ...about, how: fc.constantFrom("well", "badly", "unproven") }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom("block", "unblock", "park", "cancel", "reopen"), ...about }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("assign"), ...about, owner: fc.option(seat) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("expire"), on: ticket }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("lapse", "trigger") }) },
);
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never;

/** Ways to finish: done, sent back by its design review, and refused. */
const PROOFS = {
  well: { work_proof },
  badly: { work_proof, design_review: "intent: i; screenshot: s; matches: no" },
  unproven: { work_proof: "" },
};

/** Said of a ticket that was claimed, if there is one: few of any five are. */
const OF_CLAIMS: ReadonlySet<string> = new Set(["renew", "release", "finish", "expire"]);
/** A walk without these would be about little. */
const ESSENTIAL = ["ticket.claimed", "ticket.finished", "ticket.linked", "ticket.cancelled"];

let runs = 0;

/** One fleet's walk in a namespace of its own. */
class Walk {
  readonly prefix = `W${++runs}`;
  #ids: string[] = [];
  #reserved: { id: string; by: number }[] = [];
  /** The last claim's token of each ticket, whether it still counts or not. */
  #claims = new Map<string, { by: number; claim_token: string }>();

  async begin(): Promise<void> {
    await say(operator, "namespace.define", { prefix: this.prefix, format: `${this.prefix}-N` });
    for (let n = 0; n < 2; n++) this.#ids.push((await this.#said(0, "ticket.file", this.#named("Begun")))!.id);
  }

  #named(title: string) {
    return { namespace: this.prefix, title };
  }

  #said(by: number | "longwatch", name: string, input: object): Promise<any> {
    return over(by === "longwatch" ? by : { token: tokens[by]! }, name, input);
  }

  async do(one: Act): Promise<void> {
    const isOfClaim = OF_CLAIMS.has(one.kind) && this.#claims.size > 0;
    const id = "on" in one ? this.#at(one.on, isOfClaim ? [...this.#claims.keys()] : this.#ids) : "";
    const claim = this.#claims.get(id) ?? { by: 0, claim_token: "00000000-0000-4000-8000-000000000000" };
    const holding = { id, claim_token: claim.claim_token };
    switch (one.kind) {
      case "file":
        return this.#keep(await this.#said(one.by, "ticket.file", { ...this.#named("Filed"), ...this.#content(one) }));
      case "reserve": {
        const reserved = await this.#said(one.by, "ticket.reserve", this.#named("Reserved"));
        this.#keep(reserved);
        return void (reserved && this.#reserved.push({ id: reserved.id, by: one.by }));
      }
      case "fill": {
        const { id: reservation, by } = this.#reserved[one.on % this.#reserved.length] ?? { id: "W-0", by: one.by };
        return void (await this.#said(by, "ticket.file", { reservation, title: "Reserved", ...this.#content(one) }));
      }
      case "link":
        return void (await this.#said(one.by, "ticket.link", { id, target: this.#at(one.to), type: one.type }));
      case "claim":
        return this.#claim(one.by, one.byLane ? { lane: this.prefix } : { id });
      case "rush":
        return this.#rush(one.surface, one.byLane);
      case "renew":
        return void (await this.#said(claim.by, "ticket.renew", holding));
      case "release":
        return void (await this.#said(claim.by, "ticket.release", { ...holding, state: one.state, reason }));
      case "finish":
        return void (await this.#said(claim.by, "ticket.finish", { ...holding, ...PROOFS[one.how] }));
      case "assign": {
        const owner = one.owner === null ? "UNCLAIMED" : NAMES[one.owner];
        return void (await this.#said(one.by, "ticket.assign", {
          id,
          owner,
          reason: `${reason}\nPRIOR-DIAGNOSTIC: it`,
        }));
      }
      case "expire":
        return endLease(id);
      case "lapse":
      case "trigger":
        return void (await this.#said("longwatch", `ticket.${one.kind}`, {}));
      default:
        return void (await this.#said(one.by, `ticket.${one.kind}`, { id, reason }));
    }
  }

  async #claim(by: number, which: { id: string } | { lane: string }): Promise<void> {
    const got = await this.#said(by, "ticket.claim", which);
    if (got !== null) this.#claims.set(got.id, { by, claim_token: got.claim_token });
  }

  /** Everybody at once wants one surface: a batch has several such claims, and the other node one. */
  async #rush(surface: number, byLane: boolean): Promise<void> {
    const filing = { ...this.#named("Rushed"), surface_key: `${this.prefix}:${surface}` };
    const filed = await Promise.all(NAMES.map((_, by) => this.#said(by, "ticket.file", filing)));
    for (const one of filed) this.#keep(one);
    await Promise.all(filed.map(({ id }, by) => this.#claim(by, byLane ? { lane: this.prefix } : { id })));
  }

  #at(n: number, ids: readonly string[] = this.#ids): string {
    return ids.at(-1 - (n % ids.length))!;
  }

  #keep(filed: { id: string } | null): void {
    if (filed !== null) this.#ids.push(filed.id);
  }

  #content({ parent, blocked_by, owner, surface, opens }: Omit<Extract<Act, { kind: "file" }>, "kind">) {
    return {
      ...(parent === undefined ? {} : { parent: this.#at(parent) }),
      blocked_by: blocked_by.map((n) => this.#at(n)),
      ...(owner === undefined ? {} : { owner: NAMES[owner] }),
      ...(surface === undefined ? {} : { surface_key: `${this.prefix}:${surface}` }),
      ...(opens === undefined
        ? {}
        : { opens_when: opens === "past" ? "date 2026-01-01" : `ticket ${this.#at(0)} is done` }),
    };
  }
}

it("acts of every kind, many at once, come to a story that one after the other could have made", async () => {
  const told = new Set<string>();
  const waves = fc.array(fc.array(act, { minLength: 8, maxLength: 24 }), { minLength: 8, maxLength: 12 });
  const walks = fc.asyncProperty(waves, async (waves) => {
    const walk = new Walk();
    const { seq } = await ask(operator, "ledger.head");
    await walk.begin();
    for (const wave of waves) await Promise.all(wave.map((one) => walk.do(one)));
    const leaves = await sql("select leaf from ledger.entries where seq > $1 order by seq", [seq]);
    // A trigger opens what walks before this one left, too.
    const isOwn = (subject: string | null) => subject?.startsWith(`${walk.prefix}-`) ?? false;
    const entries = leaves.map(({ leaf }) => entryOf(leaf)).filter((one) => isOwn(one.subject));
    for (const { kind } of entries) told.add(kind);
    const { tickets, faults } = storyOf(entries);
    assert.deepEqual(faults, []);
    const rows = [...tickets].map(([id, { state, holder, owner }]) => ({ id, state, holder, owner }));
    assert.deepEqual(rows.sort(byId), await sql(ROWS, [walk.prefix]));
    assert.deepEqual(await sql(MISCOUNTED, [walk.prefix]), []);
  });
  // Making a failure smaller takes minutes: the long form does.
  await fc.assert(walks, { numRuns: long ? 300 : 8, endOnFailure: !long, includeErrorInReport: true });
  assert.deepEqual(
    ESSENTIAL.filter((kind) => !told.has(kind)),
    [],
    "these were never told",
  );
  const { found, cycles } = await ask(operator, "ticket.drift");
  assert.deepEqual({ found, cycles }, { found: [], cycles: [] });
});

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
const ROWS = `
  select t.id, t.state, h.name as holder, o.name as owner from tickets.tickets t
  left join seats.principals h on h.id = t.claimed_by left join seats.principals o on o.id = t.owner_id
  where t.namespace = $1 order by t.id collate "C"`;
/** Tickets whose counter is not the number of unfinished tickets that they wait for. */
const MISCOUNTED = `
  select t.id, t.open_blockers from tickets.tickets t where t.namespace = $1 and t.open_blockers <> (
    select count(distinct b.id) from tickets.links l join tickets.tickets b on b.tenant_id = l.tenant_id
      and b.id = l.target_id where l.tenant_id = t.tenant_id and l.ticket_id = t.id
      and l.type in ('blocks', 'blocked-by') and b.state not in ('done', 'cancelled'))`;

describe("a story", () => {
  const entry = (kind: string, subject: string, actor: string, data: object) =>
    ({ seq: 0, kind: `ticket.${kind}`, subject, actor, data: { id: subject, ...data } }) as unknown as Entry;
  const filed = (id: string, more: object = {}) => entry("filed", id, "Ann", { state: "awaiting_claim", ...more });
  const claimed = (id: string, holder: string) => entry("claimed", id, holder, { state: "in_progress", holder });
  const ended = (id: string, by: string) => entry("finished", id, by, { state: "done" });
  const faults = (...entries: Entry[]) => storyOf(entries).faults.map((fault) => fault.replace(/^.*?: /, ""));

  it("without a fault has none", () => {
    const surface_key = "a:b";
    const whole = [filed("A-1", { surface_key }), filed("A-2", { blocked_by: ["A-1"], surface_key, owner: "Ben" })];
    const held = [claimed("A-1", "Ann"), ended("A-1", "Ann"), claimed("A-2", "Ben"), ended("A-2", "Ben")];
    assert.deepEqual(faults(...whole, ...held), []);
  });

  it("has each fault by itself", () => {
    const surface_key = "a:b";
    const child = filed("A-2", { parent: "A-1" });
    assert.deepEqual(faults(ended("A-1", "Ann")), ["nobody filed it"]);
    assert.deepEqual(faults(filed("A-1"), claimed("A-1", "Ann"), claimed("A-1", "Ben")), ["it was in_progress"]);
    assert.deepEqual(faults(filed("A-1"), claimed("A-1", "Ann"), ended("A-1", "Ben")), ["Ann held it, not Ben"]);
    assert.deepEqual(faults(filed("A-1"), child, claimed("A-1", "Ann"), ended("A-1", "Ann")), ["a child was open"]);
    const waiting = filed("A-2", { blocked_by: ["A-1"] });
    assert.deepEqual(faults(filed("A-1"), waiting, claimed("A-2", "Ann")), ["it waited"]);
    assert.deepEqual(faults(filed("A-1", { owner: "Ben" }), claimed("A-1", "Ann")), ["it was given to Ben"]);
    const [one, two] = [filed("A-1", { surface_key }), filed("A-2", { surface_key })];
    assert.deepEqual(faults(one, two, claimed("A-1", "Ann"), claimed("A-2", "Ben")), ["a:b was held"]);
    const back = entry("linked", "A-1", "Ann", { target: "A-2", type: "blocks" });
    assert.deepEqual(faults(filed("A-1"), waiting, back), ["A-1 waits for itself", "A-2 waits for itself"]);
  });
});
