import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pino } from "pino";
import type { Page } from "playwright-core";
import { Signer } from "../../src/anchors/signer.ts";
import { formatCheckpoint } from "../../src/tlog/checkpoint.ts";
import { newSigner, signNote } from "../../src/tlog/note.ts";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { palette } from "./pages.ts";

const server = await testServer();
const directory = await mkdtemp(join(tmpdir(), "longwatch-console-"));
after(() => rm(directory, { recursive: true, force: true }));

const BROKEN = "This ledger is broken";

describe("The ledger in the browser", { skip: isSkipped }, () => {
  const sign = async () => {
    const { database, door, home_tenant_id: tenant_id } = server;
    const where = { anchors: join(directory, "anchors"), keys: join(directory, "signer") };
    await new Signer({ tenant_id, tenant: "home", database, door, log: pino({ level: "silent" }), ...where }).pass(
      true,
    );
  };
  const post = async (count: number) => {
    for (let n = 0; n < count; n++) await server.say(server.operator, "post.append", { subject: `post ${n}` });
  };
  before(async () => {
    await sign();
    await post(300);
    await sign();
  });

  const open = async (path = "/ledger") => {
    const visited = await visit(server);
    await visited.page.goto(`${server.url}${path}`);
    return visited;
  };
  const outcomes = (page: Page) => page.getByRole("list", { name: "Checks", exact: true }).getByRole("listitem");
  /** The server answers something else than it would. What it would, is asked as the operator's program asks. */
  const tamper = (page: Page, path: string, otherwise: (said: any) => object) =>
    page.route(`**/v1/ledger/${path}*`, async (route) => {
      const headers = { authorization: `Bearer ${server.operator}` };
      const answer = await fetch(route.request().url(), { headers });
      await route.fulfill({ json: otherwise(await answer.json()) });
    });
  const again = async (page: Page) => {
    await page.getByRole("button", { name: "Verify again" }).click();
    await page.getByRole("button", { name: "Verify again" }).and(page.locator(":enabled")).waitFor();
  };

  it("is verified by the page itself, step by step, and at the next look against what this browser saw", async () => {
    const { page, complaints } = await open();
    await page.getByRole("status").getByText("Verified in this browser").waitFor();
    await outcomes(page).filter({ hasText: "The signature Holds" }).waitFor();
    await outcomes(page).filter({ hasText: "for the first time" }).waitFor();
    await outcomes(page).filter({ hasText: "hashed here, lead to the signed root" }).waitFor();
    await post(3);
    await sign();
    await again(page);
    await outcomes(page).filter({ hasText: "Nothing was changed or taken away since this browser first" }).waitFor();
    await page.getByRole("button", { name: /^Hash all/ }).click();
    await page.getByText("give exactly the root that was signed").waitFor();
    assert.deepEqual(complaints, []);
  });

  it("draws the chain with its anchors, and checks the checkpoint that one presses, which can be linked", async () => {
    await post(1);
    await sign();
    await post(1);
    const { page, complaints } = await visit(server);
    const witnesses: object[] = [];
    const signer = { state: "signing", origin: "home", size: 0, refused: null, s3: null, witnesses };
    await tamper(page, "coverage", (said) => ({ ...said, signer }));
    await page.goto(`${server.url}/ledger`);
    const chain = page.getByRole("group", { name: "The chain and its anchors" });
    await chain.getByText("not signed").waitFor();
    await chain.getByText("No witness holds it yet.").waitFor();
    witnesses.push({ name: "harbour.example", size: 256, since: null, reason: null });
    await page.reload();
    await chain.getByRole("listitem").filter({ hasText: "Witness harbour.example up to entry 256" }).waitFor();
    assert.equal(await chain.getByText("No witness holds it yet.").count(), 0);
    const { anchored } = await server.ask(server.operator, "ledger.coverage");
    const reach = chain.getByRole("listitem").filter({ hasText: "Signed notes" });
    await reach.getByText(`up to entry ${anchored.size}`).waitFor();
    await chain.getByRole("link", { name: "Checkpoint 256" }).focus();
    await page.keyboard.press("Enter");
    const sheet = page.getByRole("region", { name: "Checkpoint 256" });
    await sheet.getByText("Its signature Holds").waitFor();
    await sheet.getByText("What came since Holds").waitFor();
    await sheet.getByText(`npx longwatch ledger consistency --from-size 256 --to-size ${anchored.size}`).waitFor();
    await page.waitForURL(({ search }) => search === "?checkpoint=256");
    await sheet.getByRole("link", { name: "Close" }).click();
    await sheet.waitFor({ state: "detached" });
    // An earlier checkpoint that the newest does not continue is said to be broken, whatever else holds.
    await tamper(page, "consistency", (said) => ({
      ...said,
      proof: said.proof.map((hash: string) => hash.replace(/^../, (byte) => (byte === "00" ? "01" : "00"))),
    }));
    await page.goto(`${server.url}/ledger?checkpoint=256`);
    await sheet.getByText("What came since Broken").waitFor();
    assert.deepEqual(complaints, []);
  });

  it("proves one entry, shows its bytes, and goes to the one beside it by a key", async () => {
    const { page, complaints } = await open("/ledger/200");
    await page.getByRole("status").getByText("Proven in this browser").waitFor();
    const [{ leaf }] = await server.sql("select leaf from ledger.entries where tenant_id = 1 and seq = 200");
    assert.equal(await page.getByLabel("The entry’s bytes").textContent(), leaf.toString());
    await page.keyboard.press("j");
    await page.getByRole("heading", { level: 1, name: "Entry 201" }).waitFor();
    await page.getByRole("link", { name: "Previous" }).click();
    await page.getByRole("heading", { level: 1, name: "Entry 200" }).waitFor();
    await page.goto(`${server.url}/ledger/999999`);
    await page.getByText("There is no entry 999,999 yet").waitFor();
    assert.deepEqual(complaints, []);
  });

  it("shows an entry that no checkpoint covers yet, and proves it when one does", async () => {
    await post(1);
    const { seq } = await server.ask(server.operator, "ledger.head");
    const { page } = await open(`/ledger/${seq}`);
    await page.getByRole("status").getByText("Not signed yet").waitFor();
    await page.getByLabel("The entry’s bytes").waitFor();
    await sign();
    await page.getByRole("status").getByText("Proven in this browser").waitFor();
  });

  it("is loudly broken when the checkpoint says anything else than what was signed", async () => {
    const { page } = await visit(server);
    await tamper(page, "checkpoint", (said) => {
      const [origin, size, ...rest] = said.note.split("\n");
      const note = [origin, String(Number(size) - 1), ...rest].join("\n");
      return { ...said, note, size: said.size - 1 };
    });
    await page.goto(`${server.url}/ledger`);
    await page.getByRole("alert").getByText(BROKEN).waitFor();
    await outcomes(page).filter({ hasText: "The signature Broken" }).waitFor();
  });

  it("is broken when one byte of one entry is another one, in the sample or in the whole", async () => {
    const { page } = await visit(server);
    await tamper(page, "bundle", ({ entries }) => {
      const bytes = Buffer.from(entries, "base64");
      // The first of the bundle has an author with another letter; its length, number and tenant are as they were.
      const at = bytes.indexOf('"actor":"') + '"actor":"'.length;
      bytes[at]! ^= 0x01;
      return { entries: bytes.toString("base64") };
    });
    await page.goto(`${server.url}/ledger`);
    await page.getByRole("alert").getByText(BROKEN).waitFor();
    await outcomes(page).filter({ hasText: "The entries Broken" }).waitFor();
    await page.getByRole("button", { name: /^Hash all/ }).click();
    await page.getByRole("alert").getByText("is not the root that was signed").waitFor();
    await page.goto(`${server.url}/ledger/1`);
    await page.getByRole("alert").getByText("This entry is broken").waitFor();
    // The entry beside it is whole, and is said to be.
    await page.goto(`${server.url}/ledger/2`);
    await page.getByRole("status").getByText("Proven in this browser").waitFor();
  });

  it("is broken when a proof leads elsewhere, or the bytes are those of another entry", async () => {
    const { page } = await visit(server);
    await tamper(page, "inclusion", (said) => ({ ...said, proof: said.proof.toReversed() }));
    await page.goto(`${server.url}/ledger/7`);
    await page.getByRole("alert").getByText("This entry is broken").waitFor();
    await page.getByText("The proof does not lead from entry 7 to the signed root.").waitFor();
    await page.unroute("**/v1/ledger/inclusion*");
    await page.route("**/v1/ledger/bundle*", (route) =>
      route.continue({
        url: route
          .request()
          .url()
          .replace(/width=\d+/, "width=6"),
      }),
    );
    await page.getByRole("button", { name: "Prove again" }).click();
    await page.getByText("Entry 7 is not among the entries that the server gave.").waitFor();
  });

  it("finds a server that goes back, or that signs another history with a key of its own", async () => {
    const { page } = await open();
    await page.getByRole("status").getByText("Verified in this browser").waitFor();
    // A true checkpoint, but an old one: as if what came since had never been.
    await page.route("**/v1/ledger/checkpoint*", (route) =>
      route.continue({ url: `${server.url}/v1/ledger/checkpoint?size=256` }),
    );
    await again(page);
    await page.getByRole("alert").getByText(BROKEN).waitFor();
    await outcomes(page)
      .filter({ hasText: /This browser saw \d+ entries before; now the server shows 256/ })
      .waitFor();
    await page.unroute("**/v1/ledger/checkpoint*");
    await again(page);
    await page.getByRole("status").getByText("Verified in this browser").waitFor();

    await tamper(page, "checkpoint", (said) => {
      const { signer, vkey } = newSigner(said.origin);
      const root = Buffer.alloc(32, 7);
      const note = signNote(formatCheckpoint({ origin: said.origin, size: said.size, root }), [signer]);
      return { ...said, note, root: root.toString("hex"), vkeys: [vkey] };
    });
    await again(page);
    await page.getByRole("alert").getByText(BROKEN).waitFor();
    await outcomes(page).filter({ hasText: "is not among the log’s keys any more" }).waitFor();
    await page.unroute("**/v1/ledger/checkpoint*");
    // What was seen of the forgery has not taken the place of what is remembered.
    await again(page);
    await page.getByRole("status").getByText("Verified in this browser").waitFor();
  });

  it("says that it does not know when the server gives no proof, and claims nothing", async () => {
    const { page } = await visit(server);
    await page.route("**/v1/ledger/inclusion*", (route) =>
      route.fulfill({ status: 503, json: { status: 503, code: "server.closing", detail: "The server is closing." } }),
    );
    await page.goto(`${server.url}/ledger`);
    await page.getByRole("status").getByText("Not everything could be checked").waitFor();
  });

  it("has a post corrected by another, from its own page and from the palette, by the keyboard alone", async () => {
    const { operator, say, ask } = server;
    const of = { subject: "The lamp flikkers", body: "Since Tuesday.\nIn the yard.", personal: true };
    await say(operator, "post.append", of);
    const { head: seq } = await ask(operator, "feed.read", { after: 0, limit: 1 });
    const { page, complaints } = await open(`/ledger/${seq}`);
    const button = page.getByRole("button", { name: "Correct" });
    await button.press("Enter");
    const dialog = page.getByRole("dialog", { name: `Correct post #${seq}` });
    const line = dialog.getByLabel("In a line");
    await line.and(page.locator(":focus")).waitFor();
    assert.equal(await line.inputValue(), of.subject);
    assert.equal(await dialog.getByLabel("The text").inputValue(), of.body);
    // The same words correct nothing.
    assert.ok(await dialog.getByRole("button", { name: "Post the correction" }).isDisabled());
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await button.and(page.locator(":focus")).waitFor();
    await palette(page);
    await page.keyboard.type(`correct ${seq}`);
    await page.keyboard.press("Enter");
    await line.and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("The lamp flickers");
    await page.keyboard.press("Enter");
    await page.getByText(`corrected post #${seq}: “The lamp flickers”`).first().waitFor();
    const numberIn = ({ pathname }: URL) => Number(/^\/ledger\/(\d+)$/.exec(pathname)?.[1]);
    await page.waitForURL((at) => numberIn(at) > seq);
    const made = numberIn(new URL(page.url()));
    const dataOf = async (one: number) =>
      (await ask(operator, "feed.read", { after: one - 1, limit: 1 })).entries[0].data as Record<string, unknown>;
    const [before, after] = [await dataOf(seq), await dataOf(made)];
    assert.deepEqual([before.subject, before.body], [of.subject, of.body], "it stays as it was said");
    assert.deepEqual([after.subject, after.body, after.amends], ["The lamp flickers", of.body, seq]);
    for (const { personal } of [before, after]) assert.match(String(personal), /^[0-9a-f]{64}$/, "both can be erased");
    // What is no post is not corrected, whatever the address says.
    await page.goto(`${server.url}/ledger/1?correct=true`);
    await page.getByLabel("The entry’s bytes").waitFor();
    assert.equal(await page.getByRole("button", { name: "Correct" }).count(), 0);
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.deepEqual(complaints, []);
  });
});
