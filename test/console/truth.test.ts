/// <reference lib="dom" />
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { Cable } from "../../src/spool/cable.fixture.ts";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { lasting, until } from "./patience.ts";

/** Within what the stream tells once more, and beyond it. */
const LENGTHS = [
  { name: "a minute", missed: 60 },
  { name: "an hour", missed: 1_100 },
];

describe("Two operators on one ticket", { skip: isSkipped }, () => {
  test("both see what the other did, and who was too late is told so and loses no word", async () => {
    const server = await testServer();
    const { say, operator, url } = server;
    await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN" });
    const { id } = await say(operator, "ticket.file", { namespace: "WEB", title: "Mend the lamp" });
    const [{ page: one }, { page: other }] = [await visit(server), await visit(server)];
    for (const page of [one, other]) {
      await page.goto(`${url}/tickets/${id}`);
      await page.getByRole("heading", { level: 1, name: "Mend the lamp" }).waitFor();
    }
    await other.getByRole("button", { name: "Park" }).click();
    await other.getByRole("dialog").getByLabel("Reason").fill("After the regatta");
    await act(one, "Cancel", "Nobody wants it");
    await other.getByText("ended it: Nobody wants it").waitFor();
    await other.getByRole("dialog").getByRole("button", { name: "Park" }).click();
    const told = other.getByRole("dialog").getByRole("alert");
    await told.getByText(/cancelled/).waitFor();
    assert.equal(await other.getByRole("dialog").getByLabel("Reason").inputValue(), "After the regatta");
    await other.keyboard.press("Escape");
    // Both at the very same moment: one of them does it, and both see by whom.
    await one.reload();
    for (const page of [one, other]) {
      await page.getByRole("button", { name: "Reopen" }).click();
      await page.getByRole("dialog").getByLabel("Reason").fill("It is wanted");
    }
    await Promise.all(
      [one, other].map((page) => page.getByRole("dialog").getByRole("button", { name: "Reopen" }).click()),
    );
    for (const page of [one, other]) await page.getByText("opened it again: It is wanted").waitFor();
    const otherwise = async () => {
      const [life, another] = await Promise.all([one, other].map((page) => numbersOf(page)));
      return String(life) === String(another) ? [] : [life, another];
    };
    assert.deepEqual(await lasting(otherwise), []);
    for (const page of [one, other])
      assert.equal(await page.getByText("opened it again: It is wanted").count(), 1, "it was opened once");
  });
});

describe("A feed that was not looked at", { skip: isSkipped }, () => {
  test("shows every number once when it is seen again, while more come in", async () => {
    const server = await testServer();
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/feed`);
    await isLive(page);
    await post(server, 20);
    await hide(page, true);
    await post(server, 60);
    const more = post(server, 40);
    await hide(page, false);
    await more;
    await everyNumber(server, page);
    assert.deepEqual(complaints, []);
  });

  test("and one that stands open under a busy fleet shows every number once, and does not grow", async () => {
    const server = await testServer();
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/feed`);
    await isLive(page);
    for (let n = 0; n < 5; n++) {
      await post(server, 300);
      await newest(server, page);
    }
    assert.ok((await page.getByRole("listitem").count()) < 120, "only what is in sight is in the page");
    await everyNumber(server, page);
    assert.deepEqual(complaints, []);
  });
});

