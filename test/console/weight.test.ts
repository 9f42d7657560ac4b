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
    const { page } = await visit(server);
    const files: { url: string; bytes: number }[] = [];
    const read: Promise<unknown>[] = [];
    page.on("response", (response) => {
      if (response.request().resourceType() !== "script") return;
      assert.match(response.headers()["cache-control"] ?? "", /immutable/, response.url());
      read.push(response.body().then((body) => files.push({ url: response.url(), bytes: gzipSync(body).length })));
    });
    await page.goto("about:blank");
    // A page whose requests are routed leaves the browser's cache alone: everything is loaded once more.
    await page.route("**/*", (route) => route.continue());
    await page.goto(server.url);
    await page.getByText("Nothing needs you.").waitFor();
    await Promise.all(read);
    const kb = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
    assert.ok(files.length > 0, "there is script");
    assert.ok(kb <= SCRIPT_KB_MAX, `${Math.round(kb)} kB: ${JSON.stringify(files)}`);
  });
});
