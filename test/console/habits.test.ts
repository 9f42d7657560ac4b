/// <reference lib="dom" />
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { yard } from "./fleet.ts";
import { addresses, palette, parametersOf, settled } from "./pages.ts";
import { lasting, until } from "./patience.ts";

describe("People's habits", { skip: isSkipped }, async () => {
  if (isSkipped) return;
  const server = await testServer();
  const { ticket, seat } = await yard(server);

  test("the palette opens a seat, a ticket, an entry and a decision by what one knows of them", async () => {
    const { page, complaints } = await visit(server);
    const go = async (typed: string, choice: RegExp) => {
      await (await palette(page)).fill(typed);
      await page.getByRole("option", { name: choice, selected: true }).waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    };
    await go("box-web-01", /CODEX-CLI-BOX-WEB-01 Open this seat/);
    await page.waitForURL(`**/seats/${seat}`);
    await go(seat, /Open this seat/);
    await go(ticket.toLowerCase(), /Open this ticket/);
    await page.waitForURL(`**/tickets/${ticket}`);
    await go("#12", /#12 Open this entry/);
    await page.getByRole("heading", { level: 1, name: "Entry 12" }).waitFor();
    await (await palette(page)).fill("1");
    await page.getByRole("option", { name: /^Decision 1 / }).click();
    await page.getByRole("heading", { level: 1, name: "Decision 1" }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("a question mark lists every key, unless somebody types it", async () => {
    const { page, complaints } = await visit(server);
    const pages = await named(page);
    await page.keyboard.press("?");
    const keys = page.getByRole("dialog", { name: "Keys" });
    for (const name of pages) await keys.getByText(name, { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await keys.waitFor({ state: "hidden" });
    await page.goto(`${server.url}/feed`);
    await page.getByRole("textbox", { name: "Seat" }).fill("");
    await page.keyboard.press("?");
    assert.equal(await page.getByRole("textbox", { name: "Seat" }).inputValue(), "?");
    assert.equal(await keys.count(), 0);
    assert.deepEqual(complaints, []);
  });

  test("Tab reaches all that can be pressed on every page, shows where it is, and is caught nowhere", async () => {
    const { page } = await visit(server);
    const found: string[] = [];
    for (const address of addresses(await parametersOf(server))) {
      const walked = async () => {
        await page.goto(server.url + address);
        await settled(page);
        return tabbed(page);
      };
      found.push(...(await lasting(walked)).map((one) => `${address}: ${one}`));
    }
    assert.deepEqual(found, []);
  });

  test("j and k go from line to line of the feed, and Enter follows one", async () => {
    const { page } = await visit(server);
    await page.goto(`${server.url}/feed`);
    const lines = page.getByRole("list", { name: "Entries, the newest first" }).getByRole("listitem");
    await lines.first().getByRole("link").first().focus();
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    const third = lines.nth(2).getByRole("link").first();
    await third.and(page.locator(":focus")).waitFor();
    const href = await third.getAttribute("href");
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${href}`);
  });

  test("a ticket, a decision and a moment of the feed are whole on paper, with their address and UTC", async () => {
    const { page, complaints } = await visit(server, { theme: "dark" });
    const subjects = ["claimed it", "posted “Looked at the crane; its timetable is right”"];
    for (const [address, texts] of [
      [`/tickets/${ticket}`, subjects],
      ["/decisions/1", ["What was decided", "Why it was denied"]],
      ["/feed?until=2099-01-01T00:00:00.000Z", [...subjects, "filed"]],
    ] as const) {
      await page.goto(server.url + address);
      await settled(page);
      await page.emulateMedia({ media: "print" });
      await page.getByText(new URL(address, server.url).pathname).first().waitFor();
      const sheet = page.locator("body");
      for (const wanted of texts)
        await until(`${wanted} in ${address}`, async () => (await sheet.innerText()).includes(wanted));
      assert.match(await sheet.innerText(), /as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
      assert.equal(await page.getByRole("navigation").count(), 0, "where one can go is of no use on paper");
      assert.deepEqual(await lasting(() => page.evaluate(wrongOnPaper)), [], address);
      await page.emulateMedia({ media: "screen" });
    }
    // A feed on paper is not only what was in sight.
    await page.emulateMedia({ media: "print" });
    const numbers = page.locator("main").getByRole("link", { name: /^#\d+$/ });
    const { seq } = await server.ask(server.operator, "ledger.head");
    await numbers.nth(Math.min(100, seq) - 1).waitFor();
    assert.deepEqual(complaints, []);
  });

  test("every time has the reader's own and UTC on hover", async () => {
    const { page } = await visit(server);
    await page.goto(`${server.url}/tickets/${ticket}`);
    const time = page.getByRole("region", { name: "Its life" }).locator("time").first();
    const [own, utc] = (await time.getAttribute("title"))!.split("\n");
    assert.match(utc!, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    const [read] = await page.evaluate(() => [Intl.DateTimeFormat().resolvedOptions().timeZone]);
    const zoned = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeStyle: "medium", timeZone: read! });
    assert.equal(own, zoned.format(new Date((await time.getAttribute("datetime"))!)));
  });

  test("a post is never edited: what corrects it says which one", async () => {
    const { page } = await visit(server);
    await page.goto(`${server.url}/feed?kind=post`);
    const { entries } = await server.ask(server.operator, "feed.page", { kind: "post", limit: 1 });
    const [{ seq }] = entries;
    await server.say(server.operator, "post.append", { subject: "The other crane, I meant", amends: seq });
    await page.getByText(`corrected post #${seq}: “The other crane, I meant”`).waitFor();
  });

  test("the pace of the server is a picture, a sentence and a table", async () => {
    const { page, complaints } = await visit(server);
    const pace = page.getByRole("region", { name: "Written and answered" }).first();
    const drawn = () => pace.locator("canvas").nth(1).waitFor();
    await drawn();
    // What is told is of the newest slice of time, which may have begun a moment ago.
    await until("sentence", async () => {
      if (await pace.getByText(/^half answered within [\d.,]+ ms$/).count()) return true;
      await server.say(server.operator, "post.append", { subject: "Said in this slice" });
      await page.reload();
      return drawn();
    });
    await pace.getByText("As a table").click();
    await pace.getByRole("table").waitFor();
    // Read at once: a slice that begins meanwhile moves them all.
    const cells = await pace.getByRole("table").evaluate((table) => {
      const rows = [...(table as HTMLTableElement).tBodies[0]!.rows];
      return rows.map((row) => [...row.querySelectorAll("td")].map(({ textContent }) => textContent));
    });
    const { seq } = await server.ask(server.operator, "ledger.head");
    const entries = cells.reduce((sum, [count]) => sum + Number(count), 0);
    assert.ok(entries > 40 && entries <= seq, `${entries} of ${seq}`);
    assert.ok(cells.some(([, , , half]) => /^[\d.,]+ ms$/.test(half!)));
    await pace.getByRole("radio", { name: "1 h" }).click();
    await drawn();
    assert.deepEqual(complaints, []);
  });
});

/** The pages as the navigation names them. */
async function named(page: Page): Promise<string[]> {
  const links = page.getByRole("navigation", { name: "Pages" }).getByRole("listitem").getByRole("link");
  const names = await links.allTextContents();
  assert.ok(names.length >= 9);
  return names;
}

/** Presses Tab until the page has been gone through. Answers what it does not reach, and where no focus shows. */
async function tabbed(page: Page): Promise<string[]> {
  const all = await page.evaluate(numbered);
  assert.ok(all > 5, "there is something to press");
  const found: string[] = [];
  const seen = new Set<string>();
  for (let step = 0; step < 2 * all && !seen.has(`${all - 1}`); step++) {
    await page.keyboard.press("Tab");
    const { walk, isShown, html } = await page.evaluate(focused);
    if (walk !== "" && !isShown && !seen.has(walk)) found.push(`nothing shows the focus: ${html}`);
    seen.add(walk);
  }
  for (let walk = 0; walk < all; walk++) if (!seen.has(`${walk}`)) found.push(`Tab does not reach ${walk} of ${all}`);
  return found;
}

/** Runs in the page: numbers what Tab is to reach. A group of choices has one stop, a list of lines its first. */
function numbered(): number {
  const all = [
    ...document.querySelectorAll<HTMLElement>("a[href], button, input, select, textarea, summary, [tabindex='0']"),
  ];
  const skipped = ":disabled, [type=radio]:not(:checked), [data-index]:not([data-index='0']) *";
  const wanted = all.filter(
    (one) => one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true }) && !one.matches(skipped),
  );
  for (const [index, one] of wanted.entries()) one.dataset.walk = `${index}`;
  return wanted.length;
}

/** Runs in the page: where the focus is, and whether that is drawn in another way than without it. */
function focused(): { walk: string; isShown: boolean; html: string } {
  const one = document.activeElement as HTMLElement;
  const look = () =>
    [one, one.parentElement!, one.closest("label") ?? one]
      .map((part) => getComputedStyle(part))
      .map(({ outlineStyle, borderColor, backgroundColor }) => [outlineStyle, borderColor, backgroundColor].join(" "))
      .join();
  const there = look();
  // A moment is typed part by part: Tab would begin with its first part again.
  const isMoment = one instanceof HTMLInputElement && one.type === "datetime-local";
  if (isMoment) return { walk: one.dataset.walk ?? "", isShown: true, html: "" };
  one.blur();
  const isShown = look() !== there;
  one.focus({ preventScroll: true });
  return { walk: one.dataset.walk ?? "", isShown, html: one.outerHTML.slice(0, 120) };
}

/** Runs in the page: what a sheet must not have. */
function wrongOnPaper(): string[] {
  const shades = getComputedStyle(document.body).color.match(/\d+/g)!.map(Number);
  const ages = [...document.querySelectorAll("time")].filter((time) => getComputedStyle(time).fontSize !== "0px");
  const cut = [...document.querySelectorAll<HTMLElement>("main *")]
    .filter((one) => getComputedStyle(one).overflowX === "hidden" && one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.outerHTML.slice(0, 120));
  return [...(Math.max(...shades) < 100 ? [] : ["pale ink"]), ...ages.map(({ outerHTML }) => outerHTML), ...cut];
}
