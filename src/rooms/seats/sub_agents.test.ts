import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../test/harness.ts";
import { anotherDoor, codeOf } from "../../kernel/door.fixture.ts";
import { operations } from "../rooms.ts";

const world = await testWorld();
const { operator } = world;
await world.say(operator, "namespace.define", { prefix: "SUB", format: "SUB-NNNN" });
const parent = await world.seat("CODEX-CLI-Studio-CAMBER-01");
const other = await world.seat("Other");

const WORK = ["ticket.claim", "ticket.finish", "post.append", "seat.spawn", "deploy"];
const spawn = (token: string, suffix: string, scope: string[] = WORK, more: object = {}) =>
  world.say(token, "seat.spawn", { suffix, scope, ...more });

describe("a sub-agent", () => {
  it("is PARENT/suffix, with its parent's role and lane, found below every form of its parent's name", async () => {
    const child = await spawn(parent, "named");
    const name = "CODEX-CLI-Studio-CAMBER-01/named";
    assert.deepEqual(
      [child.seat, child.role, child.lane, child.scope],
      [name, "implementer", "CAMBER", [...WORK].sort()],
    );
    assert.equal((await world.ask(child.token, "seat.whoami")).name, name);
    for (const form of [name, "CAMBER-01/named", "CODEX-CLI-CAMBER-01/named"])
      assert.equal((await world.ask(operator, "seat.find", { name: form })).kind, "sub_agent", form);
    const { entries } = await world.ask(operator, "feed.read", { about: name });
    assert.deepEqual(
      entries.map(({ kind, data }: any) => [kind, data.parent]),
      [["seat.spawned", "CODEX-CLI-Studio-CAMBER-01"]],
    );
  });

  it("says what its scope holds and nothing else of what its role may", async () => {
    const { token } = await spawn(parent, "scoped");
    const { id } = await world.say(operator, "ticket.file", { namespace: "SUB", title: "Work", lane: "one" });
    assert.equal((await world.say(token, "ticket.claim", { lane: "one" })).id, id);
    const { claimed_by } = (
      await world.sql(
        "select p.name as claimed_by from tickets.tickets t join seats.principals p on p.id = t.claimed_by",
      )
    )[0];
    assert.equal(claimed_by, "CODEX-CLI-Studio-CAMBER-01/scoped");
    const refusal = await world.refused(token, "ticket.release", {});
    assert.equal(refusal.code, "scope.too_small");
    assert.match(refusal.hint!, /CODEX-CLI-Studio-CAMBER-01\.$/);
    assert.equal(await codeOf(world.door.ask(token, "ticket.list", {})), "scope.too_small");
    const { entries } = await world.ask(operator, "feed.read", { limit: 1000 });
    const denials = entries.filter(({ kind, actor }: any) => kind === "command.denied" && /scoped$/.test(actor));
    assert.equal(denials.length, 2);
  });

  it("says who it is, that it is alive and who it is asked to be, whatever its scope", async () => {
    const { token } = await spawn(parent, "bare", []);
    await world.say(token, "seat.beat", { status: "busy" });
    assert.match((await world.ask(token, "seat.whoami")).name, /bare$/);
  });

  it("J38: posts as PARENT/suffix, and gives out no number and no name, even where its scope would", async () => {
    const { token } = await spawn(parent, "filer");
    const post = { kind: "actionable", subject: "mine", reserve: "SUB" };
    assert.equal((await world.refused(token, "post.append", post)).code, "sub_agent.allocates");
    await world.say(token, "post.append", { subject: "only words" });
    const { entries } = await world.ask(operator, "feed.read", { posts: true, limit: 1000 });
    assert.equal(entries.at(-1).actor, "CODEX-CLI-Studio-CAMBER-01/filer");
    const [{ numbers_given }] = (await world.ask(operator, "namespace.list")).namespaces;
    await world.sql(
      "update seats.principals set scope = scope || '{ticket.file,ticket.reserve,seat.adopt}' where name like '%filer'",
    );
    const { door } = anotherDoor(world);
    for (const [name, input] of [
      ["ticket.file", { namespace: "SUB", title: "x" }],
      ["ticket.reserve", { namespace: "SUB", title: "x" }],
    ] as const)
      assert.equal(await codeOf(door.say(token, name, input)), "sub_agent.allocates");
    const own = { name: "CODEX-CLI-Studio-CAMBER-20" };
    assert.match(await codeOf(door.say(token, "seat.adopt", own)), /^(sub_agent\.allocates|role\.forbidden)$/);
    assert.equal(await codeOf(world.door.ask(operator, "seat.find", own)), "seat.unknown");
    assert.equal((await world.ask(operator, "namespace.list")).namespaces[0].numbers_given, numbers_given);
  });

  it("is denied by a property of the operation: every command that files, reserves, seats or opens has it", () => {
    const giving = [
      "ticket.filed",
      "ticket.reserved",
      "ticket.imported",
      "seat.registered",
      "namespace.defined",
      "token.issued",
      "token.redeemed",
      "tenant.opened",
    ];
    const without = operations.filter(
      (one) => one.kind === "command" && one.events.some((kind) => giving.includes(kind)) && !one.allocates,
    );
    assert.deepEqual(
      without.map(({ name }) => name),
      [],
    );
  });

  it("is not seated by seat.adopt, given a token by token.issue or offered as a seat", async () => {
    await spawn(parent, "plain");
    const name = "CODEX-CLI-Studio-CAMBER-01/plain";
    assert.equal((await world.refused(operator, "seat.adopt", { name })).code, "input.invalid");
    assert.equal((await world.refused(operator, "token.issue", { name })).code, "token.for_seat");
    const { seats } = await world.ask(operator, "seat.list");
    assert.ok(seats.every(({ kind }: { kind: string }) => kind === "seat"));
    const all = await world.ask(operator, "seat.list", { all: true });
    assert.ok(all.seats.some((seat: { name: string }) => seat.name === name));
  });
});

