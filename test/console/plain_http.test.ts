/// <reference lib="dom" />
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";

/** No WebCrypto, no clipboard, no word of the browser about who asks: what is left has to do. */
describe("The console over plain HTTP, away from localhost", { skip: isSkipped }, () => {
  const open = async (path: string) => {
    const server = await testServer();
    const visited = await visit(server, { isAway: true });
    assert.equal(await visited.page.evaluate(() => isSecureContext), false, "the browser holds it for unsafe");
    await visited.page.goto(`${visited.url}${path}`);
    return { ...server, ...visited };
  };

  test("signs in, does each thing once, and signs out", async () => {
    const { page, ask, operator, sql, complaints } = await open("/settings");
    for (const prefix of ["FAR", "WIDE"]) {
      await page.getByRole("button", { name: "Define a namespace" }).click();
      await page.getByLabel("Prefix").fill(prefix);
      await page.getByRole("button", { name: "Define", exact: true }).click();
      await page.getByRole("table", { name: "Namespaces" }).getByRole("cell", { name: prefix }).first().waitFor();
    }
    const { namespaces } = await ask(operator, "namespace.list");
    assert.deepEqual(
      namespaces.map(({ prefix }: { prefix: string }) => prefix),
      ["FAR", "WIDE"],
    );
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Longwatch" }).waitFor();
    const [{ ended }] = await sql("select count(*)::int as ended from ledger.entries where kind = 'token.ended'");
    assert.equal(ended, 1);
    // The browser itself tells of what the signed-out page was refused.
    assert.deepEqual(
      complaints.filter((one) => !/status of 401/.test(one)),
      [],
    );
  });

  test("copies all the same; where nothing may, it marks the text and says how", async () => {
    const { page, url, complaints } = await open("/settings");
    const part = page.getByRole("region", { name: "Connect an agent" });
    const command = (await part.locator("code").first().textContent())!;
    assert.match(command, new RegExp(`^LONGWATCH_URL=${url} `), "it names the server that is not on this machine");
    // Told for a moment only: looked for by the page itself, from before the press on.
    const told = page.waitForFunction(() => document.querySelector("[aria-label=Copied]") !== null);
    await part.getByRole("button", { name: "Copy the command" }).click();
    await told;
    await part.getByRole("button", { name: "Copy the command" }).waitFor();
    await page.evaluate(() => {
      getSelection()!.removeAllRanges();
      document.execCommand = () => false;
    });
    await part.getByRole("button", { name: "Copy the command" }).click();
    await part.getByText("press Ctrl C").waitFor();
    assert.equal(await page.evaluate(() => String(getSelection())), command);
    assert.deepEqual(complaints, []);
  });

  test("claims no proof: it says why it can check nothing, and three ways to do so all the same", async () => {
    const { page, url, complaints } = await open("/ledger");
    const verdict = page.getByRole("status", { name: "Verdict" });
    await verdict.getByText("This page cannot check anything here").waitFor();
    await verdict.getByText(`npx longwatch ledger verify --url "${url}/ledger/home"`).waitFor();
    const { hostname, port } = new URL(url);
    await verdict.getByText(`ssh -N -L 4780:${hostname}:${port} ${hostname}`, { exact: true }).waitFor();
    await verdict.getByText(`caddy reverse-proxy --from ${hostname} --to 127.0.0.1:${port}`).waitFor();
    assert.equal(await page.getByText("Verified in this browser").count(), 0);
    await page.goto(`${url}/ledger/1`);
    await page.getByRole("status", { name: "Verdict" }).getByText("This page cannot check anything here").waitFor();
    await page.getByText("Nothing was checked, and nothing is claimed.").waitFor();
    assert.equal(await page.getByText("Proven in this browser").count(), 0);
    assert.deepEqual(complaints, []);
  });
});
