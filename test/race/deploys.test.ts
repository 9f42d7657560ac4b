import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { anotherDoor } from "../../src/kernel/door.fixture.ts";
import type { Refusal } from "../../src/kernel/refusal.ts";
import { landingYard, sha } from "../../src/rooms/landing/landing.fixture.ts";
import { long, testWorld } from "../harness.ts";
import { type DeployEntry, deployFaults, oneOutcomeFaults } from "./deploy_checks.ts";
import { atOnce, writersPool } from "./mutants.ts";

/** DEPLOY-ONE, BINDING-ONE and DEPLOY-FENCED under attack, and the mutants that the same checks find. */

const ROUNDS = long ? 40 : 6;
const RUNNERS = 12;
const world = await testWorld();
const { operator, say } = world;
const environment = "production";
const [FIRST, SECOND] = ["CODEX-CLI-BOX-HWD-01", "CODEX-CLI-BOX-HWD-02"] as const;
const yard = await landingYard(world, environment, FIRST);
const second = await world.seat(SECOND);
const secondTicket = await yard.claimed(second);
const owners = [
  { name: FIRST, token: yard.owner, ticket: yard.ticket },
  { name: SECOND, token: second, ticket: secondTicket },
];
const runners = [yard.owner];
for (let n = 1; n < RUNNERS; n++) runners.push(await world.seat(`RUNNER-CLI-BOX-HWD-${20 + n}`, "service"));
const doors = [world.door, anotherDoor(world).door, anotherDoor(world).door];

let said = 0;
/** Says it through one of three servers; null when it is refused with one of these codes. */
async function over<Output = any>(token: string, name: string, input: object, codes: string[]): Promise<Output | null> {
  return doors[said++ % 3]!.say(token, name, input).then(
    ({ output }) => output as Output,
    (error: Refusal) => {
      if (codes.includes(error.code)) return null;
      throw error;
    },
  );
}

const begin = (token: string, codes: string[], more: object = {}) =>
  over(token, "deploy.begin", { environment, ticket: yard.ticket, sha: sha(`race ${said}`), ...more }, codes);

async function entries(): Promise<DeployEntry[]> {
  const all: DeployEntry[] = [];
  for (let after = 0; ;) {
    const page = (await world.ask(operator, "feed.read", { after, limit: 1000 })).entries;
    all.push(...page.filter(({ kind }: DeployEntry) => /^(deploy|binding)\./.test(kind)));
    if (page.length < 1000) return all;
    after = page.at(-1).seq;
  }
}

describe("an environment that many want at once", () => {
  it(`is claimed by one of ${RUNNERS} runners over three servers, ${ROUNDS} times over`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const held = (await Promise.all(runners.map((token) => begin(token, ["deploy.running"])))).flatMap(
        (one, index) => (one ? [{ ...one, token: runners[index]! }] : []),
      );
      assert.equal(held.length, 1);
      const [{ deploy, fencing_token, token }] = held as [{ deploy: number; fencing_token: string; token: string }];
      await say(token, "deploy.settle", { deploy, fencing_token, outcome: "refused", cause: "the next round" });
    }
    assert.deepEqual(deployFaults(await entries()), []);
  });

  it("without an owner is taken by one of many seats", async () => {
    const seats = await Promise.all(
      Array.from({ length: RUNNERS }, (_, n) => world.seat(`CODEX-CLI-BOX-TAKE-${10 + n}`)),
    );
    for (let round = 0; round < ROUNDS; round++) {
      const name = `free-${round}`;
      await say(operator, "environment.define", {
        ...{ environment: name, branch: "main", command: "true", health_url: "http://127.0.0.1:9/" },
      });
      const taken = await Promise.all(
        seats.map((token) => over(token, "binding.take", { environment: name }, ["binding.held"])),
      );
      assert.equal(taken.filter(Boolean).length, 1);
    }
  });
});

type Held = { deploy: number; fencing_token: string; sha: string; good_release: string | null };

