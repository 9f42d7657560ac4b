import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { z } from "zod";
import { long, testWorld } from "../../test/harness.ts";
import { anotherDoor, codeOf, tally } from "./door.fixture.ts";
import type { Door } from "./door.ts";
import { command } from "./operation.ts";
import { Refusal } from "./refusal.ts";
import { parseStatements } from "./sql.ts";

const [resign] = parseStatements("-- name: resign\ndelete from seats.deputies where deputy_id = :deputy_id", "probe");
/** What only a gatekeeper may say: it ends the deputyship of its caller, and then goes as `end` tells. */
const resigning = command({
  name: "probe.resign",
  summary: "A probe.",
  input: z.object({ end: z.enum(["well", "refused", "unwritable"]) }),
  output: z.object({}),
  may: ["gatekeeper"],
  events: ["probe.done"],
  refuses: ["probe.refused"],
  async run(world, { caller, input: { end } }) {
    world.db.send(resign!, { deputy_id: caller.principal_id });
    world.authorityChanged();
    if (end === "refused") throw new Refusal("conflict", "probe.refused", "The probe refuses.");
    const data = end === "unwritable" ? { half: "\ud800" } : {};
    return { output: {}, events: [{ kind: "probe.done", subject: null, data }] };
  },
});

const world = await testWorld();
const doors = [world.door, anotherDoor(world, { extra: [resigning] }).door];

/** The codes of everything that a token can be used for at a door. */
function uses(door: Door, token: string): Promise<string[]> {
  return Promise.all([
    codeOf(door.say(token, "seat.beat", {})),
    codeOf(door.say(token, "post.append", { subject: "still here" })),
    codeOf(door.ask(token, "seat.whoami", {})),
    codeOf(door.ask(token, "feed.read", {})),
    codeOf(door.identify(token)),
  ]);
}
const all = (code: string) => Array(5).fill(code);
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

const endings = {
  "token.revoke": (name: string) => ({ name }),
  "seat.retire": (seat: string) => ({ seat }),
  "seat.adopt": (name: string) => ({ name, replace: true }),
};

describe("a token that two doors remember", () => {
  for (const [command, input] of Object.entries(endings))
    it(`is worth nothing at either, from the first request after ${command}`, async () => {
      for (const ended of doors) {
        const name = `Ended-${command}-${doors.indexOf(ended)}`;
        const token = await world.seat(name);
        for (const door of doors) assert.deepEqual(await uses(door, token), all("accepted"));
        await ended.say(world.operator, command, input(name));
        for (const door of doors) assert.deepEqual(await uses(door, token), all("token.unknown"));
      }
    });

  it("serves no request that began after the revoke was answered, however many are on their way", async () => {
    for (let round = 0; round < (long ? 30 : 4); round++) {
      const token = await world.seat(`Busy-${round}`);
      let answered = false;
      let over = false;
      const late: string[] = [];
      const early: string[] = [];
      const talkers = Array.from({ length: 16 }, async (_, n) => {
        while (!over) {
          const into = answered ? late : early;
          const door = doors[n % 2]!;
          into.push(await codeOf(n % 4 < 2 ? door.say(token, "seat.beat", {}) : door.ask(token, "seat.whoami", {})));
        }
      });
      while (!early.includes("accepted")) await pause();
      await doors[round % 2]!.say(world.operator, "token.revoke", { name: `Busy-${round}` });
      answered = true;
      while (late.length < talkers.length) await pause();
      over = true;
      await Promise.all(talkers);
      assert.deepEqual(Object.keys(tally(late)), ["token.unknown"]);
    }
  });

  it("keeps its worth when another's is revoked", async () => {
    const [kept] = [await world.seat("Kept"), await world.seat("Other")];
    for (const door of doors) await uses(door, kept);
    await world.say(world.operator, "token.revoke", { name: "Other" });
    for (const door of doors) assert.deepEqual(await uses(door, kept), all("accepted"));
  });

  it("dies at its expiry although nothing else changed", async () => {
    // A machine that is slow needs longer to use it at both doors before its end.
    for (let seconds = 0.4; ; seconds *= 2) {
      const token = await world.seat(`Brief-${seconds}`);
      const hash = createHash("sha256").update(token).digest();
      const soon = `update seats.tokens set expires_at = clock_timestamp() + $2 * interval '1 s' where token_hash = $1`;
      await world.sql(soon, [hash, seconds]);
      const isOver = async () => {
        const ended = "select expires_at < clock_timestamp() as over from seats.tokens where token_hash = $1";
        return (await world.sql(ended, [hash]))[0].over as boolean;
      };
      const before: string[][] = [];
      for (const door of doors) before.push(await uses(door, token));
      if (await isOver()) continue;
      assert.deepEqual(
        before,
        doors.map(() => all("accepted")),
      );
      while (!(await isOver())) await pause();
      for (const door of doors) assert.deepEqual(await uses(door, token), all("token.unknown"));
      return;
    }
  });

  it("has the role that its seat has now, and none of the one it had before another session took it", async () => {
    const name = "Demoted";
    const { token } = await world.say(world.operator, "seat.adopt", { name, role: "steward" });
    for (const door of doors) assert.equal(await codeOf(door.say(token, "request.sweep", {})), "accepted");
    const now = await world.say(world.operator, "seat.adopt", { name, role: "implementer", replace: true });
    for (const door of doors) {
      assert.equal(await codeOf(door.say(token, "request.sweep", {})), "token.unknown");
      assert.equal(await codeOf(door.say(now.token, "request.sweep", {})), "role.forbidden");
    }
  });
});