describe("a scope", () => {
  it("J83: is smaller than the parent's at each step, and depth 4 is refused", async () => {
    const scopes = [["deploy", "push", "seat.spawn"], ["push", "seat.spawn"], ["seat.spawn"]];
    let token = await world.seat("Deep");
    for (const [depth, scope] of scopes.entries()) token = (await spawn(token, `d${depth + 1}`, scope)).token;
    assert.equal((await world.ask(token, "seat.whoami")).name, "Deep/d1/d2/d3");
    const refusal = await world.refused(token, "seat.spawn", { suffix: "d4", scope: [] });
    assert.deepEqual([refusal.code, refusal.facts], ["sub_agent.depth", { depth_max: 3 }]);
  });

  it("that is the parent's own is a transfer and refused, in any order; so is one that holds more", async () => {
    const { token } = await spawn(parent, "equal", ["seat.spawn", "ticket.claim"]);
    for (const scope of [
      ["ticket.claim", "seat.spawn"],
      ["seat.spawn", "ticket.claim", "seat.spawn"],
      ["ticket.claim", "deploy"],
    ])
      assert.equal((await world.refused(token, "seat.spawn", { suffix: "x", scope })).code, "scope.not_smaller");
    await spawn(token, "x", ["ticket.claim"]);
  });

  it("holds nothing that the parent's role may not say or that gives out numbers, nothing unknown", async () => {
    const wide = await world.refused(parent, "seat.spawn", {
      suffix: "wide",
      scope: ["ticket.claim", "seat.adopt", "ticket.file"],
    });
    assert.deepEqual([wide.code, wide.facts], ["scope.not_smaller", { wide: ["seat.adopt", "ticket.file"] }]);
    const unknown = await world.refused(parent, "seat.spawn", { suffix: "odd", scope: ["ticket.clam"] });
    assert.deepEqual(unknown.fields, [{ field: "scope", message: "there is no operation ticket.clam" }]);
    for (const suffix of ["", "a/b", "-", "x".repeat(41)])
      assert.equal((await world.refused(parent, "seat.spawn", { suffix, scope: [] })).code, "input.invalid", suffix);
  });

  it("is kept small by the database itself, and so are depth and parenthood", async () => {
    await spawn(parent, "kept", ["push", "seat.spawn"]);
    const insert = (name: string, scope: string, role = "implementer") =>
      sqlError(
        world.asApplication(
          `insert into seats.principals (tenant_id, name, kind, role, scope)
          values (1, '${name}', 'sub_agent', '${role}', ${scope})`,
        ),
      );
    const base = "CODEX-CLI-Studio-CAMBER-01/kept";
    assert.equal((await insert(`${base}/a`, "'{push,seat.spawn}'")).code, "LW016");
    assert.equal((await insert(`${base}/a`, "'{deploy}'")).code, "LW016");
    assert.equal((await insert(`${base}/a`, "'{push}'", "operator")).code, "LW016");
    assert.equal((await insert("Nobody/a", "'{push}'")).constraint, "sub_agent_has_parent");
    assert.equal((await insert("operator/a", "'{push}'", "operator")).code, "LW016");
    assert.equal((await insert("Other/a/b/c/d", "'{push}'")).constraint, "sub_agent_depth");
    assert.equal((await insert("Other/a", "null")).constraint, "sub_agent_has_scope");
  });
});

