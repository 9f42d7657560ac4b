import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";
import { roles } from "../../kernel/operation.ts";
import { fold, type Told } from "./drift.ts";
import { ticketStates, WORKERS } from "./ticket.ts";

const world = await testWorld();
const { operator } = world;
const alice = await world.seat("Alice");
const bob = await world.seat("Bob");
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });

type State = (typeof ticketStates)[number];
type Made = { id: string; claim_token: string };
const NOBODYS = "00000000-0000-4000-8000-000000000000";
const title = "Work";
let imports = 0;

/** A ticket in a state, reached by commands as a fleet would reach it. */
async function ticketIn(state: State): Promise<Made> {
  if (state === "conditional") {
    const input = { alias: `c-${++imports}`, namespace: "CMB", title, state, filed_at: "2026-01-01T00:00:00Z" };
    return { id: (await world.say(operator, "ticket.import", input)).id, claim_token: NOBODYS };
  }
  const { id } = await world.say(alice, state === "reserved" ? "ticket.reserve" : "ticket.file", {
    namespace: "CMB",
    title,
  });
  if (state === "reserved" || state === "awaiting_claim") return { id, claim_token: NOBODYS };
  const { claim_token } = await world.say(alice, "ticket.claim", { id });
  if (state === "in_progress") return { id, claim_token };
  if (state === "done") await world.say(alice, "ticket.finish", { id, claim_token, work_proof: "commit 1a2b3c4" });
  else await world.say(alice, "ticket.release", { id, claim_token, state, reason: "on the way" });
  return { id, claim_token };
}

type Act = {
  say: (made: Made) => [token: string, command: string, input: object];
  to: Partial<Record<State, State>>;
  otherwise: string;
};
const reason = "because";
const release = (to: State): Act => ({
  say: ({ id, claim_token }) => [alice, "ticket.release", { id, claim_token, state: to, reason }],
  to: { in_progress: to },
  otherwise: "lease.lost",
});
const move = (command: string, to: State, from: State[], token = alice): Act => ({
  say: ({ id }) => [token, command, { id, reason }],
  to: Object.fromEntries(from.map((state) => [state, to])),
  otherwise: "ticket.<state>",
});
const same = (states: State[]) => Object.fromEntries(states.map((state) => [state, state]));

/** Origins A3: every act, from where it leads where, and what refuses it everywhere else. */
const acts: Record<string, Act> = {
  claim: {
    say: ({ id }) => [bob, "ticket.claim", { id }],
    to: { awaiting_claim: "in_progress" },
    otherwise: "ticket.<state>",
  },
  renew: {
    say: ({ id, claim_token }) => [alice, "ticket.renew", { id, claim_token }],
    to: { in_progress: "in_progress" },
    otherwise: "lease.lost",
  },
  finish: {
    say: ({ id, claim_token }) => [alice, "ticket.finish", { id, claim_token, work_proof: "commit 1a2b3c4" }],
    to: { in_progress: "done" },
    otherwise: "lease.lost",
  },
  release: release("awaiting_claim"),
  "release as blocked": release("blocked"),
  "release as parked": release("parked"),
  "release as cancelled": release("cancelled"),
  block: move("ticket.block", "blocked", ["awaiting_claim", "parked"]),
  unblock: move("ticket.unblock", "awaiting_claim", ["blocked"]),
  park: move("ticket.park", "parked", ["awaiting_claim", "blocked", "conditional"]),
  cancel: move("ticket.cancel", "cancelled", ["reserved", "awaiting_claim", "blocked", "parked", "conditional"]),
  reopen: move("ticket.reopen", "awaiting_claim", ["parked", "conditional", "done", "cancelled"], operator),
  assign: {
    say: ({ id }) => [alice, "ticket.assign", { id, priority: 1, reason }],
    to: same(["reserved", "awaiting_claim", "blocked", "parked", "conditional"]),
    otherwise: "ticket.<state>",
  },
  file: {
    say: ({ id }) => [alice, "ticket.file", { reservation: id, title }],
    to: { reserved: "awaiting_claim" },
    otherwise: "reservation.used",
  },
};

