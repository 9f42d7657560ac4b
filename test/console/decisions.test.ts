import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { palette } from "./pages.ts";

const STRATEGIST = "CLAUDE-CLI-BOX-STRAT-01";
const [FIRST, SECOND] = ["CODEX-CLI-BOX-WEB-02", "CODEX-CLI-BOX-WEB-03"];

/** A strategist who wants to do it by himself, and two implementers, the first with a ticket. */
async function fleet() {
  const server = await testServer();
  const { say, seat, operator } = server;
  await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN", lane: "WEB" });
  const tokens = {
    strategist: await seat(STRATEGIST, "strategist"),
    first: await seat(FIRST),
    second: await seat(SECOND),
  };
  await say(operator, "ticket.file", { namespace: "WEB", title: "Mend the lamp" });
  await say(tokens.first, "ticket.claim", { id: "WEB-0001" });
  return { ...server, ...tokens };
}

const spend = {
  action: "spend",
  action_properties: { text: "buy a second runner for the night" },
  resource_type: "account",
  resource_id: "hosting",
  resource_properties: { production: true },
};
const deploy = { action: "deploy", resource_type: "environment", resource_id: "production" };

describe("The decisions", { skip: isSkipped }, () => {
  test("show an approval that waits, and grant it with a reason, which its seat may use", async () => {
    const server = await fleet();
    const { say, ask, operator, first } = server;
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/decisions`);
    await page.getByText("No question, approval or escalation waits for you.").waitFor();
    const { protocol } = await say(first, "policy.decide", spend);
    const { approval } = protocol;
    // It comes by itself.
    const waits = page.getByRole("region", { name: "Waits for you" });
    await waits.getByText("buy a second runner for the night").waitFor();
    const denial = page.getByRole("row", { name: /denied spend hosting/ });
    await denial.getByText(`waits (approval ${approval})`).waitFor();
    await waits.getByRole("button", { name: `Grant approval ${approval}` }).click();
    const dialog = page.getByRole("dialog", { name: `Grant approval ${approval}` });
    await dialog.getByLabel("Reason").fill("The night run is late.");
    await dialog.getByRole("button", { name: "Grant" }).click();
    await page.getByText("No question, approval or escalation waits for you.").waitFor();
    const told = await ask(operator, "approval.show", { id: approval });
    assert.deepEqual([told.state, told.reason], ["granted", "The night run is late."]);
    await denial.getByText(`granted (approval ${approval})`).waitFor();
    assert.equal((await say(first, "policy.decide", spend)).decision, true);
    await denial.getByText("allowed later").waitFor();
    // What became of the denial: its approval, and that it was allowed.
    await page.goto(`${server.url}/decisions/${told.decision}`);
    const became = page.getByRole("region", { name: "What became of it" });
    await became.getByText("The night run is late.").waitFor();
    await became.getByText(/was allowed later/).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("answer a question in a dialog, so that its ticket goes on, and the Watch tells of it before", async () => {
    const server = await fleet();
    const { say, ask, operator, first } = server;
    const { page, complaints } = await visit(server);
    await page.getByText("Nothing needs you.").waitFor();
    const { id } = await say(first, "question.ask", {
      topic: "budget",
      question: "May we rent a second runner?",
      options: ["Yes, for a month", "No"],
      details: "The night run takes 9 hours on one.",
      ticket: "WEB-0001",
    });
    await page.getByRole("link", { name: /Question.*May we rent a second runner\?/ }).click();
    await page.getByRole("button", { name: `Answer question ${id}` }).click();
    const dialog = page.getByRole("dialog", { name: "May we rent a second runner?" });
    await dialog.getByText("The night run takes 9 hours on one.").waitFor();
    await dialog.getByRole("radio", { name: "Yes, for a month" }).check();
    await dialog.getByLabel("Reason").fill("It pays for itself.");
    await dialog.getByRole("button", { name: "Answer" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByText("No question, approval or escalation waits for you.").waitFor();
    const told = await ask(operator, "question.show", { id });
    assert.deepEqual([told.state, told.answer, told.reason], ["answered", "Yes, for a month", "It pays for itself."]);
    assert.equal((await ask(operator, "ticket.show", { id: "WEB-0001" })).state, "awaiting_claim");
    assert.deepEqual(complaints, []);
  });

  test("move a question to those who decide its topic", async () => {
    const server = await fleet();
    const { say, ask, operator, first } = server;
    const { id } = await say(first, "question.ask", { topic: "budget", question: "A table, or a column?" });
    const { page } = await visit(server);
    await page.goto(`${server.url}/decisions`);
    await page.getByRole("button", { name: `Answer question ${id}` }).click();
    await page.getByRole("button", { name: "It is for others…" }).click();
    await page.getByLabel("What it is about").selectOption("schema");
    await page.getByLabel("Reason").fill("It is about stored data.");
    await page.getByRole("button", { name: "Move it" }).click();
    await page.getByText("1 more waits for a strategist; you may decide these too").waitFor();
    assert.equal((await ask(operator, "question.show", { id })).goes_to, "strategist");
  });

  test("read a denial with its way out, by the keyboard alone, and replay it", async () => {
    const server = await fleet();
    const { say, strategist, second } = server;
    const denial = await say(strategist, "policy.decide", deploy);
    const { id: ticket } = await say(strategist, "ticket.dispatch", { decision: denial.id, to: SECOND });
    await say(second, "policy.decide", { ...deploy, action: "push", resource_type: "branch", resource_id: "main" });
    const { page, complaints } = await visit(server);
    await palette(page);
    await page.keyboard.type("decisions");
    await page.keyboard.press("Enter");
    await page.getByRole("table", { name: "Decisions, the newest first" }).waitFor();
    // Each denial of the list says what became of it; what was allowed needs no such word.
    await page
      .getByRole("row", { name: /denied push main/ })
      .getByText("nothing yet")
      .waitFor();
    const dispatched = page.getByRole("row", { name: /denied deploy production/ });
    await dispatched.getByText(`awaiting claim (${ticket})`).waitFor();
    await say(second, "ticket.claim", { id: ticket });
    await dispatched.getByText(`in progress (${ticket})`).waitFor();
    assert.equal(
      await page
        .getByRole("row", { name: /allowed/ })
        .getByText("nothing yet")
        .count(),
      0,
    );
    const row = page.getByRole("row", { name: /denied push main/ });
    for (let pressed = 0; (await row.and(page.locator(":focus")).count()) === 0; pressed++) {
      assert.ok(pressed < 40, "the list is reached by Tab");
      await page.keyboard.press("Tab");
    }
    // Between the two stands that the strategist may direct the seat.
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    const sheet = page.getByRole("dialog", { name: "deploy environment production" });
    await sheet.getByText("Role stage: only implementer seats put anything into production.").waitFor();
    await sheet.getByText(`longwatch ticket dispatch --decision ${denial.id}`).waitFor();
    await sheet.getByRole("listitem").filter({ hasText: FIRST }).or(sheet.getByText(SECOND)).first().waitFor();
    await sheet.getByRole("region", { name: "What became of it" }).getByRole("link", { name: ticket }).waitFor();
    const entry = sheet.getByTitle("The ledger’s entry").first();
    await entry.filter({ hasText: /^#\d+$/ }).waitFor();
    // k goes on to the newer one, Escape back to its row.
    await page.keyboard.press("k");
    await page.getByRole("dialog", { name: /^direct seat/ }).waitFor();
    await page.keyboard.press("k");
    await page.getByRole("dialog", { name: "push branch main" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await row.and(page.locator(":focus")).waitFor();
    await page.goto(`${server.url}/decisions/${denial.id}`);
    await page.getByRole("button", { name: "Replay" }).press("Enter");
    await page.getByText("It came out the same, word for word.").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("are filtered by what the address says, and an escalation is closed with what was done", async () => {
    const server = await testServer();
    const { say, ask, seat, operator } = server;
    const strategist = await seat(STRATEGIST, "strategist");
    const { protocol } = await say(strategist, "policy.decide", deploy);
    await say(operator, "policy.decide", { ...deploy, subject_id: "me", subject_type: "person", action: "push" });
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/decisions`);
    const rows = page.getByRole("table", { name: "Decisions, the newest first" }).getByRole("row");
    await rows.filter({ hasText: "allowed" }).waitFor();
    await page.getByLabel("Outcome").selectOption("deny");
    await rows.filter({ hasText: "allowed" }).waitFor({ state: "hidden" });
    await page.waitForURL(/effect=deny/);
    await rows.filter({ hasText: `open (escalation ${protocol.escalation})` }).waitFor();
    await page.getByRole("button", { name: `Close escalation ${protocol.escalation}` }).click();
    await page.getByLabel("Reason").fill("Two implementers were started.");
    await page.getByRole("button", { name: "Close it" }).click();
    await page.getByText("No question, approval or escalation waits for you.").waitFor();
    const [told] = (await ask(operator, "escalation.list", { id: protocol.escalation })).escalations;
    assert.equal(told.note, "Two implementers were started.");
    await rows.filter({ hasText: `closed (escalation ${protocol.escalation})` }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("bundle approvals, and reject those that were chosen with one reason", async () => {
    const server = await fleet();
    const { say, ask, operator, first } = server;
    const ids: number[] = [];
    for (const resource_id of ["hosting", "mail"])
      ids.push((await say(first, "policy.decide", { ...spend, resource_id })).protocol.approval);
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/decisions`);
    await page.getByRole("button", { name: "Decide 2 approvals at once" }).click();
    await page.getByRole("checkbox", { name: `Choose approval ${ids[0]}` }).check();
    await page.getByRole("button", { name: "Reject" }).click();
    await page.getByLabel("Reason").fill("Not this month.");
    await page.getByRole("dialog").getByRole("button", { name: "Reject" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.getByRole("listitem").filter({ hasText: "Not this month." }).getByText("rejected").waitFor();
    const states = await Promise.all(ids.map(async (id) => (await ask(operator, "approval.show", { id })).state));
    assert.deepEqual(states, ["rejected", "pending"]);
    // The last one that waits is chosen already; when it is decided, the manifest is still found.
    await page.getByRole("checkbox", { name: `Choose approval ${ids[1]}`, checked: true }).waitFor();
    await page.getByRole("button", { name: "Grant" }).click();
    await page.getByLabel("Reason").fill("One is enough.");
    await page.getByRole("dialog").getByRole("button", { name: "Grant" }).click();
    await page.getByText("Each item has its verdict.").waitFor();
    await page.getByRole("link", { name: "Manifests" }).click();
    const row = page
      .getByRole("table", { name: "Manifests, the newest first" })
      .getByRole("row", { name: "manifest 1" });
    await row.filter({ hasText: "closed" }).getByText("1 granted, 1 rejected").waitFor();
    await row.press("Enter");
    await page.getByRole("heading", { name: "Manifest 1" }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("say how approvals come to be bundled, where none is", async () => {
    const { page } = await visit(await testServer());
    await page.goto(`${new URL(page.url()).origin}/decisions`);
    await page.getByRole("link", { name: "Manifests" }).click();
    await page.getByText("Nothing was bundled yet").waitFor();
    await page.getByText("npx longwatch manifest open").waitFor();
  });
});
