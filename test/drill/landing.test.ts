import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Client } from "../../src/client/client.ts";
import { type Step, steps } from "../../src/runner/deploying.ts";
import type { Wanted } from "../../src/runner/held.ts";
import type { Report } from "../../src/runner/report.ts";
import { long } from "../harness.ts";
import { Shop } from "../landing/shop.ts";
import { ServerProcess } from "./server_process.ts";

/**
 * kill -9 of the runner, and of the server, at every numbered point of a landing. Whoever goes on finds one outcome:
 * the release that is recorded is the one that is served, whole.
 */
const child = fileURLToPath(new URL("landing_child.ts", import.meta.url));
const environment = "production";
const LEASE_SECONDS = 60;
/** Of who is killed or cut off: the next one waits for it. A slow machine has to renew it in time all the same. */
const SHORT_LEASE_SECONDS = 10;
/** Each point takes as long as a lease: `npm run drill` takes them all, `npm test` those in the middle of the act. */
const killed: readonly Step[] = long ? steps : ["verified", "running", "healthy", "restoring"];

const data = await mkdtemp(join(tmpdir(), "longwatch-landing-"));
const server = await ServerProcess.start({ data });
after(async () => {
  await server.kill().catch(() => {});
  await rm(data, { recursive: true, force: true, maxRetries: 3 });
});
const shop = await Shop.open();
const operator: Client = server.client({ retryFor_seconds: 120 });
after(() => operator.close());
await operator.say("namespace.define", { prefix: "HWD", format: "HWD-NNNN" });
await operator.say("environment.define", { environment, ...shop.topology });
await operator.say("binding.take", { environment });

let count = 0;
/** A commit that is new, on the branch: well, or with a health endpoint that is not. */
function release(isWell: boolean): string {
  const body = isWell ? "export const well = true;\n" : "export const well = false;\n";
  const { repository } = shop;
  const board = `import { well } from "./well.js";
export async function page() {
  if (!well) await fetch("/api/gone/${count}");
  return (await fetch("/api/cards")).json();
}
`;
  return repository.commit(`Release ${++count}`, {
    "web/well.js": `${body}export const n = ${count};\n`,
    "web/board.js": board,
  });
}

async function wantedOf(sha: string, lease_seconds = LEASE_SECONDS): Promise<Wanted> {
  const { id: ticket } = await operator.say<{ id: string }>("ticket.file", {
    namespace: "HWD",
    title: sha.slice(0, 8),
  });
  const repository = shop.repository.path;
  return { environment, ticket, sha, commits: [], repository, lease_seconds, offline: false };
}

type Ran = { signal: string | null; report: Report | null };

async function landed(wanted: Wanted, kill_at: Step | null, onStep = (_: Step): unknown => null): Promise<Ran> {
  const order = { url: server.url, token: server.token, wanted, kill_at };
  const runner = spawn(process.execPath, [child, JSON.stringify(order)], { stdio: ["ignore", "pipe", "inherit"] });
  let rest = "";
  let report: Report | null = null;
  runner.stdout.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const said = JSON.parse(line) as { step?: Step; report?: Report };
      if (said.step) onStep(said.step);
      if (said.report) report = said.report;
    }
  });
  const [, signal] = await once(runner, "close");
  return { signal, report };
}

/** What is recorded is what is served, and nothing is left open. */
async function settled(expected: string): Promise<void> {
  const { standing } = await operator.ask<{ standing: any }>("environment.show", { environment });
  assert.deepEqual([standing.state, standing.release], ["settled", expected]);
  assert.deepEqual(await shop.served(), { status: 200, release: expected });
  const { deploys } = await operator.ask<{ deploys: any[] }>("deploy.list", {});
  for (const { deploy, state } of deploys)
    assert.ok(!["running", "abandoned"].includes(state), `${deploy} is ${state}`);
  const newest = deploys.find(({ state }) => state === "landed");
  assert.equal(newest.served_release, expected);
}

/** Until the lease of a killed runner has ended, the environment is its. */
async function untilFree(): Promise<void> {
  for (const since = performance.now(); performance.now() - since < 120_000; await sleep(200)) {
    const { deploys } = await operator.ask<{ deploys: any[] }>("deploy.list", { state: "running" });
    if (deploys.length === 0 || new Date(deploys[0].lease_expires_at).getTime() < Date.now()) return;
  }
  assert.fail("the lease did not end");
}

