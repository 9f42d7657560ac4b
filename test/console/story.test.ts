import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { yard } from "./fleet.ts";
import { addresses, barriers, overflow, parametersOf, settled } from "./pages.ts";

describe("An operator's ten minutes", { skip: isSkipped }, async () => {
  if (isSkipped) return;
  const server = await testServer();
  const { ticket, seat, tokens } = await yard(server);
  const { say } = server;

  test("look: what needs her, what the fleet does, and the proof of it", async () => {
    const { page, complaints } = await visit(server);
    const needs = page.getByRole("region", { name: "What needs you" });
    await needs.getByRole("heading", { name: /things need you/ }).waitFor();

    await needs.getByRole("link", { name: /Question .*second crane/ }).waitFor();
    await needs.getByRole("link", { name: /Failed deploy.*staging/ }).waitFor();
    await page.getByRole("region", { name: "Seats" }).getByText("busy").waitFor();
    await page.getByRole("region", { name: "Queue", exact: true }).getByRole("rowheader", { name: /^WEB/ }).waitFor();
    await page.getByRole("region", { name: "Ledger" }).getByText("none broken").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("read: the feed comes in by itself, can be narrowed, and each line has its number", async () => {
    const { page, complaints } = await visit(server);
    await page.keyboard.press("g");
    await page.keyboard.press("f");
    await page.getByRole("heading", { level: 1, name: "Feed" }).waitFor();
    const list = page.getByRole("list", { name: "Entries, the newest first" });
    await say(tokens.get(seat)!, "post.append", { subject: "The crane moves again", item: ticket });
    const line = list.getByRole("listitem").filter({ hasText: "The crane moves again" });
    await line.getByRole("link", { name: /^#\d+$/ }).waitFor();
    await page.getByLabel("Kind").selectOption("post");
    await page.waitForURL(/kind=post/);
    await list.getByRole("listitem").filter({ hasText: "Looked at the crane" }).waitFor();
    assert.equal(await list.getByRole("listitem").filter({ hasText: "claimed it" }).count(), 0);
    await line.getByRole("link", { name: ticket }).click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForURL(`**/tickets/${ticket}`);
    assert.deepEqual(complaints, []);
  });

  test("act: park a ticket with a reason, see it told, and take it back", async () => {
    const { page, complaints } = await visit(server);
    const { tickets } = await server.ask(server.operator, "ticket.list", { state: "awaiting_claim", limit: 1 });
    const [{ id, title }] = tickets;
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /ticket’s id/ }).fill(id);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
    await page.getByRole("button", { name: "Park" }).click();
    const dialog = page.getByRole("dialog", { name: `Park ${id}` });
    await dialog.getByLabel("Reason").fill("Until the crane is back");
    await dialog.getByRole("button", { name: "Park" }).click();
    await page.getByText(/laid it aside: Until the crane is back/).waitFor();
    await page.getByRole("button", { name: "Reopen" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("It is back");
    await page.getByRole("dialog").getByRole("button", { name: "Reopen" }).click();
    await page.getByText("awaiting claim").first().waitFor();
    assert.deepEqual(complaints, []);
  });

  test("go through the queue and the seats by the keyboard alone", async () => {
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/queue?view=table`);
    const table = page.getByRole("table", { name: "Tickets" });
    await table.getByRole("row").nth(1).focus();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    const id = await page.evaluate(() => document.activeElement?.querySelector("a")?.textContent ?? "");
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/tickets/${id}`);
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.getByRole("table", { name: "Seats" }).getByRole("row").filter({ hasText: seat }).waitFor();
    assert.deepEqual(complaints, []);
  });

  for (const { name, look } of [
    { name: "light", look: {} },
    { name: "dark", look: { theme: "dark" } },
    { name: "a phone", look: { width: 390, height: 844 } },
  ] as const)
    test(`every page in ${name}: no error, nothing asked elsewhere, no barrier, nothing cut off`, async () => {
      const { page, complaints } = await visit(server, look);
      const parameters = await parametersOf(server);
      const all = ["/queue?view=table", "/feed?kind=ticket", "/no/such/page", ...addresses(parameters)];
      const found: string[] = [];
      for (const address of all) {
        await page.goto(server.url + address);
        await settled(page);
        found.push(...(await barriers(page)).map((barrier) => `${address}: ${barrier}`));
        const beside = await overflow(page);
        if (beside > 0) found.push(`${address}: ${beside} px beside the window`);
      }
      assert.deepEqual([...found, ...complaints], []);
    });
});
