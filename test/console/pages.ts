/// <reference lib="dom" />
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Locator, Page } from "playwright-core";
import type { TestWorld } from "../harness.ts";
import { lasting, until } from "./patience.ts";

/** What stands for the parameters of the pages' addresses. */
export async function parametersOf({
  ask,
  operator,
}: Pick<TestWorld, "ask" | "operator">): Promise<Record<string, string>> {
  const { tickets } = await ask(operator, "ticket.list", { limit: 1 });
  const { seats } = await ask(operator, "seat.list", { limit: 1 });
  const { decisions } = await ask(operator, "policy.decisions", { limit: 1 });
  const { doctrine = [], records = doctrine } = await ask(operator, "doctrine.list", { limit: 1 });
  return {
    ...{ tickets: tickets[0].id, seats: seats[0].name, decisions: String(decisions[0].id), doctrine: records[0]?.id },
    ...{ ledger: "2", manifests: "1", deploys: "1", environments: "preview" },
  };
}

/** Every address that the console's router knows, with what stands for its parameters. */
export function addresses(parameters: Readonly<Record<string, string>>): string[] {
  const router = readFileSync(new URL("../../web/src/router.tsx", import.meta.url), "utf8");
  const paths = [...router.matchAll(/path: "([^"]+)"/g)].map(([, path]) => path!);
  assert.ok(paths.length >= 6, "the router is read");
  return paths.map((path) =>
    path.replace(/\/(\w+)\/\$(\w+)/, (_, room: string) => {
      const value = parameters[room];
      assert.ok(value !== undefined, `tell the walks what to look at in ${path}`);
      return `/${room}/${encodeURIComponent(value)}`;
    }),
  );
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

type Violation = { id: string; impact: string; help: string; nodes: { html: string; failureSummary: string }[] };

/** What stands in a reader's way who does not see or does not point: the serious and the critical of it. */
export async function barriers(page: Page): Promise<string[]> {
  return lasting(() => barriersNow(page));
}

async function barriersNow(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    type Axe = { run(options: object): Promise<{ violations: Violation[] }> };
    const { axe: checks } = globalThis as unknown as { axe: Axe };
    // What passed is not wanted, and takes as long to gather as what did not.
    return (await checks.run({ resultTypes: ["violations"] })).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary.split("\n").at(1)}`)
          .join(" | ")}`,
    );
}

/** Waits until a page has asked what it asks, and shows it. */
export async function settled(page: Page): Promise<void> {
  // Behind a dialog there is no heading for those who cannot see the page.
  await page.getByRole("heading", { level: 1 }).or(page.getByRole("dialog")).first().waitFor();
  await page.waitForFunction(() => document.querySelector("main .animate-pulse") === null);
  // No proof that nothing more comes, only fewer second looks at what is still on its way.
  await page.waitForTimeout(150);
}

/** Whether the page is wider than the window: then a reader has to scroll sideways. */
export async function overflow(page: Page): Promise<number> {
  const beside = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const [px = 0] = await lasting(async () => [await beside()].filter((px) => px > 0));
  return px;
}

/** Opens the palette by its keys, so that one can type into it. */
export async function palette(page: Page): Promise<Locator> {
  await page.keyboard.press("Control+k");
  const box = page.getByRole("dialog").getByRole("combobox");
  await box.and(page.locator(":focus")).waitFor();
  return box;
}

/** As long counts a page as not reached by its keys. */
const ARRIVAL_MS = 5_000;

/** Goes to a page by `g` and its key, which belong together for a second: whoever was slower presses them again. */
export async function goBy(page: Page, key: string, arrived: Locator): Promise<void> {
  await until(`page by g ${key}`, async () => {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    return arrived.waitFor({ timeout: ARRIVAL_MS }).then(
      () => true,
      () => false,
    );
  });
}