async function commandsOf(): Promise<string[]> {
  const ps = spawn("ps", ["-eo", "args"], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  ps.stdout.on("data", (part) => (text += part));
  await once(ps, "close");
  return text.split("\n").filter((line) => line.includes("deploy.sh") && line.includes(shop.state));
}

let good = shop.base;
it("a first release lands", async () => {
  assert.equal((await landed(await wantedOf(good), null)).report?.outcome, "landed");
  await settled(good);
});

const isRestore = (step: Step) => step === "restoring" || step === "restored";

describe("a runner that is killed", () => {
  for (const step of killed)
    it(`at ${steps.indexOf(step) + 1} (${step}) leaves one outcome to who lands next`, async () => {
      const isWell = !isRestore(step);
      const sha = release(isWell);
      const wanted = await wantedOf(sha, SHORT_LEASE_SECONDS);
      const { signal } = await landed(wanted, step);
      assert.equal(signal, "SIGKILL");
      for (const since = performance.now(); (await commandsOf()).length > 0; await sleep(100))
        assert.ok(performance.now() - since < 120_000, "its command went on without it");
      await untilFree();
      const { report } = await landed({ ...wanted, lease_seconds: LEASE_SECONDS }, null);
      const outcomes = isWell ? ["landed", "served_already"] : ["rolled_back"];
      assert.ok(outcomes.includes(report!.outcome), `${report!.outcome}: ${report!.cause}`);
      if (isWell) good = sha;
      else shop.repository.git("reset", "--quiet", "--hard", "HEAD~1");
      await settled(good);
    });
});

describe("a server that is killed", () => {
  for (const step of killed)
    if (!isRestore(step) && step !== "settled")
      it(`at ${steps.indexOf(step) + 1} (${step}) and comes back, is told how it ended`, async () => {
        const sha = release(true);
        let isBack: Promise<unknown> | null = null;
        const { report } = await landed(await wantedOf(sha), null, (at) => {
          if (at === step) isBack = server.kill().then(() => server.startAgain());
        });
        await isBack;
        assert.equal(report?.outcome, "landed", report?.cause ?? "no report");
        good = sha;
        await settled(good);
      });

  it("for longer than the lease, costs the runner its hold: its command is killed, nothing changed", async () => {
    const { topology } = shop;
    const command = `sleep 600; ${topology.command}`;
    await operator.say("environment.define", { environment, ...topology, command });
    const sha = release(true);
    let isDown: Promise<void> | null = null;
    const began = performance.now();
    const { report } = await landed(await wantedOf(sha, SHORT_LEASE_SECONDS), null, (at) => {
      if (at === "running") isDown = server.kill();
    });
    await isDown;
    assert.equal(report?.outcome, "lost");
    assert.ok(performance.now() - began < 300_000, "it did not wait for its command");
    assert.deepEqual(await shop.served(), { status: 200, release: good });
    await server.startAgain();
    await operator.say("environment.define", { environment, ...topology });
    const again = await landed(await wantedOf(sha), null);
    assert.equal(again.report?.outcome, "landed", again.report?.cause ?? "");
    good = sha;
    await settled(good);
  });
});

describe("two runners at once", () => {
  it("land one after the other or not at all: the loser touches nothing", async () => {
    const [one, two] = [await wantedOf(release(true)), await wantedOf(release(true))];
    const both = await Promise.all([landed(one, null), landed(two, null)]);
    const won = both.filter(({ report }) => report?.outcome === "landed");
    assert.ok(won.length >= 1);
    const { standing } = await operator.ask<{ standing: any }>("environment.show", { environment });
    await settled(standing.release);
  });

  it("of which one loses the binding in the middle: it is fenced, and who owns it now goes on", async () => {
    const { topology } = shop;
    await operator.say("environment.define", { environment, ...topology, command: `sleep 600; ${topology.command}` });
    const { standing } = await operator.ask<{ standing: any }>("environment.show", { environment });
    const { token } = await operator.say<{ token: string }>("seat.adopt", {
      ...{ name: "CODEX-CLI-BOX-HWD-02", role: "implementer" },
    });
    assert.ok(token);
    let cut: Promise<unknown> | null = null;
    const to = "CODEX-CLI-BOX-HWD-02";
    const { report } = await landed(await wantedOf(release(true)), null, (at) => {
      if (at === "running") cut = operator.say("binding.hand_over", { environment, to, reason: "gone", cut: true });
    });
    await cut;
    assert.equal(report?.outcome, "lost", report?.cause ?? "");
    assert.deepEqual(await shop.served(), { status: 200, release: standing.release });
    await operator.say("binding.hand_over", { environment, to: "operator", reason: "back" });
    await operator.say("environment.define", { environment, ...topology });
    const sha = release(true);
    assert.equal((await landed(await wantedOf(sha), null)).report?.outcome, "landed");
    await settled(sha);
  });
});