describe("runners that are lost and relieved while the binding goes from hand to hand", () => {
  let end = 0;
  const tally = { begun: 0, acted: 0, lost: 0, recovered: 0, handed: 0, expired: 0 };
  const isFight = () =>
    tally.begun > 5 && tally.lost > 10 && tally.recovered > 2 && tally.handed > 5 && tally.expired > 5;
  /** On a busy machine it takes longer until everything has happened. */
  const goesOn = () => performance.now() < end || (!isFight() && performance.now() < end + 300_000);

  /** Lives as a runner does, and says now and then what it knew earlier. */
  async function run(token: string): Promise<void> {
    const known: Held[] = [];
    const busy = ["deploy.running", "environment.in_doubt", "binding.held", "deploy.denied"];
    while (goesOn()) {
      const ticket = owners[Math.random() < 0.5 ? 0 : 1]!.ticket;
      const begun = await begin(token, busy, { ticket });
      const taken = begun
        ? null
        : await over(token, "deploy.recover", { environment }, [
            "deploy.running",
            "environment.settled",
            "binding.held",
          ]);
      if (begun) tally.begun++;
      if (taken) tally.recovered++;
      const held: Held | null = begun ?? taken;
      if (held) known.push(held);
      for (const one of known.slice(-3)) {
        const fence = { deploy: one.deploy, fencing_token: one.fencing_token };
        const late = ["lease.lost", "stage.backwards", "closure.reported", "closure.unproven"];
        const acts: [string, object][] = [
          ["deploy.report_closure", { checked: 1 }],
          ["deploy.report", { stage: "deploy", log: "x" }],
          ["deploy.settle", { outcome: "landed", served_release: one.sha }],
        ];
        for (const [name, more] of acts.slice(Math.random() < 0.2 ? 2 : 0)) {
          await sleep(Math.random() * 8);
          const done = await over(token, name, { ...fence, ...more }, [...late, "deploy.untouched"]);
          if (done) tally.acted++;
          else tally.lost++;
        }
      }
    }
  }

  async function expire(): Promise<void> {
    while (goesOn()) {
      const rows = await world.sql(
        `update landing.deploys set lease_expires_at = clock_timestamp() where state = 'running' and random() < 0.2
         returning 1`,
      );
      tally.expired += rows.length;
      await sleep(60);
    }
  }

  async function handOver(): Promise<void> {
    for (let n = 1; goesOn(); n++) {
      await sleep(250);
      const input = { environment, to: owners[n % 2]!.name, reason: "race", cut: true };
      if (await over(operator, "binding.hand_over", input, ["binding.as_it_is"])) tally.handed++;
    }
  }

  it("leave one outcome for each deploy, and nobody acts on what he has lost", async () => {
    end = performance.now() + (long ? 60_000 : 5_000);
    await Promise.all(
      [...owners.map(({ token }) => token), ...runners.slice(1, 5)].map(run).concat(expire(), handOver()),
    );
    assert.ok(isFight(), `the fight was none: ${JSON.stringify(tally)}`);
    assert.deepEqual(deployFaults(await entries()), []);
    const rows = await world.sql("select environment from landing.deploys where state in ('running', 'abandoned')");
    assert.ok(rows.length <= 1);
    assert.equal((await world.ask(operator, "ledger.verify")).whole, true);
  });
});