describe("a deputy's word", () => {
  const asGatekeeper = (token: string, door: Door) =>
    codeOf(door.say(token, "ticket.reopen", { id: "DEP-9999", reason: "to see who may" }));

  it("counts by what was true before the act, and nothing is remembered of an act that is undone", async () => {
    await world.say(world.operator, "namespace.define", { prefix: "DEP", format: "DEP-NNNN" });
    await world.seat("Athena", "gatekeeper");
    const token = await world.seat("Kasra");
    const door = doors[1]!;
    await world.say(world.operator, "role.deputize", { role: "gatekeeper", seat: "Kasra" });
    await world.sql("update seats.principals set heard_at = now() - interval '1 day' where name = 'Athena'");
    await world.sql("update seats.deputies set named_at = now() - interval '1 day'");
    await world.say(world.operator, "role.survey", {});
    for (const end of ["unwritable", "refused"] as const) {
      assert.equal(await asGatekeeper(token, door), "ticket.unknown");
      // Another's change makes what the doors remember old, so that it is asked again behind the act.
      await world.say(world.operator, "token.revoke", { name: await named(`Other-${end}`) });
      const code = await codeOf(door.say(token, "probe.resign", { end }));
      assert.equal(code, end === "refused" ? "probe.refused" : "kernel.bug");
      for (const one of doors) assert.equal(await asGatekeeper(token, one), "ticket.unknown", `undone: ${end}`);
    }
    await world.say(world.operator, "token.revoke", { name: await named("Other-well") });
    assert.equal(await codeOf(door.say(token, "probe.resign", { end: "well" })), "accepted");
    for (const one of doors) assert.equal(await asGatekeeper(token, one), "role.forbidden");
  });

  const named = async (name: string) => (await world.seat(name), name);
});

describe("a token's scope", () => {
  it("read lets it ask everything that its role may and say nothing, which the ledger keeps", async () => {
    const { token } = await world.say(world.operator, "token.issue", { scope: "read" });
    const before = (await world.ask(token, "ledger.head")).seq;
    for (const door of doors) {
      assert.equal(await codeOf(door.ask(token, "seat.whoami", {})), "accepted");
      assert.equal(await codeOf(door.ask(token, "ledger.verify", {})), "accepted");
      assert.equal(await codeOf(door.identify(token)), "accepted");
      for (const [name, input] of [
        ["post.append", { subject: "x" }],
        ["token.issue", {}],
        ["token.redeem", { token }],
      ] as const)
        assert.equal(await codeOf(door.say(token, name, input)), "scope.too_small", name);
    }
    const { entries } = await world.ask(token, "feed.read", { after: before });
    assert.deepEqual(tally(entries.map(({ kind, data }: any) => `${kind} ${data.code}`)), {
      "command.denied scope.too_small": 6,
    });
  });

  it("sign_in lets it do nothing but be exchanged, once", async () => {
    const { token } = await world.say(world.operator, "token.issue", { scope: "sign_in" });
    assert.equal(await codeOf(doors[1]!.ask(token, "seat.whoami", {})), "scope.too_small");
    assert.equal(await codeOf(doors[1]!.say(token, "token.issue", {})), "scope.too_small");
    const exchanges = doors.flatMap((door) =>
      Array.from({ length: 5 }, () => codeOf(door.say(token, "token.redeem", { token }))),
    );
    assert.deepEqual(tally(await Promise.all(exchanges)), { accepted: 1, "token.unknown": 9 });
  });
});
