import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { landingYard, sha } from "../../src/rooms/landing/landing.fixture.ts";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { overflow } from "./pages.ts";

const OWNER = "CODEX-CLI-BOX-HWD-01";

describe("Landing", { skip: isSkipped }, () => {
  test("says what each environment serves and who owns it, and what failed for how long", async () => {
    const server = await testServer();
    const yard = await landingYard(server, "production", OWNER);
    const { sha: served } = await yard.land();
    const held = await yard.begin();
    const fence = await yard.touch(held);
    await server.say(yard.owner, "deploy.settle", {
      ...{ ...fence, outcome: "rolled_back", served_release: served, cause: "the health URL answered 502" },
      ...{ down_from: new Date(Date.now() - 42_317).toISOString(), downtime_milliseconds: 42_317 },
    });
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/landing`);
    const card = page.getByRole("listitem", { name: "production" });
    await card.getByRole("link", { name: OWNER }).waitFor();
    await card.getByText(served.slice(0, 10)).first().waitFor();
    const failures = page.getByRole("region", { name: "Failures" });
    await failures.getByText("down for 42.317 s").waitFor();
    // Each failure names its entries.
    await failures
      .getByRole("link", { name: /^#\d+$/ })
      .first()
      .waitFor();
    await card.getByText(/How it is deployed/).click();
    await card.getByText("npx vercel deploy --prod").waitFor();
    await page.getByText("No credential is without its guard").waitFor();
    const figure = (told: RegExp) => page.locator("main dl > div").filter({ hasText: told });
    // What mended itself waits for nobody.
    await figure(/^open failures\s*nothing waits0$/).waitFor();
    await figure(/^environment\s*all settled1$/).waitFor();
    // Another seat takes it: the page tells of it without being asked again.
    await server.say(yard.owner, "binding.release", { environment: "production", reason: "off duty" });
    await card.getByText("Nobody.").waitFor();
    await card.getByText("npx longwatch binding take production").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("follows a running deploy's log, stage by stage, to its end", async () => {
    const server = await testServer();
    const yard = await landingYard(server, "production", OWNER);
    const held = await yard.begin();
    const fence = await yard.touch(held);
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/landing`);
    await page
      .getByRole("link", { name: `deploy ${held.deploy}` })
      .first()
      .click();
    await page.getByRole("heading", { level: 1, name: `Deploy ${held.deploy} to production` }).waitFor();
    const stages = page.getByRole("list", { name: "Stages" });
    // Its environment's verify command was not told of: that it was run is nowhere proven, and not claimed.
    await stages.getByText("Verify no word of it").waitFor();
    await stages
      .locator("[aria-current=step]")
      .filter({ hasText: /^Deploy now/ })
      .waitFor();
    const log = page.getByRole("log");
    await page.getByText("It has said nothing yet.").waitFor();
    for (const line of ["Uploading <b>all</b>", "Built in 8 s"]) {
      await server.say(yard.owner, "deploy.report", { ...fence, log: line });
      await log.getByText(line, { exact: true }).waitFor();
    }
    await server.say(yard.owner, "deploy.report", { ...fence, stage: "health", log: "It is healthy" });
    await log.getByText("It is healthy").waitFor();
    await server.say(yard.owner, "deploy.settle", { ...fence, outcome: "landed", served_release: held.sha });
    await page.getByText("it has ended").waitFor();
    await page.getByRole("region", { name: "Facts" }).getByText("this release", { exact: true }).waitFor();
    await page
      .getByRole("region", { name: "Facts" })
      .getByRole("link", { name: /^decision \d+$/ })
      .waitFor();
    const said = (await log.locator("pre").allTextContents()).join("|");
    assert.equal(said, "Uploading <b>all</b>|Built in 8 s|It is healthy", "each piece once, in order");
    const entries = page.getByRole("region", { name: "In the ledger" });
    await entries.getByText(/settled the deploy/).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("says what an incomplete patch lacks", async () => {
    const server = await testServer();
    const yard = await landingYard(server, "production", OWNER);
    const { deploy, fencing_token } = await yard.begin({ base: sha("base") });
    const missing = [{ kind: "export", name: "login.ts#signIn", needed_by: "page.tsx" }];
    await server.refused(yard.owner, "deploy.report_closure", { deploy, fencing_token, checked: 2, missing });
    const { page, complaints } = await visit(server, { theme: "dark", width: 390 });
    await page.goto(`${server.url}/landing/deploys/${deploy}`);
    const lacks = page.getByRole("region", { name: "What the patch lacks" });
    await lacks.getByText("login.ts#signIn").waitFor();
    await lacks.getByText("needed by page.tsx").waitFor();
    assert.equal(await overflow(page), 0, "nothing is cut off");
    assert.deepEqual(complaints, []);
  });
});
