/// <reference lib="dom" />
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { bundle, landing } from "./fleet.ts";
import { addresses, overflow, parametersOf, settled } from "./pages.ts";
import { PATIENCE_MS } from "./patience.ts";

const SCRIPT = `<script>document.title="owned"</script><img src=x onerror="document.title='owned'">`;
const MARKDOWN = "# Big **bold** [press](javascript:document.title='owned') `code`";
/** Turns the reading direction around for whatever follows in the same line. */
const BIDI = "before \u202Eelcaro\u2066 after";
const LONG = "W".repeat(300);
const TEXTS = { SCRIPT, MARKDOWN, BIDI, LONG };

describe("What an agent writes", { skip: isSkipped }, async () => {
  if (isSkipped) return;
  const server = await testServer();
  const { operator } = server;
  const ticket = await written(server);

  /** What a text would have left behind if it had been more than text. */
  const traces = (page: Page) =>
    page.evaluate(() => {
      const strange =
        "main script, main img[src='x'], main [onerror], main [onload], main a[href^='javascript:'], iframe";
      return [...document.querySelectorAll(strange)].map(({ outerHTML }) => outerHTML.slice(0, 120));
    });

  for (const [name, width] of [
    ["a desk", 1440],
    ["a phone", 390],
  ] as const)
    test(`shows as text on every page, and breaks none, on ${name}`, async () => {
      const { page, complaints } = await visit(server, { width });
      const parameters = { ...(await parametersOf(server)), tickets: ticket };
      const found: string[] = [];
      for (const address of ["/queue?view=table", "/tickets/WEB-0003", "/tickets/WEB-0004", ...addresses(parameters)]) {
        await page.goto(server.url + address);
        await settled(page);
        found.push(...(await traces(page)).map((trace) => `${address}: ${trace}`));
        const beside = await overflow(page);
        if (beside > 0) found.push(`${address}: ${beside} px beside the window`);
        assert.match(await page.title(), /Longwatch/);
      }
      assert.deepEqual([...found, ...complaints], []);
    });

  test("is read to the letter", async () => {
    const { page } = await visit(server);
    await page.goto(`${server.url}/tickets/${ticket}`);
    await page.getByRole("heading", { level: 1, name: SCRIPT }).waitFor();
    for (const text of Object.values(TEXTS)) await page.getByText(`body ${text}`).waitFor();
    await page.goto(`${server.url}/feed?kind=post`);
    for (const text of Object.values(TEXTS)) await page.getByText(`posted “${text}`).waitFor();
  });

  test("cannot turn around what stands beside it", async () => {
    const { page } = await visit(server);
    await page.goto(`${server.url}/feed?kind=post`);
    const line = page.getByRole("listitem").filter({ hasText: "before" }).first();
    await line.waitFor();
    const directions = await line
      .locator("p > *")
      .evaluateAll((parts) => parts.map((part) => getComputedStyle(part).unicodeBidi));
    assert.ok(directions.length >= 2);
    assert.deepEqual([...new Set(directions)], ["isolate"]);
    // Our closing quotation mark stands at the sentence's end, where it is read, and not where the text sent it.
    const [quote, sentence] = await line.getByText("posted “before").evaluate((part) => {
      const letters = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      for (let node = letters.nextNode(); node; node = letters.nextNode()) {
        const at = node.textContent!.indexOf("”");
        if (at < 0) continue;
        const [range, whole] = [document.createRange(), document.createRange()];
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        whole.selectNodeContents(node);
        return [range.getBoundingClientRect().right, whole.getBoundingClientRect().right];
      }
      return [];
    });
    assert.ok(quote !== undefined && Math.abs(quote - sentence!) < 2, `${quote} of ${sentence}`);
  });

  test("the policy of the pages forbids what they do not need, and the browser holds them to it", async () => {
    const { page } = await visit(server);
    for (const address of ["/", "/feed", `/tickets/${ticket}`, "/no/such/page"]) {
      const answer = await page.goto(server.url + address);
      const policy = answer!.headers()["content-security-policy"] ?? "";
      assert.match(policy, /default-src 'self'/, address);
      assert.doesNotMatch(policy, /unsafe|\*|https?:/, address);
    }
    const given = {
      forbidden: ["connect-src", "script-src-elem", "style-src-attr", "style-src-elem"],
      patience_ms: PATIENCE_MS,
    };
    const broken = await page.evaluate(async ({ forbidden, patience_ms }) => {
      const seen: string[] = [];
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => seen.push(effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "globalThis.ran = true";
      document.body.append(script);
      const style = document.createElement("style");
      style.textContent = "body { display: none }";
      document.body.append(style);
      document.body.setAttribute("style", "display: none");
      await fetch("https://longwatch.invalid/").catch(() => {});
      // Each is told in a task of its own.
      for (const began = Date.now(); seen.length < forbidden.length && Date.now() - began < patience_ms;)
        await new Promise((done) => setTimeout(done, 50));
      return { seen: seen.sort(), hasRun: "ran" in globalThis, display: getComputedStyle(document.body).display };
    }, given);
    assert.deepEqual(broken, { seen: given.forbidden, hasRun: false, display: "block" });
  });

  test("a name that is no name is refused, so that none reaches a page", async () => {
    for (const text of Object.values(TEXTS)) {
      const { code } = await server.refused(operator, "seat.adopt", { name: `CODEX-${text}`, role: "implementer" });
      assert.match(code, /^(input|seat)\./);
    }
  });
});

/** Every text in every field that takes one; answers the ticket that has the script for a title. */
async function written({ say, seat: adopt, operator }: Awaited<ReturnType<typeof testServer>>) {
  const seat = "CODEX-CLI-BOX-WEB-01";
  const token = await adopt(seat);
  const strategist = await adopt("CLAUDE-CLI-BOX-STRAT-01", "strategist");
  await say(operator, "namespace.define", { prefix: "WEB", format: "WEB-NNNN", lane: "WEB" });
  await say(operator, "proof.require", { proofs: [] });
  const body = Object.values(TEXTS)
    .map((text) => `body ${text}`)
    .join("\n\n");
  const ids: string[] = [];
  for (const title of Object.values(TEXTS)) {
    const more = { body, labels: [title.slice(0, 60)], closes_when: title, surface_key: title.slice(0, 200) };
    const { id } = await say(token, "ticket.file", { namespace: "WEB", title, ...more, priority: 0 });
    ids.push(id);
    await say(token, "post.append", { subject: title, body: `${title}\nDEPLOYED: ${title}\n`, item: id });
    await say(token, "ticket.claim", { id, lease_seconds: 3_600 }).then(({ claim_token }) =>
      say(token, "ticket.release", { id, claim_token, reason: title, state: "blocked" }),
    );
    const act = { action: "deploy", resource_type: "environment", resource_id: title.slice(0, 200) };
    await say(strategist, "policy.decide", act);
    await say(token, "question.ask", { topic: "budget", question: title, options: [title.slice(0, 100), "No"] });
  }
  for (const id of ids.slice(1)) await say(token, "ticket.link", { id, target: ids[0], type: "blocks" });
  const claimed = (await say(token, "ticket.file", { namespace: "WEB", title: "Land it" })).id;
  await say(token, "ticket.claim", { id: claimed, lease_seconds: 3_600 });
  await landing({ say, operator }, { web: token, ticket: claimed, cause: SCRIPT });
  await bundle({ say, operator }, token);
  return ids[0]!;
}
