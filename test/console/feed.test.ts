/// <reference lib="dom" />
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { lasting, until } from "./patience.ts";

/** A page that stands open folds what came in at 500 entries; two folds and more are this many. */
const POSTS = 1_300;
const AT_ONCE = 20;
/** What is shown at the most: the folded page, what came since, and what one hand-out brings. */
const KEPT_MAX = 200 + 500 + 100;

describe("The feed", { skip: isSkipped }, () => {
  test("that stands open keeps what it shows, and nothing of what fell away", async () => {
    const server = await testServer();
    const { say, ask, operator } = server;
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/feed`);
    await page.getByText("as it happens").waitFor();
    for (let n = 0; n < POSTS; n += AT_ONCE) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, m) => say(operator, "post.append", { subject: `Word ${n + m + 1}` })),
      );
      const { seq } = await ask(operator, "ledger.head");
      await page.getByRole("link", { name: `#${seq}`, exact: true }).waitFor();
    }
    await until("list that remembers its lines", async () => (await largestNumbered(page)) > 20);
    const tooMany = await lasting(async () => [await largestNumbered(page)].filter((kept) => kept > KEPT_MAX));
    assert.deepEqual(tooMany, [], "so many lines are remembered");
    assert.deepEqual(complaints, []);
  });
});

/** How many things the largest map of the page's script holds whose keys are numbers, as entries have them. */
async function largestNumbered(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  const { result } = await devtools.send("Runtime.evaluate", { expression: "Map.prototype" });
  const { objects } = await devtools.send("Runtime.queryObjects", { prototypeObjectId: result.objectId! });
  const largest = `function () {
    const numbered = this.filter((map) => map.size > 0 && [...map.keys()].every((key) => typeof key === "number"));
    return Math.max(0, ...numbered.map((map) => map.size));
  }`;
  const counted = await devtools.send("Runtime.callFunctionOn", {
    objectId: objects.objectId!,
    functionDeclaration: largest,
    returnByValue: true,
  });
  return counted.result.value as number;
}
