import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { spelled } from "../../web/src/ui/spelled.ts";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";

/** What is told at a glance is told in words: no raw instants, no empty bars, no letters that pass for others. */

const NUMBERS = "ORA-0000-0001";
/** Its first letter is Cyrillic. */
const DECEIVING = "оrders";

describe("At a glance", { skip: isSkipped }, () => {
  it("the watch tells what is wrong with the ledger, how old a question is, and that all seats retired", async () => {
    const server = await testServer();
    const { say, operator } = server;
    const seat = await server.seat("CODEX-CLI-BOX-WEB-01");
    await say(seat, "question.ask", { topic: "budget", question: "May we?" });
    await say(operator, "seat.retire", { seat: "CODEX-CLI-BOX-WEB-01" });
    const found = { after: 0, upto: 1, whole: true, first_broken: 2, first_broken_max: 2, reason: "its hash" };
    await server.door.sayInside(server.home_tenant_id, "longwatch", "ledger.record_verification", found);
    const { page, complaints } = await visit(server);
    const needs = page.getByRole("region", { name: "What needs you" });
    await needs.getByRole("link").filter({ hasText: "Ledger broken" }).getByText("Entry 2: its hash").waitFor();
    await needs.getByRole("link").filter({ hasText: "May we?" }).getByText(/ago$/).waitFor();
    await page.getByRole("region", { name: "Seats" }).getByText("Every seat is retired").waitFor();
    assert.deepEqual(complaints, []);
  });

  it("a signer that refuses to sign is the operator's business", async () => {
    const server = await testServer();
    const { page } = await visit(server);
    const refused = { code: "ledger.restored", reason: "The database is older than what was signed." };
    const signer = { state: "refused", origin: "home", size: 0, refused, s3: null, witnesses: [] };
    // The server of the tests signs nothing: its answer is given a signer.
    await page.route("**/v1/ledger/coverage**", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), signer } });
    });
    await page.reload();
    const needs = page.getByRole("region", { name: "What needs you" });
    await needs.getByRole("link").filter({ hasText: "Not signed" }).getByText(refused.reason).waitFor();
  });

  it("gates tell instants as the reader's clock does, and windows in words", async () => {
    const server = await testServer();
    await server.door.sayInside(server.home_tenant_id, "longwatch", "doctrine.survey", {});
    const { page } = await visit(server);
    await page.goto(`${server.url}/doctrine/${NUMBERS}`);
    const gates = page.getByRole("region", { name: "Gates" });
    await gates.getByText("M3 does not hold").waitFor();
    await gates.locator("time").first().waitFor();
    const words = await gates.innerText();
    assert.match(words, /watched since \S.+: 7 days are not over/);
    assert.doesNotMatch(words, /\d{4}-\d\d-\d\dT/);
  });

  it("the shipped policy, which nobody proposed or activated, has no instant that says never", async () => {
    const server = await testServer();
    const { page } = await visit(server);
    await page.goto(`${server.url}/decisions/policy`);
    const versions = page.getByRole("region", { name: "Versions" });
    await versions.getByText("came with Longwatch").waitFor();
    assert.doesNotMatch(await versions.innerText(), /never/);
  });

  it("who is to say yes sees letters that only look like others, and that it is in production", async () => {
    const server = await testServer();
    const seat = await server.seat("CODEX-CLI-BOX-WEB-01");
    await server.say(server.operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN", lane: "WEB" });
    const { id } = await server.say(server.operator, "ticket.file", { namespace: "WEB", title: "Tidy the tables" });
    await server.say(seat, "ticket.claim", { id });
    const act = { action: "delete", resource_type: "database", resource_id: DECEIVING };
    await server.say(seat, "policy.decide", { ...act, resource_properties: { environment: "production" } });
    const { page, complaints } = await visit(server);
    const needs = page.getByRole("region", { name: "What needs you" });
    await needs.getByText("mixed alphabets: its “о” is Cyrillic").waitFor();
    await page.goto(`${server.url}/decisions`);
    await page.getByRole("list", { name: "Waits for you" }).getByText("is Cyrillic").waitFor();
    await page.getByRole("table").getByText("is Cyrillic").waitFor();
    await page.getByRole("button", { name: "Grant approval 1" }).click();
    const dialog = page.getByRole("dialog", { name: "Grant approval 1" });
    await dialog.getByText("is Cyrillic").waitFor();
    await dialog.getByText("in production").waitFor();
    assert.deepEqual(complaints, []);
  });
});

it("a name is marked where Latin letters stand beside others that look like them, and nowhere else", () => {
  assert.equal(spelled(DECEIVING), `${DECEIVING} (mixed alphabets: its “о” is Cyrillic)`);
  assert.equal(spelled("pαyments"), "pαyments (mixed alphabets: its “α” is Greek)");
  for (const name of ["orders", "zürich-größe", "база", "Ωμέγα", "注文-orders", "orders_注文", "2026-11", ""])
    assert.equal(spelled(name), name);
});
