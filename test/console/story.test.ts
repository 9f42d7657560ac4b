/// <reference lib="dom" />
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { isSound } from "../../src/programs/demo/ending.ts";
import { fleetAtWork } from "./at_work.ts";
import { isSkipped, visit } from "./console.ts";
import { yard } from "./fleet.ts";
import { addresses, barriers, goBy, overflow, palette, parametersOf, settled } from "./pages.ts";
import { until } from "./patience.ts";

/** The demo's fleet works for as long as this file is walked. Nothing here waits for what the test itself did. */
describe("An operator's ten minutes beside a fleet at work", { skip: isSkipped }, async () => {
  if (isSkipped) return;
  const fleet = await fleetAtWork();
  const { ticket, seat, tokens } = await yard(fleet);
  const { say } = fleet;
  fleet.work();

  test("look: what needs her, what the fleet does, and the numbers rise while she looks", async () => {
    const { page, complaints } = await visit(fleet);
    const needs = page.getByRole("region", { name: "What needs you" });
    await needs.getByRole("heading", { name: /things need you/ }).waitFor();
    await needs.getByRole("link", { name: /Question .*second crane/ }).waitFor();
    await needs.getByRole("link", { name: /Failed deploy.*staging/ }).waitFor();
    await page.getByRole("region", { name: "Seats" }).getByText("busy").waitFor();
    const queue = page.getByRole("region", { name: "Queue", exact: true });
    await queue.getByRole("rowheader", { name: /^DEMO/ }).waitFor();
    const health = page.getByRole("region", { name: "Ledger" }).getByText(/entries, none broken/);
    const entries = async () => Number((await health.textContent())!.match(/[\d,]+/)![0].replaceAll(",", ""));
    const before = await entries();
    await until("more entries", async () => (await entries()) > before);
    const finished = page.getByRole("region", { name: "Finished lately" });
    await finished
      .getByRole("link", { name: /^DEMO-/ })
      .first()
      .waitFor();
    assert.deepEqual(complaints, []);
  });

  test("read: the feed comes in by itself, can be narrowed, and each line leads to its proof", async () => {
    const { page, complaints } = await visit(fleet);
    await goBy(page, "f", page.getByRole("heading", { level: 1, name: "Feed" }));
    const numbers = page.getByRole("list", { name: "Entries, the newest first" }).getByRole("link", { name: /^#\d+$/ });
    const newest = async () => Number((await numbers.first().textContent())!.slice(1));
    const before = await newest();
    await until("a newer line", async () => (await newest()) > before);
    await page.getByLabel("Kind").selectOption("post");
    await page.waitForURL(/kind=post/);
    const lines = page.getByRole("list", { name: "Entries, the newest first" }).getByRole("listitem");
    const post = lines.filter({ hasText: /demo-.* posted/ }).first();
    await post.waitFor();
    await lines.filter({ hasText: "claimed it" }).first().waitFor({ state: "detached" });
    await page.getByRole("textbox", { name: "Seat" }).fill(seat);
    await page.waitForURL(/actor=/);
    await lines
      .filter({ hasText: "Looked at the crane" })
      .getByRole("link", { name: /^#\d+$/ })
      .click();
    await page.getByRole("heading", { level: 1, name: /^Entry \d+$/ }).waitFor();
    await page.getByRole("status").getByText("Proven in this browser").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("follow: a ticket changes its column, and its own page tells who has it", async () => {
    const { page, complaints } = await visit(fleet);
    await page.goto(`${fleet.url}/queue?lane=DEMO`);
    const column = (name: string) => page.getByRole("region", { name }).getByRole("link", { name: /DEMO-\d+/ });
    const seen = new Set<string>();
    const moved = await until("a ticket in another column", async () => {
      const doing = await idsOf(column("Being done"));
      const found = doing.find((id) => seen.has(id));
      for (const id of await idsOf(column("Can be claimed"))) seen.add(id);
      return found;
    });
    await page.goto(`${fleet.url}/tickets/${moved}`);
    const life = page.getByRole("region", { name: "Its life" });
    await life.getByText("claimed it").first().waitFor();
    assert.deepEqual(complaints, []);
  });

  test("act: park a ticket with a reason, see it told, and take it back", async () => {
    const { page, complaints } = await visit(fleet);
    const { tickets } = await fleet.ask(fleet.operator, "ticket.list", {
      ...{ state: "awaiting_claim", namespace: "WEB", limit: 1 },
    });
    const [{ id, title }] = tickets;
    await (await palette(page)).fill(id);
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

  test("decide: answer the question, grant the approval, and see in the seat's page what it does", async () => {
    const { page, complaints } = await visit(fleet);
    await page.getByRole("link", { name: /Question .*second crane/ }).click();
    await page.getByRole("button", { name: /^Answer question/ }).click();
    const dialog = page.getByRole("dialog", { name: "May the yard buy a second crane?" });
    await dialog.getByLabel("Answer").fill("Yes, a used one");
    await dialog.getByLabel("Reason").fill("The first one is always full");
    await dialog.getByRole("button", { name: "Answer" }).click();
    await dialog.waitFor({ state: "hidden" });
    const table = page.getByRole("table", { name: "Decisions, the newest first" });
    await table
      .getByRole("row", { name: /denied deploy production/ })
      .first()
      .press("Enter");
    await page.getByRole("dialog", { name: "deploy environment production" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    const row = page.getByRole("table", { name: "Seats" }).getByRole("row").filter({ hasText: seat });
    await goBy(page, "s", row);
    await row.getByRole("link", { name: seat }).click();
    await page.getByRole("heading", { level: 1, name: seat }).waitFor();
    await page.getByRole("link", { name: ticket }).first().waitFor();
    assert.deepEqual(complaints, []);
  });

  test("land: a deploy that a seat begins shows by itself, and its log comes line by line", async () => {
    const { page, complaints } = await visit(fleet);
    await page.goto(`${fleet.url}/landing`);
    await page.getByRole("listitem", { name: "staging" }).waitFor();
    const token = tokens.get(seat)!;
    const sha = "c".repeat(40);
    const begun = await say(token, "deploy.begin", { environment: "preview", ticket, sha });
    const { deploy, fencing_token } = begun;
    await page
      .getByRole("link", { name: `deploy ${deploy}` })
      .first()
      .click();
    await page.getByRole("heading", { level: 1, name: `Deploy ${deploy} to preview` }).waitFor();
    await say(token, "deploy.report_closure", { deploy, fencing_token, checked: 3 });
    await say(token, "deploy.report", { deploy, fencing_token, stage: "deploy", log: "Built in 8 s" });
    await page.getByRole("log").getByText("Built in 8 s").waitFor();
    await say(token, "deploy.settle", { deploy, fencing_token, outcome: "landed", served_release: sha });
    await page.getByText("it has ended").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("prove: the browser itself finds the ledger whole, which grows under its eyes", async () => {
    const { page, complaints } = await visit(fleet);
    await page.goto(`${fleet.url}/ledger`);
    await page.getByRole("status").getByText("Verified in this browser").waitFor();
    const records = page.getByRole("table", { name: "Records" });
    await goBy(page, "o", records);
    await records
      .getByRole("row", { name: /ORA-0000-0001/ })
      .getByRole("link")
      .first()
      .click();
    await page.getByRole("region", { name: "Gates" }).waitFor();
    await goBy(page, ",", page.getByRole("table", { name: "Namespaces" }).getByRole("row", { name: /DEMO/ }));
    assert.deepEqual(complaints, []);
  });

  describe("sees every page", { concurrency: true }, () => {
    for (const [name, look] of Object.entries(LOOKS))
      test(`in ${name}: no error, nothing asked elsewhere, no barrier, nothing cut off`, async () => {
        const { page, complaints } = await visit(fleet, look);
        const all = [...linked(seat), ...addresses(await parametersOf(fleet))];
        const found: string[] = [];
        for (const address of all) {
          await page.goto(fleet.url + address);
          await settled(page);
          found.push(...(await barriers(page)).map((barrier) => `${address}: ${barrier}`));
          const beside = await overflow(page);
          if (beside > 0) found.push(`${address}: ${beside} px beside the window`);
        }
        assert.deepEqual([...found, ...complaints], []);
      });
  });

  test("leave: the fleet's own count has no gap and no duplicate, and its ledger is whole", async () => {
    const endings = await fleet.rest();
    assert.ok(endings.length > 0 && endings.some(({ events }) => events > 0), "the fleet worked");
    for (const ending of endings) assert.ok(isSound(ending), JSON.stringify(ending));
  });
});

const LOOKS = { light: {}, dark: { theme: "dark" }, "a phone": { width: 390, height: 844 } } as const;

/** Addresses with all that one can ask of a page, as somebody would send them. */
const linked = (seat: string): string[] => [
  ...["/queue?view=table&lane=DEMO&state=in_progress", "/seats?state=idle", "/doctrine?words=number&all=true"],
  ...[`/feed?kind=post&actor=${seat}&until=2099-01-01T00:00:00.000Z`, "/decisions?effect=deny&open=1", "/no/such/page"],
];

const idsOf = async (links: ReturnType<Page["getByRole"]>): Promise<string[]> =>
  (await links.allTextContents()).map((text) => text.match(/DEMO-\d+/)![0]);