describe("a transition", () => {
  for (const [name, act] of Object.entries(acts))
    for (const from of ticketStates) {
      const to = act.to[from];
      it(`${name} of a ticket that is ${from} ${to ? `leads to ${to}` : "is refused and moves nothing"}`, async () => {
        const made = await ticketIn(from);
        const [token, command, input] = act.say(made);
        if (to) {
          await world.say(token, command, input);
        } else {
          const refusal = await world.refused(token, command, input);
          assert.equal(refusal.code, act.otherwise.replace("<state>", from));
          assert.equal(refusal.kind, "conflict");
          assert.ok(refusal.hint, "the hint says what to do");
          assert.ok(
            world.door.operations.get(command)!.refuses.includes(refusal.code),
            `${command} declares ${refusal.code}`,
          );
        }
        const shown = await world.ask(operator, "ticket.show", { id: made.id });
        assert.equal(shown.state, to ?? from);
        assert.equal(
          shown.blocked_reason === null,
          shown.state !== "blocked",
          "only a blocked ticket says what blocks it",
        );
        assert.equal(shown.closed_at !== null, ["done", "cancelled"].includes(shown.state));
        assert.equal(shown.holder !== null, shown.state === "in_progress");
      });
    }

  it("is made by workers; those who watch make none, and only those who lead reopen", async () => {
    const leads = ["operator", "strategist", "coordinator", "gatekeeper", "steward"];
    const { id } = await ticketIn("done");
    for (const role of roles) {
      const token = role === "operator" ? operator : await world.seat(`As-${role}`, role);
      const worker = (WORKERS as readonly string[]).includes(role);
      for (const [, act] of Object.entries(acts)) {
        const [, command, input] = act.say({ id, claim_token: NOBODYS });
        if (command === "ticket.reopen") continue;
        assert.equal(
          (await world.refused(token, command, input)).code === "role.forbidden",
          !worker,
          `${role} ${command}`,
        );
      }
      const reopened = await world.door.say(token, "ticket.reopen", { id, reason }).catch((error) => error);
      assert.equal(reopened.code === "role.forbidden", !leads.includes(role), role);
      if (leads.includes(role)) await world.say(operator, "ticket.cancel", { id, reason });
    }
  });

  it("needs a reason wherever somebody else will ask for it", async () => {
    for (const act of ["block", "unblock", "park", "cancel", "reopen", "assign", "release"])
      for (const given of [{}, { reason: "" }])
        assert.equal(
          (await world.refused(operator, `ticket.${act}`, { id: "CMB-0001", claim_token: undefined, ...given })).code,
          "input.invalid",
        );
    assert.equal((await world.refused(operator, "ticket.block", { id: "CMB-9999", reason })).code, "ticket.unknown");
  });

  it("said again under its key is answered as the first time, although its state has moved on", async () => {
    const { id } = await ticketIn("awaiting_claim");
    const block = () => world.say(alice, "ticket.block", { id, reason }, `block-${id}`);
    assert.deepEqual(await block(), { id, state: "blocked" });
    assert.deepEqual(await block(), { id, state: "blocked" });
    await world.say(alice, "ticket.unblock", { id, reason });
    assert.deepEqual(await block(), { id, state: "blocked" });
    assert.equal((await world.ask(operator, "ticket.show", { id })).state, "awaiting_claim");
  });

  it("made by sixteen at once is made once", async () => {
    const { id } = await ticketIn("awaiting_claim");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 16 }, () => world.say(alice, "ticket.park", { id, reason })),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  });
});

describe("a dispatch", () => {
  it("changes what it names and nothing else, and is refused when it names nothing", async () => {
    const { id } = await ticketIn("awaiting_claim");
    const said = await world.say(alice, "ticket.assign", { id, owner: "Bob", lane: "ELSE", reason });
    assert.deepEqual(said, { id, owner: "Bob", lane: "ELSE", priority: 2 });
    assert.deepEqual(await world.say(alice, "ticket.assign", { id, priority: 0, reason }), { ...said, priority: 0 });
    assert.equal((await world.refused(alice, "ticket.assign", { id, reason })).code, "assign.nothing");
    assert.equal((await world.refused(alice, "ticket.assign", { id, owner: "Nobody", reason })).code, "seat.unknown");
    assert.equal((await world.say(alice, "ticket.assign", { id, owner: "UNCLAIMED", reason })).owner, null);
  });

  it("J14: takes a ticket from one seat for another only on a diagnosis", async () => {
    const { id } = await ticketIn("awaiting_claim");
    const give = (owner: string, why = reason) => [alice, "ticket.assign", { id, owner, reason: why }] as const;
    await world.say(...give("Bob"));
    await world.say(...give("Bob"));
    const refusal = await world.refused(...give("Alice"));
    assert.deepEqual([refusal.code, refusal.facts.owner], ["diagnosis.missing", "Bob"]);
    assert.equal((await world.refused(...give("Alice", "PRIOR-DIAGNOSTIC:"))).code, "diagnosis.missing");
    const why = `${reason}\nPRIOR-DIAGNOSTIC: Bob is out of quota since 12:03Z`;
    assert.equal((await world.say(...give("Alice", why))).owner, "Alice");
    const pasted = "PRIOR-DIAGNOSTIC: Alice is\u2028out of quota";
    assert.equal((await world.say(...give("Bob", pasted))).owner, "Bob", "whatever line ends it holds");
  });
});

