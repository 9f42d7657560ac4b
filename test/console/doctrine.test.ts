import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { overflow } from "./pages.ts";

const NUMBERS = "ORA-0000-0001";

describe("Doctrine", { skip: isSkipped }, () => {
  test("lists what was learned with how it is really held, and finds by words", async () => {
    const server = await testServer();
    const { id } = await server.say(server.operator, "doctrine.file", {
      ...{ type: "observation", title: "Tests on a slow machine <i>lie</i>", evidence: ["seen once"] },
    });
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/doctrine`);
    const table = page.getByRole("table", { name: "Records" });
    const shipped = table.getByRole("row", { name: new RegExp(NUMBERS) });
    await shipped.getByText("mechanism", { exact: true }).waitFor();
    const holds = page.getByRole("region", { name: "What really holds" });
    await holds
      .getByRole("listitem")
      .filter({ hasText: /^text only1$/ })
      .waitFor();
    await page.setViewportSize({ width: 800, height: 900 });
    await table.getByRole("columnheader", { name: "Readers" }).waitFor({ state: "detached" });
    assert.equal(await overflow(page), 0, "a tablet shows all of what is left");
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByRole("textbox", { name: "Words or id" }).fill("slow machine");
    const own = table.getByRole("row", { name: new RegExp(id) });
    await own.getByText("text only", { exact: true }).waitFor();
    await own.getByText("Tests on a slow machine <i>lie</i>").waitFor();
    await shipped.waitFor({ state: "detached" });
    // What is looked for can be linked.
    await page.waitForURL(/words=slow/);
    await own.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /Tests on a slow machine/ }).waitFor();
    await page.getByText("seen once").first().waitFor();
    assert.deepEqual(complaints, []);
  });

  test("shows a record's gates; a promotion that they forbid is refused in words", async () => {
    const server = await testServer();
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/doctrine/${NUMBERS}`);
    const gates = page.getByRole("region", { name: "Gates" });
    await gates.getByText("M2 holds").first().waitFor();
    await gates.getByText("M3 does not hold").waitFor();
    await page.getByRole("button", { name: "Promote to M3" }).click();
    await page.getByRole("textbox", { name: "Reason" }).fill("I am sure");
    await page.getByRole("button", { name: "Promote", exact: true }).click();
    await page
      .getByRole("alert")
      .getByText(/is not M3/)
      .waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Take back to M1" }).click();
    await page.getByRole("textbox", { name: "Reason" }).fill("Nobody looked for a year");
    await page.getByRole("button", { name: "Take back", exact: true }).click();
    const history = page.getByRole("region", { name: "Its history" });
    await history.getByText(/took it back from M2 to M1: Nobody looked for a year/).waitFor();
    await page.getByRole("button", { name: "Promote to M2" }).waitFor();
    // The browser itself tells of an answer that refuses; the page shows it in words.
    assert.deepEqual(
      complaints.filter((one) => !/status of 409/.test(one)),
      [],
    );
  });
});
