import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computingTime } from "../../../../test/computing.ts";
import { testWorld } from "../../../../test/harness.ts";
import { credentialsIn } from "../../feed/index.ts";
import { landingYard } from "../landing.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const yard = await landingYard(world, "production", "CODEX-CLI-BOX-HWD-01");
const { owner } = yard;
const guard = "src/mail/send_gate.ts";

const survey = async () =>
  (await world.door.sayInside(world.home_tenant_id, "longwatch", "credential.survey", {})).output as {
    found: string[];
    alarms: string[];
  };
const findings = async (input: object = {}) =>
  (await ask(operator, "credential.findings", input)).findings.map(({ name, kind }: any) => [name, kind]);
const post = (subject: string, more: object = {}) => say(owner, "post.append", { subject, ...more });
const register = async (name: string) => {
  const { sha: release } = await yard.land();
  await say(owner, "credential.prove_guard", { environment: "production", release, guard, served: true });
  await say(owner, "credential.register", { name, environment: "production", guard });
};
const kindsAbout = async (about: string) =>
  (await ask(operator, "feed.read", { about, limit: 100 })).entries.map(({ kind }: { kind: string }) => kind);
await survey();

describe("A credential that nobody registered", () => {
  it("J35: and that somebody says was granted is a finding and an alarm, once, until its row is there", async () => {
    await post("Ops has granted credential:MAIL_API_KEY to CAMBER-02");
    assert.deepEqual(await survey(), { found: ["MAIL_API_KEY"], alarms: ["credential.unregistered"] });
    await post("credential:MAIL_API_KEY was issued again");
    assert.deepEqual((await survey()).found, []);
    const [one] = (await ask(operator, "credential.findings")).findings;
    assert.deepEqual([one.name, one.kind, one.said_by], ["MAIL_API_KEY", "unregistered_grant", "CODEX-CLI-BOX-HWD-01"]);
    const { entries } = await ask(operator, "feed.read", { after: one.seq - 1, limit: 1 });
    assert.match(entries[0].data.subject, /^Ops has granted/);
    await register("MAIL_API_KEY");
    assert.deepEqual(await survey(), { found: [], alarms: [] });
    assert.deepEqual(await kindsAbout("MAIL_API_KEY"), [
      "credential.found",
      "credential.registered",
      "credential.cleared",
    ]);
    await post("credential:MAIL_API_KEY was rotated, and MAIL_API_KEY is live");
    assert.deepEqual(await survey(), { found: [], alarms: [] });
  });

  it("J35: is linted where a post names it by itself, and found where a ticket or a question does", async () => {
    const { warnings } = await post("set STRIPE_SECRET_KEY first");
    assert.match(warnings[0], /names STRIPE_SECRET_KEY.*write credential:STRIPE_SECRET_KEY/);
    assert.deepEqual((await post("set credential:STRIPE_SECRET_KEY first")).warnings, []);
    await say(operator, "ticket.file", { namespace: "HWD", title: "Read it", body: "from PG_ADMIN_PASSWORD" });
    await say(owner, "question.ask", { topic: "budget", question: "Who pays for MAPS_TOKEN?" });
    assert.deepEqual((await survey()).found, ["STRIPE_SECRET_KEY", "PG_ADMIN_PASSWORD", "MAPS_TOKEN"]);
    assert.deepEqual((await survey()).alarms, [], "to name it is no grant");
    assert.deepEqual(await findings({ kind: "unregistered_grant" }), []);
  });

  it("is found by the block of a blocker that says it was granted, under its service and account", async () => {
    await post("for the record", { body: "SERVICE: mail relay\nACCOUNT: bot\nSTATE_OF_GRANT: granted on Monday" });
    assert.deepEqual((await survey()).found, ["mail-relay/bot"]);
  });

  it("is settled with a reason by those who look after the fleet", async () => {
    const settle = { name: "mail-relay/bot", reason: "it is the operator's own" };
    assert.equal((await refused(owner, "credential.explain", settle)).code, "role.forbidden");
    await say(operator, "credential.explain", settle);
    assert.equal((await refused(operator, "credential.explain", settle)).code, "finding.unknown");
    assert.deepEqual((await survey()).alarms, []);
    assert.equal((await findings()).length, 3);
  });

  it("is not written down out of a personal post, whose words can be erased", async () => {
    await post("ADA_PRIVATE_KEY was granted", { personal: true });
    assert.deepEqual((await survey()).found, []);
  });
});

describe("The words of a text about credentials", () => {
  const told = (text: string) => credentialsIn(text).map(({ name, how }) => `${how} ${name}`);

  it("tell a grant from a name, line by line, and what is called a key and opens nothing", () => {
    assert.deepEqual(told("NPM_TOKEN was granted\nset AWS_SECRET, too"), ["granted NPM_TOKEN", "naked AWS_SECRET"]);
    assert.deepEqual(told("NPM_TOKEN was not granted"), ["naked NPM_TOKEN"]);
    assert.deepEqual(told("credential:mail/bot."), ["registered mail/bot"]);
    assert.deepEqual(told("SURFACE_KEY: web:ui:box\nthe PRIMARY_KEY, IDEMPOTENCY_KEY, a MONKEY, a_KEY"), []);
  });

  it("are read in linear time", () => {
    const texts = ["A_".repeat(30_000), "KEY_".repeat(15_000), "credential:".repeat(5_000), "no ".repeat(20_000)];
    assert.ok(computingTime(() => texts.forEach(credentialsIn)) < 1500);
  });
});
