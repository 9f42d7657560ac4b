/// <reference lib="dom" />
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { lasting, until } from "./patience.ts";

/** What happens to people at their pages: a mistyped address, a slip of the finger, a session that ends elsewhere. */
describe("Mishaps", { skip: isSkipped }, async () => {
  if (isSkipped) return;
  const server = await testServer();
  const { say, operator, url } = server;
  const { token } = await say(operator, "seat.adopt", { name: "CLAUDE-CLI-BOX-STRAT-01", role: "strategist" });
  await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN" });
  const body = Array.from({ length: 5_000 }, (_, line) => `line ${line}`).join("\n");
  const { id } = await say(token, "ticket.file", { namespace: "WEB", title: "Mend the lamp", body });

  it("an address that leads nowhere says so, and offers no second try that could not help", async () => {
    const { page } = await visit(server);
    for (const address of ["/decisions/abc", "/decisions/manifests/x", "/landing/deploys/x"]) {
      await page.goto(url + address);
      await page.getByRole("heading", { level: 1, name: "There is no such page" }).waitFor();
      await page.getByRole("navigation", { name: "Pages" }).waitFor();
    }
    for (const [address, name] of [
      ["/tickets/NOPE-1", "NOPE-1"],
      ["/seats/nobody", "nobody"],
      ["/landing/deploys/7", "Deploy 7"],
      ["/decisions/manifests/7", "Manifest 7"],
    ] as const) {
      await page.goto(url + address);
      await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
      await page
        .getByRole("alert")
        .getByText(/^There is no|^No seat is called/)
        .waitFor();
      assert.equal(await page.getByRole("button", { name: "Try again" }).count(), 0);
    }
  });

  it("an address that says more than the page knows is read all the same, and each filter is seen", async () => {
    const { page, complaints } = await visit(server);
    await page.goto(`${url}/feed?from=chat&kind=ticket`);
    await page.getByText("filed “Mend the lamp”").waitFor();
    await page.goto(`${url}/queue?lane=nowhere`);
    await page.getByText("No open ticket in lane nowhere").waitFor();
    assert.equal(await page.getByRole("combobox", { name: "Lane" }).inputValue(), "nowhere");
    assert.deepEqual(complaints, []);
  });

  it("a seat's page tells what the seat did", async () => {
    const { page } = await visit(server);
    await page.goto(`${url}/seats/CLAUDE-CLI-BOX-STRAT-01`);
    const deeds = page.getByRole("region", { name: "What it did" });
    await deeds.getByText("filed “Mend the lamp”").waitFor();
    await deeds.getByText("1 entry", { exact: true }).waitFor();
  });

  it("a text of 5,000 lines leaves the ticket's facts within reach, and opens whole", async () => {
    const { page } = await visit(server, { width: 390, height: 844 });
    await page.goto(`${url}/tickets/${id}`);
    await page.getByText("line 39").waitFor();
    const height = () => page.evaluate(() => document.documentElement.scrollHeight);
    assert.deepEqual(await lasting(async () => [await height()].filter((px) => px >= 5_000)), []);
    await page.getByRole("button", { name: /^Show all/ }).click();
    await page.getByText("line 4999").waitFor();
  });

  it("every link of a ticket can be followed, however many there are", async () => {
    const { page } = await visit(server);
    const hub = (await say(token, "ticket.file", { namespace: "WEB", title: "The harbour" })).id;
    const others: string[] = [];
    for (let index = 0; index < 14; index++) {
      others.push((await say(token, "ticket.file", { namespace: "WEB", title: `Pier ${index}` })).id);
      await say(token, "ticket.link", { id: others[index]!, target: hub, type: "blocks" });
    }
    await page.goto(`${url}/tickets/${hub}`);
    await page.getByText("All 14 as a list").click();
    const links = page.getByRole("region", { name: "Hangs together with" }).getByRole("listitem").getByRole("link");
    await links.nth(others.length - 1).waitFor();
    assert.deepEqual((await links.allTextContents()).sort(), others.sort());
  });

  it("a click beside a window, and a page that cannot be read anew, take nobody's words", async () => {
    const { page } = await visit(server);
    await page.goto(`${url}/tickets/${id}`);
    await page.getByRole("button", { name: "Park" }).click();
    const reason = page.getByRole("dialog").getByLabel("Reason");
    await reason.fill("After the regatta");
    await page.mouse.click(5, 5);
    await page.route("**/v1/ticket/show*", (route) => route.abort());
    let failed = 0;
    page.on("requestfailed", (one) => (failed += one.url().includes("/v1/ticket/show") ? 1 : 0));
    await say(token, "post.append", { subject: "The lamp again", item: id });
    await say(token, "ticket.link", { id, target: (await say(token, "ticket.file", more)).id, type: "relates" });
    // Asked four times in all before it counts as failed.
    await until("fourth try", async () => failed >= 4);
    // What a failure would take is gone with the next picture.
    await page.evaluate(() => new Promise(requestAnimationFrame));
    assert.equal(await reason.inputValue(), "After the regatta");
  });
  const more = { namespace: "WEB", title: "Another lamp" };

  it("whoever closes a window goes on where they opened it", async () => {
    const { page } = await visit(server);
    await page.goto(`${url}/tickets/${id}`);
    const park = page.getByRole("button", { name: "Park" });
    await park.press("Enter");
    await page.getByRole("dialog").getByLabel("Reason").waitFor();
    await page.keyboard.press("Escape");
    await park.and(page.locator(":focus")).waitFor();
    await page.goto(`${url}/settings`);
    const define = page.getByRole("button", { name: "Define a namespace" });
    await define.press("Enter");
    await page.getByRole("button", { name: "Cancel" }).press("Enter");
    await define.and(page.locator(":focus")).waitFor();
  });

  it("a field that was emptied and is hidden then does not stand in the way", async () => {
    const { page } = await visit(server);
    await page.goto(`${url}/settings`);
    await page.getByRole("button", { name: "Issue a token" }).click();
    const form = page.getByRole("form", { name: "Issue a token" });
    await form.getByLabel("For so many days").fill("");
    await form.getByLabel("What it opens").selectOption("sign_in");
    await form.getByRole("button", { name: "Issue" }).click();
    await page.getByRole("dialog", { name: "A sign-in link for operator" }).waitFor();
  });

  it("a session that ended in another tab ends in this one too, untouched", async () => {
    const { page, context } = await visit(server);
    const other = await context.newPage();
    await other.goto(`${url}/settings`);
    await other.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Longwatch" }).waitFor();
  });
});