describe("past the door and without any lock", () => {
  const pool = writersPool(world);

  /** What a first draft does: looks whether one runs, then begins. */
  async function lookAndBegin(table: string, id: number): Promise<{ errors: { code: string }[]; running: number }> {
    let next = id;
    const outcomes = await atOnce(pool, async (client) => {
      const own = next++;
      const look = `select 1 from ${table}
        where tenant_id = 1 and environment = 'bare' and state in ('running', 'abandoned')`;
      if ((await client.query(look)).rows.length === 0)
        await client.query(
          `insert into ${table} (tenant_id, id, environment, topology, rollback, sha, commits, owner_id, decision_id,
             runner_id, fencing_token, lease_expires_at, began_at, log_bytes_max)
           values (1, ${own}, 'bare', 1, true, '${sha("bare")}', '{}', 1, 1, 1, gen_random_uuid(),
             now() + interval '1 hour', now(), 1024)`,
        );
      await client.query("commit");
    });
    const [{ running }] = await world.sql(
      `select count(*)::int as running from ${table} where environment = 'bare' and state = 'running'`,
    );
    return { errors: outcomes.filter(Boolean) as { code: string }[], running };
  }

  /** Two runners who both believe that they run it settle it, each asking only for the deploy's number. */
  async function settleUnfenced(table: string, id: number): Promise<{ errors: { code: string }[]; told: string[] }> {
    const told: string[] = [];
    let n = 0;
    const outcomes = await atOnce(pool, async (client) => {
      const state = n++ % 2 === 0 ? "lapsed" : "refused";
      const { rowCount } = await client.query(
        `update ${table} set state = $1, cause = 'c', ended_at = now(), fencing_token = null, lease_expires_at = null
         where tenant_id = 1 and id = $2`,
        [state, id],
      );
      await client.query("commit");
      if (rowCount === 1) told.push(state);
    });
    return { errors: outcomes.filter(Boolean) as { code: string }[], told };
  }

  before(async () => {
    await say(operator, "environment.define", {
      ...{ environment: "bare", branch: "main", command: "true", health_url: "http://127.0.0.1:9/" },
    });
    await world.sql("create table bare_deploys (like landing.deploys including defaults)");
    await world.sql("grant select, insert, update on bare_deploys to longwatch_app");
  });

  it("one_unsettled_deploy lets one begin, and keep_outcome lets one end it", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = 1_000_000 + round * 100;
      const { errors, running } = await lookAndBegin("landing.deploys", id);
      assert.equal(running, 1);
      for (const { code } of errors) assert.equal(code, "23505");
      const [{ id: begun }] = await world.sql(
        "select id::int from landing.deploys where environment = 'bare' and state = 'running'",
      );
      const ends = await settleUnfenced("landing.deploys", begun);
      assert.deepEqual(oneOutcomeFaults(ends.told), []);
      assert.equal(ends.told.length, 1);
      for (const { code } of ends.errors) assert.equal(code, "LW018");
    }
  });

  it("those who look and then begin have two at once without the index; the same count finds them", async () => {
    let most = 0;
    for (let round = 0; round < 25 && most < 2; round++) {
      await world.sql("delete from bare_deploys");
      most = Math.max(most, (await lookAndBegin("bare_deploys", 1)).running);
    }
    assert.ok(most > 1, "it lived through 25 rounds");
  });

  it("those who settle by the number alone end a deploy twice without the trigger; the check finds them", async () => {
    await world.sql("delete from bare_deploys");
    await lookAndBegin("bare_deploys", 1);
    const [{ id }] = await world.sql("select id::int from bare_deploys limit 1");
    assert.deepEqual(oneOutcomeFaults((await settleUnfenced("bare_deploys", id)).told), ["DEPLOY-FENCED"]);
  });
});

describe("the check of the ledger", () => {
  const entry = (kind: string, actor: string, deploy: number, more: object = {}): DeployEntry => ({
    ...{ seq: 0, kind, actor, subject: `deploy-${deploy}`, data: { deploy, environment: "e", ...more } },
  });
  it("finds no fault with what is right, and each fault by itself", () => {
    const right = [
      entry("deploy.begun", "A", 1),
      entry("deploy.advanced", "A", 1),
      entry("deploy.abandoned", "longwatch", 1),
      entry("deploy.recovering", "B", 1),
      entry("deploy.settled", "B", 1),
      entry("deploy.begun", "A", 2),
      entry("deploy.lapsed", "longwatch", 2),
    ];
    assert.deepEqual(deployFaults(right), []);
    const without = (n: number) => right.filter((_, index) => index !== n);
    assert.deepEqual(deployFaults(without(4)), ["DEPLOY-ONE"]);
    assert.deepEqual(deployFaults(without(3)), ["DEPLOY-FENCED"]);
    assert.deepEqual(deployFaults([...right.slice(0, 5), entry("deploy.settled", "A", 1)]), ["DEPLOY-FENCED"]);
    assert.deepEqual(deployFaults([right[0]!, entry("deploy.logged", "B", 1)]), ["DEPLOY-FENCED"]);
    assert.deepEqual(deployFaults([right[0]!, entry("deploy.begun", "B", 2)]), ["DEPLOY-ONE"]);
  });
});
