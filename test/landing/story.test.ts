import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, describe, it } from "node:test";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { surroundings } from "../surroundings.ts";
import { testServer } from "../harness.ts";
import { Shop } from "./shop.ts";

/** DEP-1 again, from the command line, with a real server that is really down. */

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const prober = fileURLToPath(new URL("outside_prober.ts", import.meta.url));
const world = await testServer();
const { operator, say, ask, url } = world;
const shop = await Shop.open();
const seat = "CODEX-CLI-BOX-HWD-01";
const environment = "production";
const token = await world.seat(seat);
await say(operator, "namespace.define", { prefix: "HWD", format: "HWD-NNNN" });
await say(operator, "environment.define", { environment, ...shop.topology });
await say(token, "binding.take", { environment });
const ticket = (await say(operator, "ticket.file", { namespace: "HWD", title: "Redlines" })).id;
await say(token, "ticket.claim", { id: ticket, lease_seconds: 3600 });

type Said = { code: number | null; stdout: string; stderr: string; report: any };

async function land(...words: string[]): Promise<Said> {
  const child = spawn(process.execPath, [program, "land", ...words, "--json"], {
    cwd: shop.repository.path,
    env: surroundings({ HOME: shop.state, LONGWATCH_URL: url, LONGWATCH_TOKEN: token }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (text) => (said.stdout += text));
  child.stderr.on("data", (text) => (said.stderr += text));
  const [code] = await once(child, "close");
  const report = said.stdout.startsWith("{") ? JSON.parse(said.stdout) : null;
  return { code, ...said, report };
}

const run = (...words: string[]) => land("run", environment, "--ticket", ticket, ...words);
const pick = ["--source", "redline", "--commit", shop.patch];
const WORDS = "Ship the redlines without their routes, I know what it breaks.";

describe("the founding outage", () => {
  let good: string;

  it("begins with a green base that lands and is served", async () => {
    const { code, report, stderr } = await run();
    assert.deepEqual([code, report?.outcome], [0, "landed"], stderr);
    assert.deepEqual(await shop.served(), { status: 200, release: shop.base });
    good = report.sha;
    const { standing } = await ask(operator, "environment.show", { environment });
    assert.deepEqual([standing.release, standing.state], [shop.base, "settled"]);
    const { pieces } = await ask(operator, "deploy.log", { id: report.deploy });
    assert.match(pieces.map(({ text }: { text: string }) => text).join(""), /deploying [0-9a-f]{40}\nstarted/);
  });

  it("said again, changes nothing", async () => {
    const { code, report } = await run();
    assert.deepEqual([code, report.outcome], [0, "served_already"]);
    assert.equal((await ask(operator, "deploy.list", {})).deploys.length, 1);
  });

  it("J26: the pick of two files is refused with both missing handlers and what lands it", async () => {
    const { code, report } = await run(...pick);
    assert.deepEqual([code, report.outcome], [4, "refused"]);
    const lacking = report.closure.missing.map(({ kind, name, commit }: any) => [kind, name, commit]);
    assert.deepEqual(lacking, [
      ["route", "GET /api/redline", shop.routes],
      ["route", "POST /api/verdict", shop.verdicts],
    ]);
    assert.deepEqual(report.closure.whole_with, [shop.routes, shop.verdicts, shop.patch]);
    assert.match(report.closure.command, /^longwatch land run production .*--source redline/);
    const shown = await ask(operator, "deploy.show", { id: report.deploy });
    assert.deepEqual([shown.state, shown.missing.length], ["refused", 2]);
    assert.deepEqual(await shop.served(), { status: 200, release: good });
  });

  it("is told before anything is claimed by check, and by a dry run", async () => {
    const before = (await ask(operator, "deploy.list", {})).deploys.length;
    const checked = await land("check", environment, ...pick);
    assert.deepEqual([checked.code, checked.report.closure.missing.length], [4, 2]);
    const whole = await land("check", environment, "--source", "redline", "--commit", "main..redline");
    assert.deepEqual([whole.code, whole.report.outcome], [0, "passed"], whole.stderr);
    const dry = await run("--source", "redline", "--commit", "main..redline", "--dry-run");
    assert.deepEqual([dry.code, dry.report.outcome, dry.report.verify], [0, "planned", null]);
    assert.equal((await ask(operator, "deploy.list", {})).deploys.length, before);
  });

  it("J29: forced by the operator's words it deploys, fails health, is restored; the downtime is as seen", async () => {
    const scope = { subject: seat, action: "deploy", resource_type: "environment", resource_id: environment };
    const consent = await say(operator, "consent.give", { words: WORDS, ...scope });
    const outside = spawn(process.execPath, [prober, shop.health_url, good], { stdio: ["pipe", "pipe", "inherit"] });
    after(() => outside.kill());
    let seen = "";
    outside.stdout.on("data", (text) => (seen += text));
    await once(outside.stdout, "data");
    const { code, report, stderr } = await run(...pick, "--consent-words", WORDS);
    outside.stdin.end();
    await once(outside, "close");
    assert.deepEqual([code, report?.outcome, report?.closure.forced_by], [1, "rolled_back", consent.id], stderr);
    assert.match(report.cause, /not healthy within 5 s: it answers 503/);
    assert.deepEqual(await shop.served(), { status: 200, release: good });
    const { down, late } = JSON.parse(seen.trim().split("\n").at(-1)!);
    const { failures } = await ask(operator, "failure.list", { environment, all: true });
    assert.equal(failures.length, 1);
    const [failure] = failures;
    assert.ok(down > 5000, `the outage took ${down} ms`);
    const apart = Math.abs(failure.downtime_milliseconds - down);
    // Each sees the change at a look of its own; how long a machine lets looks wait is measured beside it.
    assert.ok(apart <= 50 + 20 * late, `recorded ${failure.downtime_milliseconds} ms, seen ${down} ms, late ${late}`);
    assert.deepEqual([failure.ticket, failure.served_release, failure.outcome], [ticket, good, "rolled_back"]);
    assert.ok(failure.entries.length > 5);
  });

  it("does not come back when the whole of it lands", async () => {
    const { report: refused } = await run(...pick);
    const words = refused.closure.command.split(" ").slice(2);
    const { code, report, stderr } = await land(...words);
    assert.deepEqual([code, report?.outcome], [0, "landed"], stderr);
    assert.equal((await shop.served()).release, report.sha);
    assert.equal(shop.repository.git("diff", "redline", report.sha), "", "it is what the branch has");
  });
});

describe("a rollback", () => {
  it("goes back to the release before, and withdraws the one that was served", async () => {
    const dry = await land("rollback", environment, "--dry-run");
    assert.deepEqual([dry.report.outcome, dry.report.sha], ["planned", shop.base]);
    const { code, report, stderr } = await land("rollback", environment);
    assert.deepEqual([code, report?.outcome, report?.sha], [0, "landed", shop.base], stderr);
    assert.deepEqual(await shop.served(), { status: 200, release: shop.base });
  });
});

describe("what is not on the environment's branch", () => {
  it("J27: does not land as it is", async () => {
    const { code, stderr } = await run("--sha", "redline");
    assert.equal(code, 6);
    assert.match(stderr, /production is deployed from main, and [0-9a-f]{12} is not on it/);
  });
});

describe("a verify command that fails", () => {
  it("lands nothing, and says how it ended", async () => {
    const { topology } = await ask(operator, "environment.show", { environment });
    const { environment: _, version: __, ...rest } = topology;
    await say(operator, "environment.define", { environment, ...rest, verify_command: "echo broken; exit 3" });
    const { code, report } = await run("--sha", shop.base);
    // The release is served already by the rollback, which was for no ticket.
    assert.deepEqual([code, report.outcome, report.cause], [4, "refused", "the verify command failed: exit code 3"]);
    const { pieces } = await ask(operator, "deploy.log", { id: report.deploy });
    assert.match(pieces.map(({ text }: { text: string }) => text).join(""), /^broken$/m);
  });
});
