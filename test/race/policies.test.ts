import assert from "node:assert/strict";
import { it } from "node:test";
import { anotherDoor } from "../../src/kernel/door.fixture.ts";
import { shipped } from "../../src/rooms/policy/shipped.ts";
import { long, testWorld } from "../harness.ts";
import { atOnce, writersPool } from "./mutants.ts";

/** POL-ATOMIC under attack: policies, seats and decisions change at once, through the doors of several servers. */

const TURNS = long ? 60 : 10;
const LEADERS = 8;
const SEATS = 6;
const world = await testWorld();
const pool = writersPool(world);
const { operator, say } = world;
const leaders: string[] = [];
for (let n = 1; n <= LEADERS; n++) leaders.push(await world.seat(`CLAUDE-CLI-BOX-WEB-${10 + n}`, "strategist"));
for (let n = 1; n <= SEATS; n++) await world.seat(`CODEX-CLI-BOX-WEB-${50 + n}`);
const text = JSON.stringify({ ...shipped, unmatched: { ...shipped.unmatched, reason: "Nothing else allows it." } });
await say(operator, "policy.propose", { text });
const deploy = { action: "deploy", resource_type: "environment", resource_id: "production" };

type Told = { state_version: number; policy_digest: string; offered: string[] };

/** What decisions said that was not so at the entry that they name. */
async function faults(decisions: readonly Told[]): Promise<string[]> {
  const [{ digest: first }] = await world.sql("select digest from policy.versions where version = 1");
  const entries = await world.sql(`select seq::int, kind, subject, convert_from(leaf, 'UTF8')::jsonb -> 'data' as data
    from ledger.entries where kind in ('policy.activated', 'seat.retired', 'seat.adopted') order by seq`);
  const found = new Set<string>();
  let digest = first;
  const retired = new Set<string>();
  for (const one of decisions.toSorted((a, b) => a.state_version - b.state_version)) {
    while (entries.length > 0 && entries[0].seq <= one.state_version) {
      const { kind, subject, data } = entries.shift();
      if (kind === "policy.activated") digest = data.digest;
      else if (kind === "seat.retired") retired.add(subject);
      else retired.delete(subject);
    }
    if (one.policy_digest !== digest) found.add("POL-ATOMIC");
    if (one.offered.some((seat) => retired.has(seat))) found.add("POL-ROUNDTRIP");
  }
  return [...found];
}

it("Each decision is by the policy that was active at the entry it names, and offers nobody who ended", async () => {
  const doors = [world.door, anotherDoor(world).door, anotherDoor(world).door];
  const repeated = async (act: (turn: number) => Promise<unknown>) => {
    for (let turn = 0; turn < TURNS; turn++) await act(turn);
  };
  await Promise.all([
    ...leaders.map((token, n) => repeated((turn) => doors[(n + turn) % 3]!.say(token, "policy.decide", deploy))),
    repeated((turn) => doors[turn % 3]!.say(operator, "policy.activate", { version: turn % 2 === 0 ? 2 : 1 })),
    ...[1, 2].map((n) =>
      repeated(async (turn) => {
        const seat = `CODEX-CLI-BOX-WEB-${50 + n}`;
        await doors[turn % 3]!.say(operator, "seat.retire", { seat });
        await doors[(turn + n) % 3]!.say(operator, "seat.adopt", { name: seat, role: "implementer" });
      }),
    ),
  ]);
  const decisions: Told[] = await world.sql(`select state_version::int, policy_digest,
    array(select o ->> 'seat' from jsonb_array_elements(protocol -> 'offers') o) as offered from policy.decisions`);
  assert.equal(decisions.length, LEADERS * TURNS);
  assert.equal(new Set(decisions.map(({ policy_digest }) => policy_digest)).size, 2);
  assert.ok(decisions.some(({ offered }) => offered.includes("CODEX-CLI-BOX-WEB-51")));
  assert.deepEqual(await faults(decisions), []);
});

it("Who reads the policy and the seats before the lock names others; the same check finds both", async () => {
  const decisions: Told[] = [];
  const reading = `select (select v.digest from policy.versions v join policy.activations a using (tenant_id, version)
      where upper_inf(a.active)) as policy_digest,
    array(select name from seats.principals where name like 'CODEX%' and retired_at is null) as offered`;
  let over = false;
  const changes = (async () => {
    while (!over) {
      const { version } = (await world.ask(operator, "policy.list")).versions.find((one: any) => one.active);
      await say(operator, "policy.activate", { version: 3 - version });
      await say(operator, "seat.retire", { seat: "CODEX-CLI-BOX-WEB-51" });
      await say(operator, "seat.adopt", { name: "CODEX-CLI-BOX-WEB-51", role: "implementer" });
    }
  })();
  // They have to meet: most rounds do.
  for (let round = 0; round < 100 && (await faults(decisions)).length < 2; round++)
    await atOnce(pool, async (client) => {
      const [told] = (await client.query(reading)).rows;
      const [head] = (await client.query("select seq::int from ledger.heads where tenant_id = 1 for update")).rows;
      decisions.push({ ...told, state_version: head.seq });
    });
  over = true;
  await changes;
  assert.deepEqual((await faults(decisions)).toSorted(), ["POL-ATOMIC", "POL-ROUNDTRIP"]);
});
