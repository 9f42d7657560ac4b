import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";

describe("The pictures", { skip: isSkipped }, () => {
  test("show each seat's lane, by its entries, and the same in a table", async () => {
    const server = await testServer();
    const { say } = server;
    const token = await server.seat("CLAUDE-CLI-BOX-UI-01");
    await say(token, "seat.beat", { status: "busy" });
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/seats`);
    const lanes = page.getByRole("list", { name: "Seats over time" });
    const lane = lanes.getByRole("listitem").filter({ hasText: "CLAUDE-CLI-BOX-UI-01" });
    await lane.getByText("busy", { exact: true }).waitFor();
    assert.match((await lane.locator("[title^='busy for']").getAttribute("href"))!, /^\/ledger\/\d+$/);
    await say(token, "seat.beat", { status: "blocked" });
    await lane.locator("[title^='blocked for']").waitFor();
    const bars = lane.locator("a:has(svg)");
    const last = { x: (await bars.boundingBox())!.width - 1, y: 5 };
    await bars.hover({ position: { x: 5, y: 5 } });
    await lane.locator("a:not([title]):not([href]):has(svg)").waitFor();
    await bars.hover({ position: last });
    await lane.locator("a[title^='blocked for'][href]:has(svg)").waitFor();
    await bars.click({ position: last });
    await page.waitForURL("**/ledger/*");
    await page.goBack();
    await page.getByText("As a table").click();
    await page.getByRole("rowheader", { name: "CLAUDE-CLI-BOX-UI-01" }).waitFor();
    await say(server.operator, "seat.retire", { seat: "CLAUDE-CLI-BOX-UI-01" });
    await page.getByText("No seat of this kind was there in this time.").waitFor();
    await page.getByRole("checkbox", { name: "retired too" }).check();
    await lane.getByText("retired", { exact: true }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("show the queue by lane and age, and what was filed and finished, in light and dark", async () => {
    const server = await testServer();
    const { say, operator } = server;
    await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN", lane: "web" });
    const [old, done] = await Promise.all(
      ["Old", "Done"].map(async (title) => (await say(operator, "ticket.file", { namespace: "WEB", title })).id),
    );
    await server.sql("update tickets.tickets set filed_at = now() - interval '9 days' where id = $1", [old]);
    const { page, complaints } = await visit(server);
    const ages = page.getByRole("region", { name: "Open work by lane and age" });
    const web = ages.getByRole("row", { name: /web/ });
    await web.filter({ hasText: /1····12$/ }).waitFor();
    const flow = page.getByRole("region", { name: "Filed and finished" }).first();
    await flow.locator("canvas").waitFor();
    await flow.getByText("1 tickets were filed, 0 done and 0 cancelled.").waitFor({ state: "attached" });
    await say(operator, "ticket.cancel", { id: done, reason: "not needed" });
    await flow.getByText("1 tickets were filed, 0 done and 1 cancelled.").waitFor({ state: "attached" });
    await flow.getByText("As a table").click();
    const rows = await flow.getByRole("table").evaluate((table) => {
      const { rows: all } = (table as HTMLTableElement).tBodies[0]!;
      return [...all].map((row) => [...row.querySelectorAll("td")].map(({ textContent }) => Number(textContent)));
    });
    // Filed and cancelled in one slice of time, or in two.
    const sum = (column: number) => rows.reduce((total, row) => total + row[column]!, 0);
    assert.deepEqual([sum(0), sum(1), sum(2), rows[0]![3]], [1, 0, 1, 1], "filed, done, cancelled, open then");
    await page.emulateMedia({ colorScheme: "dark" });
    await flow.locator("canvas").first().waitFor();
    await flow.getByRole("radio", { name: "30 days" }).click();
    await flow.getByText("2 tickets were filed").waitFor({ state: "attached" });
    await web.getByRole("link", { name: "web" }).click();
    await page.getByRole("heading", { level: 1, name: "Queue" }).waitFor();
    await page.waitForURL(/lane=web/);
    assert.deepEqual(complaints, []);
  });
});
