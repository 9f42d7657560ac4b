import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";

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

  test("shows a sign-in page to whoever has no session, and asks nothing else of the server", async () => {
    const server = await testServer();
    const { page, context } = await visit(server);
    await context.clearCookies();
    await page.goto(server.url);
    await page.getByRole("heading", { name: "Sign in to Longwatch" }).waitFor();
  });
});
