import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { yard } from "./fleet.ts";

describe("The watch", { skip: isSkipped }, () => {
  test("says that nothing needs the operator, until something does, and is live", async () => {
    const server = await testServer();
    const { page, complaints } = await visit(server);
    await page.getByText("Nothing needs you.").waitFor();
    await page.getByRole("status").getByText("Live").waitFor();
    const { say, operator } = server;
    const { token } = await say(operator, "seat.adopt", { name: "CLAUDE-CLI-BOX-STRAT-01", role: "strategist" });
    const act = { action: "deploy", resource_type: "environment", resource_id: "production" };
    const { decision } = await say(token, "policy.decide", act);
    assert.equal(decision, false);
    // Nobody could do it, so that it was escalated: the page tells of it without being asked again.
    await page.getByRole("heading", { name: "One thing needs you" }).waitFor();
    await page.getByRole("link", { name: /Escalation/ }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("calls nothing good that serves nothing, and tells why a ticket waits and what a line is about", async () => {
    const server = await testServer();
    const { ticket } = await yard(server);
    const { page, complaints } = await visit(server);
    const served = page.getByRole("region", { name: "Served" }).getByRole("listitem");
    await served.filter({ hasText: "preview" }).getByText("serving").waitFor();
    await served.filter({ hasText: "staging" }).getByText("nothing served").waitFor();
    await page.goto(`${server.url}/queue`);
    await page.getByRole("region", { name: "Waits" }).getByText("parked", { exact: true }).waitFor();
    await page.goto(`${server.url}/feed`);
    const line = (words: string) => page.getByRole("listitem").filter({ hasText: words });
    await line("opened a failure").getByRole("link", { name: ticket }).waitFor();
    await line("landed").getByRole("link", { name: ticket }).first().waitFor();
    await line("settled the deploy to staging").getByRole("link", { name: "deploy 2" }).click();
    await page.getByRole("heading", { level: 1, name: "Deploy 2 to staging" }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("shows a sign-in page to whoever has no session, and asks nothing else of the server", async () => {
    const server = await testServer();
    const { page, context } = await visit(server);
    await context.clearCookies();
    await page.goto(server.url);
    await page.getByRole("heading", { name: "Sign in to Longwatch" }).waitFor();
  });
});