describe("A page whose connection is lost", { skip: isSkipped }, () => {
  const open = async (isClockOurs = false) => {
    const server = await testServer();
    const cable = await Cable.to(server.url);
    after(() => cable.sever());
    const { page, context } = await visit({ ...server, url: cable.url });
    if (isClockOurs) await page.clock.install();
    await page.goto(`${cable.url}/feed`);
    await isLive(page);
    await post(server, 20);
    return { server, cable, page, context };
  };

  for (const { name, missed } of LENGTHS)
    test(`by a cut of ${name} says so, and shows every number once when it has another`, async () => {
      const { server, cable, page } = await open();
      await cable.sever();
      await isAway(page);
      await post(server, missed);
      assert.equal(await page.getByText(`of ${missed}`).count(), 0, "nothing came through");
      await cable.plug();
      await isLive(page);
      await post(server, 5);
      await page.getByText("Post 4 of 5").waitFor();
      await everyNumber(server, page);
    });

  test("by a machine that slept for an hour says so when it wakes, and has no gap", async () => {
    const { server, cable, page } = await open(true);
    cable.hush();
    await post(server, 60);
    await isLive(page);
    assert.equal(await page.getByText("of 60").count(), 0, "nothing came through");
    // No connection broke: only the clock tells that the server was silent for too long.
    await page.clock.fastForward("01:00:00");
    await isAway(page);
    cable.isSilent = false;
    await cable.sever();
    await cable.plug();
    await isLive(page);
    await post(server, 5);
    await page.getByText("Post 4 of 5").waitFor();
    await everyNumber(server, page);
  });

  test("by a browser that let the tab stand still has no gap when it goes on", async () => {
    const { server, cable, page, context } = await open();
    await page.evaluate(tick);
    // Headless, no tab is ever behind another one, which alone are frozen. A debugger stops script just as well.
    const browser = await context.newCDPSession(page);
    await browser.send("Debugger.enable");
    const stopped = new Promise((done) => browser.once("Debugger.paused", done));
    await browser.send("Debugger.pause");
    await stopped;
    const stopped_at = performance.now();
    await post(server, 400);
    await cable.sever();
    await post(server, 700);
    await cable.plug();
    const stopped_ms = performance.now() - stopped_at;
    await browser.send("Debugger.disable");
    await isLive(page);
    await post(server, 5);
    await page.getByText("Post 4 of 5").waitFor();
    await everyNumber(server, page);
    const still_ms = Number(await page.locator("html").getAttribute("data-still"));
    assert.ok(still_ms >= Math.floor(stopped_ms), `it stood still for ${still_ms} of ${stopped_ms} ms`);
  });
});

/** Runs in the page: the longest time in which no script ran. */
function tick(): void {
  let [last, longest] = [performance.now(), 0];
  setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    document.documentElement.dataset.still = String(Math.round(longest));
  }, 50);
}

type Server = Awaited<ReturnType<typeof testServer>>;

const isLive = (page: Page) => page.getByRole("status").getByText("Live").waitFor();
const isAway = (page: Page) => page.getByRole("status").getByText("No connection; what you see may be old").waitFor();

async function act(page: Page, verb: string, reason: string): Promise<void> {
  await page.getByRole("button", { name: verb, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill(reason);
  // The other button of this name says that nothing is to be done.
  await dialog.locator("button[type=submit]").click();
  await dialog.waitFor({ state: "hidden" });
}

async function post({ say, operator }: Server, count: number): Promise<void> {
  for (let n = 0; n < count; n += 20)
    await Promise.all(
      Array.from({ length: Math.min(20, count - n) }, (_, index) =>
        say(operator, "post.append", { subject: `Post ${n + index} of ${count}` }),
      ),
    );
}

/** The page is told that it cannot be seen, as by another tab in front of it. */
async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    Object.defineProperty(document, "visibilityState", { value: hidden ? "hidden" : "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

/** Runs in the page: brings the line of an entry to the window's top. */
function scrolledTo(seq: number): void {
  const links = document.querySelectorAll(`main a[href='/ledger/${seq}']`);
  for (const link of links) if (link.textContent === `#${seq}`) link.scrollIntoView({ block: "start" });
}

const numbersOf = (page: Page) =>
  page
    .locator("main a[href^='/ledger/']")
    .evaluateAll((links) => links.map((link) => Number(link.textContent?.slice(1))));

/** Waits until the feed begins with the ledger's newest entry; answers its number. */
async function newest({ ask, operator }: Server, page: Page): Promise<number> {
  const { seq: head } = await ask(operator, "ledger.head");
  await page.evaluate(() => scrollTo({ top: 0 }));
  await page.getByRole("link", { name: `#${head}`, exact: true }).waitFor();
  return head;
}

/** Reads the feed from its top to its end, and holds its numbers against the ledger's. */
async function everyNumber(server: Server, page: Page): Promise<void> {
  const head = await newest(server, page);
  const seen: number[] = [];
  for (let last = head + 1; last !== 1; last = seen.at(-1)!) {
    const fresh = await until(`entry below #${last}`, async () => {
      const there = (await numbersOf(page)).sort((a, b) => b - a);
      assert.equal(new Set(there).size, there.length, "no number stands there twice");
      const below = there.filter((seq) => seq < last);
      if (below.length > 0) return below;
      // No further than what was read: of what lies in between nothing might be drawn. And each time anew: where lines
      // turn out higher or lower than was thought, the list draws others.
      await page.evaluate(scrolledTo, there.at(-1) ?? last);
      return null;
    });
    seen.push(...fresh);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: head }, (_, index) => head - index),
  );
}
