import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";

/** What the first page may load of script, packed as the least able proxy packs it. */
const SCRIPT_KB_MAX = 250;

describe("The first page", { skip: isSkipped }, () => {
  test(`loads at most ${SCRIPT_KB_MAX} kB of packed script, and each file once for good`, async () => {
    const server = await testServer();
    const { context } = await visit(server);
    // A page of its own: what the sign-in page still loads when it is left is not this page's.
    const page = await context.newPage();
    const browser = await context.newCDPSession(page);
    // The sign-in page has loaded most of it: as for whoever comes for the first time, nothing is at hand.
    await browser.send("Network.setCacheDisabled", { cacheDisabled: true });
    const loaded: string[] = [];
    page.on("response", (response) => {
      if (response.request().resourceType() === "script") loaded.push(response.url());
    });
    await page.goto(server.url);
    await page.getByText("Nothing needs you.").waitFor();
    const files: { url: string; bytes: number }[] = [];
    for (const url of [...loaded]) {
      // Asked for once more: a browser lets go of bodies as it likes.
      const file = await context.request.get(url);
      assert.equal(file.status(), 200, url);
      assert.match(file.headers()["cache-control"] ?? "", /immutable/, url);
      files.push({ url, bytes: gzipSync(await file.body()).length });
    }
    const kb = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
    assert.ok(files.length > 0, "there is script");
    assert.ok(kb <= SCRIPT_KB_MAX, `${Math.round(kb)} kB: ${JSON.stringify(files)}`);
  });
});
