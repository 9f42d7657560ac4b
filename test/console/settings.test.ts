import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { until } from "./patience.ts";

describe("The settings", { skip: isSkipped }, () => {
  const open = async () => {
    const server = await testServer();
    const visited = await visit(server);
    await visited.page.goto(`${server.url}/settings`);
    await visited.page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    const newest = async () => (await server.ask(server.operator, "feed.read", { limit: 1 })).entries[0];
    return { ...server, ...visited, newest };
  };

  it("define a namespace, and say in the server's words why one cannot be", async () => {
    const { page, ask, operator, complaints } = await open();
    await page.getByText("No namespace yet").waitFor();
    await page.getByRole("button", { name: "Define a namespace" }).click();
    const form = page.getByRole("form", { name: "Define a namespace" });
    await form.getByLabel("Prefix").fill("cmb");
    assert.equal(await form.getByLabel("Form of the ids").inputValue(), "CMB-NNNN");
    await form.getByLabel("Lane").fill("web");
    await form.getByLabel("First number").fill("5000");
    await form.getByRole("button", { name: "Define" }).click();
    const table = page.getByRole("table", { name: "Namespaces" });
    await table.getByRole("cell", { name: "web" }).waitFor();
    // Nobody was given any of them.
    await table.getByRole("columnheader", { name: "Counted so far" }).waitFor();
    await table.getByRole("cell", { name: "4,999" }).waitFor();
    const { namespaces } = await ask(operator, "namespace.list");
    assert.deepEqual(namespaces, [{ prefix: "CMB", format: "CMB-NNNN", lane: "web", numbers_given: 4_999 }]);
    assert.deepEqual(complaints, []);
    await page.getByRole("button", { name: "Define a namespace" }).click();
    await form.getByLabel("Prefix").fill("CMB");
    await form.getByRole("button", { name: "Define" }).click();
    await form.getByRole("alert").waitFor();
  });

  it("require proofs of one kind of ticket", async () => {
    const { page, ask, operator } = await open();
    await page.getByRole("button", { name: "Require proofs" }).click();
    const form = page.getByRole("form", { name: "Require proofs" });
    await form.getByLabel("Where", { exact: true }).selectOption("type");
    await form.getByLabel("Kind of ticket").fill("bug");
    await form.getByRole("checkbox", { name: /^merge/ }).check();
    await form.getByRole("button", { name: "Require" }).click();
    await page.getByRole("table", { name: "Proofs required" }).getByText("kind bug, in addition").waitFor();
    const { requirements } = await ask(operator, "proof.list");
    const bug = requirements.find(({ name }: { name: string }) => name === "bug");
    assert.deepEqual(bug, { scope: "type", name: "bug", proofs: ["merge"] });
  });

  it("issue a token that is shown once and works, and revoke it with the reason that the ledger keeps", async () => {
    const { page, ask, door, newest } = await open();
    await page.getByRole("button", { name: "Issue a token" }).click();
    const form = page.getByRole("form", { name: "Issue a token" });
    await form.getByLabel("For", { exact: true }).selectOption("longwatch");
    await form.getByRole("button", { name: "Issue" }).click();
    const dialog = page.getByRole("dialog", { name: "A token for longwatch" });
    const token = (await dialog.locator("code").textContent())!;
    assert.equal((await ask(token, "seat.whoami")).name, "longwatch");
    // Whoever clicks beside it does not lose it.
    await page.mouse.click(5, 5);
    await dialog.getByRole("button", { name: "I have it" }).click();
    await dialog.waitFor({ state: "hidden" });
    await until("page without the token", async () => !(await page.content()).includes(token));

    await page.getByRole("button", { name: "Revoke all tokens of longwatch" }).click();
    await page.getByLabel("Reason").fill("it stood in a log");
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await page.getByText("No token holds.").waitFor();
    await assert.rejects(door.ask(token, "seat.whoami", {}), { code: "token.unknown" });
    const { kind, subject, data } = await newest();
    assert.deepEqual([kind, subject, data.reason], ["token.revoked", "longwatch", "it stood in a log"]);
  });

  it("name a deputy, and end that", async () => {
    const { page, seat, newest } = await open();
    await seat("CODEX-CLI-BOX-STRAT-01", "strategist");
    await page.getByRole("link", { name: "CODEX-CLI-BOX-STRAT-01" }).waitFor();
    await page.getByRole("button", { name: "Name a deputy" }).click();
    const form = page.getByRole("form", { name: "Name a deputy" });
    await form.getByLabel("Role").selectOption("gatekeeper");
    await form.getByLabel("Deputy", { exact: true }).selectOption("CODEX-CLI-BOX-STRAT-01");
    await form.getByRole("button", { name: "Name the deputy" }).click();
    const end = page.getByRole("button", { name: "End: CODEX-CLI-BOX-STRAT-01 stands in for gatekeeper no longer" });
    await end.click();
    await end.waitFor({ state: "hidden" });
    assert.equal((await newest()).kind, "role.undeputized");
  });

  it("open a tenant, whose first token is shown once", async () => {
    const { page, ask } = await open();
    await page.getByRole("button", { name: "Open a tenant" }).click();
    await page.getByLabel("Its name").fill("acme");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "The first token of acme" });
    assert.equal((await ask((await dialog.locator("code").textContent())!, "seat.whoami")).tenant, "acme");
    await dialog.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("listitem").getByText("acme", { exact: true }).waitFor();
  });

  it("make the command that connects an agent, of what one chooses", async () => {
    const { page } = await open();
    await page.getByText("npx longwatch connect claude --project DIR", { exact: true }).waitFor();
    await page.getByText("Codex", { exact: true }).click();
    await page.getByRole("region", { name: "Connect an agent" }).getByLabel("Role").selectOption("gatekeeper");
    await page.getByLabel("Lane").first().fill("api");
    await page
      .getByText("npx longwatch connect codex --project DIR --role gatekeeper --lane api", { exact: true })
      .waitFor();
  });

  it("sign out: the page is gone, and so is the session", async () => {
    const { page, context, url } = await open();
    const { cookies } = await context.storageState();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    const who = () => fetch(`${url}/v1/seat/whoami`, { headers: { cookie, "sec-fetch-site": "same-origin" } });
    assert.equal((await who()).status, 200);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Longwatch" }).waitFor();
    assert.equal((await who()).status, 401);
  });
});