describe("a sub-agent's session", () => {
  const alive = async (token: string) => (await codeOf(world.door.ask(token, "seat.whoami", {}))) === "accepted";

  it("ends with its parent's: replaced, retired or revoked, down to the last below it, on every node", async () => {
    const { door } = anotherDoor(world);
    for (const end of [
      (seat: string) => world.say(operator, "seat.adopt", { name: seat, replace: true }),
      (seat: string) => world.say(operator, "seat.retire", { seat }),
      (seat: string) => world.say(operator, "token.revoke", { name: seat }),
    ]) {
      const seat = `Ending-${end.toString().length}`;
      const top = await world.seat(seat);
      const middle = (await spawn(top, "a", ["push", "seat.spawn"])).token;
      const last = (await spawn(middle, "b", ["push"])).token;
      await door.ask(last, "seat.whoami", {});
      await end(seat);
      for (const token of [top, middle, last])
        for (const one of [door, world.door])
          assert.equal(await codeOf(one.ask(token, "seat.whoami", {})), "token.unknown");
      const { entries } = await world.ask(operator, "feed.read", { about: seat, limit: 1000 });
      const told = entries.filter(({ data }: any) => data.sub_agents !== undefined);
      assert.deepEqual(
        told.map(({ data }: any) => data.sub_agents),
        [[`${seat}/a`, `${seat}/a/b`]],
      );
    }
  });

  it("ends with its parent's even when plain SQL ends that", async () => {
    const top = await world.seat("Plain");
    const { token } = await spawn(top, "a", ["push"]);
    await world.sql("update seats.principals set incarnation = gen_random_uuid() where name = 'Plain'");
    await world.sql("update ledger.heads set authority_revision = authority_revision + 1");
    assert.equal(await alive(token), false);
  });

  it("is ended by its parent or a keeper, and not by another seat; then its name can begin anew", async () => {
    const first = await spawn(parent, "again", ["push"]);
    const name = first.seat;
    assert.equal((await world.refused(other, "seat.dismiss", { seat: name })).code, "seat.not_yours");
    assert.equal((await world.refused(parent, "seat.dismiss", { seat: "Other" })).code, "seat.not_a_sub_agent");
    await world.say(parent, "seat.dismiss", { seat: name });
    assert.equal(await alive(first.token), false);
    assert.equal((await world.refused(parent, "seat.dismiss", { seat: name })).code, "seat.retired");
    const second = await spawn(parent, "again", ["deploy"]);
    assert.deepEqual([second.scope, await alive(second.token), await alive(first.token)], [["deploy"], true, false]);
    await world.say(operator, "seat.dismiss", { seat: name });
    assert.equal(await alive(second.token), false);
  });

  it("J40: is not taken from under another, unless it is replaced", async () => {
    const first = await spawn(parent, "held", ["push", "seat.spawn"]);
    const below = await spawn(first.token, "b", ["push"]);
    assert.equal((await world.refused(parent, "seat.spawn", { suffix: "held", scope: [] })).code, "seat.held");
    const second = await spawn(parent, "held", ["push"], { replace: true });
    assert.deepEqual(
      [await alive(first.token), await alive(below.token), await alive(second.token)],
      [false, false, true],
    );
  });

  it("does not outlast its parent's token, and belongs to a seat: no person has one", async () => {
    const day = await world.say(operator, "seat.adopt", { name: "Short", token_days: 1 });
    const child = await spawn(day.token, "a", ["push"], { minutes: 7 * 24 * 60 });
    assert.equal(child.expires_at, day.expires_at);
    const brief = await spawn(day.token, "b", ["push"], { minutes: 1 });
    assert.ok(brief.expires_at < day.expires_at);
    assert.equal((await world.refused(operator, "seat.spawn", { suffix: "a", scope: [] })).code, "seat.not_adopted");
  });
});