describe("drift", () => {
  const drift = () => world.ask(operator, "ticket.drift");

  it("is none after every transition above", async () => {
    const { differences, found, tickets } = await drift();
    assert.equal(differences, 0, JSON.stringify(found));
    assert.ok(tickets > 110);
  });

  it("names each field that somebody edited behind the door, and is none when it is put back", async () => {
    const { id } = await ticketIn("in_progress");
    const edits: [string, string, string][] = [
      ["title", "title = 'Other work'", `title = '${title}'`],
      ["lane", "lane = 'ELSE'", "lane = 'CMB'"],
      ["priority", "priority = 0", "priority = 2"],
      ["holder", "claimed_by = claimed_by + 1", "claimed_by = claimed_by - 1"],
      ["owner", "owner_id = claimed_by", "owner_id = null"],
      ["surface_key", "surface_key = 'a:b:c'", "surface_key = null"],
      ["closes_when", "closes_when = 'never'", "closes_when = null"],
    ];
    for (const [field, edit, undo] of edits) {
      await world.sql(`update tickets.tickets set ${edit} where id = $1`, [id]);
      const { found } = await drift();
      assert.deepEqual(
        found.map((one: { id: string; field: string }) => [one.id, one.field]),
        [[id, field]],
      );
      await world.sql(`update tickets.tickets set ${undo} where id = $1`, [id]);
    }
    assert.equal((await drift()).differences, 0);
  });

  it("names a state that was edited, a row that was removed and one that was slipped in", async () => {
    const [edited, removed] = [await ticketIn("parked"), await ticketIn("awaiting_claim")];
    await world.sql("update tickets.tickets set state = 'awaiting_claim' where id = $1", [edited.id]);
    await world.sql("delete from tickets.tickets where id = $1", [removed.id]);
    await world.sql(`insert into tickets.tickets
      (tenant_id, id, state, priority, namespace, lane, title, filed_by, filed_at)
      values (1, 'CMB-9999', 'awaiting_claim', 0, 'CMB', 'CMB', 'Slipped in', 1, now())`);
    const { found } = await drift();
    assert.deepEqual(found, [
      { id: edited.id, field: "state", ledger: "parked", table: "awaiting_claim" },
      { id: "CMB-9999", field: "ticket", ledger: null, table: "is there" },
      { id: removed.id, field: "ticket", ledger: "is there", table: null },
    ]);
  });

  it("rests on a pure fold: later entries win, and what is no ticket's entry changes nothing", () => {
    const tickets = new Map<string, Told>();
    const told = (kind: string, subject: string | null, data: Record<string, unknown>) =>
      fold(tickets, { kind, subject, data });
    told("ticket.filed", "A-1", { state: "awaiting_claim", title: "t", lane: "L", priority: 1 });
    told("ticket.claimed", "A-1", { state: "in_progress", holder: "Alice" });
    told("ticket.renewed", "A-1", { state: "in_progress" });
    assert.equal(tickets.get("A-1")!.holder, "Alice");
    told("post.appended", "A-1", { state: "done" });
    told("ticket.linked", "A-1", { target: "A-2" });
    told("command.refused", null, { state: "done" });
    assert.equal(tickets.get("A-1")!.state, "in_progress");
    told("ticket.lapsed", "A-1", { state: "awaiting_claim" });
    const { state, holder, title: kept, lane, priority } = tickets.get("A-1")!;
    assert.deepEqual([state, holder, kept, lane, priority], ["awaiting_claim", null, "t", "L", 1]);
  });
});
