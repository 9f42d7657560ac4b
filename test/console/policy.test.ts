import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { barriers, overflow } from "./pages.ts";

/** A server with a strategist, who may propose. */
async function house() {
  const server = await testServer();
  return { ...server, strategist: await server.seat("CLAUDE-CLI-BOX-STRAT-01", "strategist") };
}

const deploy = { action: "deploy", resource_type: "environment", resource_id: "production" };

/** Writes a changed policy as JSON; answers its text. */
async function rewritten(page: Page, change: (policy: any) => void): Promise<string> {
  await page.getByRole("button", { name: "Edit as JSON" }).click();
  const box = page.getByRole("textbox", { name: "The policy’s text" });
  const policy = JSON.parse(await box.inputValue());
  change(policy);
  const text = JSON.stringify(policy);
  await box.fill(text);
  return text;
}

/** What a version says. */
async function source({ ask, operator }: Awaited<ReturnType<typeof house>>, version: number): Promise<any> {
  return JSON.parse((await ask(operator, "policy.show", { version })).text);
}

describe("The policy", { skip: isSkipped }, () => {
  test("show the rules as sentences, and what a changed text would have decided", async () => {
    const server = await house();
    const { say, strategist } = server;
    await say(strategist, "policy.decide", deploy);
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/decisions/policy`);
    await page.getByText("Role stage: only implementer seats put anything into production.").waitFor();
    await page.getByRole("button", { name: "Change it" }).click();
    await rewritten(page, (policy) => {
      const cedar = "permit (principal, action, resource);";
      policy.rules = [{ name: "all-may", effect: "permit", cedar, reason: "Everybody may.", protocol: null }];
    });
    await page.getByRole("button", { name: "Show what would change" }).click();
    const result = page.getByRole("region", { name: "What would change" });
    await result.getByText("1 decision would come out otherwise.").waitFor();
    await result.getByText("Everybody may.").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("change the policy: tried however long it is, proposed, activated, and back again", async () => {
    const server = await house();
    const { say, ask, operator, strategist } = server;
    await say(strategist, "policy.decide", deploy);
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/decisions/policy`);
    await page.getByRole("button", { name: "Change it" }).click();
    const text = await rewritten(page, (policy) => {
      policy.rules = policy.rules.filter(({ name }: { name: string }) => name !== "strategists-delegate");
      policy.rules[0].reason = "It is outside.";
      // Longer than any address may be.
      policy.entities = Array.from({ length: 200 }, (_, n) => ({
        ...{ type: "branch", id: `release/${n} ${"x".repeat(100)}`, properties: { production: true } },
      }));
    });
    assert.ok(text.length > 30_000);
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page
      .getByRole("region", { name: "What would change" })
      .getByText(/Of the newest 1 decision/)
      .waitFor();
    await page.getByLabel(/What is different/).fill("Strategists land, too");
    await page.getByRole("button", { name: "Propose it" }).click();
    const told = page.getByRole("main").getByRole("status");
    await told.getByText("Version 2 is proposed. It decides nothing until it is activated.").waitFor();
    assert.match((await told.getByTitle("The ledger’s entry").textContent()) ?? "", /^#\d+$/);
    const version = async () => (await ask(operator, "policy.show")).version;
    assert.equal(await version(), 1);
    // What is otherwise stands beside what would come out of it, before anybody activates it.
    const otherwise = page.getByRole("list", { name: "Otherwise than version 1" });
    await otherwise.getByRole("listitem").filter({ hasText: "removed" }).getByText("strategists-delegate").waitFor();
    await otherwise.getByText("It is outside.").waitFor();
    await otherwise.getByText("what the policy knows by itself").waitFor();
    await page.getByRole("region", { name: "What would change" }).waitFor();
    assert.deepEqual([await barriers(page), await overflow(page)], [[], 0]);
    await page.getByRole("button", { name: "Activate version 2…" }).click();
    const dialog = page.getByRole("dialog", { name: "Activate version 2" });
    await dialog.getByText("It decides from now on, in place of version 1").waitFor();
    assert.deepEqual(await barriers(page), []);
    await dialog.getByText("1 would be told with other reasons").waitFor();
    await dialog.getByRole("button", { name: "Activate" }).click();
    await told.getByText("Version 2 decides from now on, in place of version 1.").waitFor();
    assert.equal(await version(), 2);
    const entry = await told.getByRole("link").textContent();
    const { entries } = await ask(operator, "feed.read", { limit: 10 });
    assert.equal(entry, `#${entries.find(({ kind }: { kind: string }) => kind === "policy.activated").seq}`);
    await told.getByRole("button", { name: "Undo: version 1 again" }).click();
    const undo = page.getByRole("dialog", { name: "Activate version 1" });
    await undo.getByRole("button", { name: "Activate" }).click();
    await told.getByText("Version 1 decides from now on, in place of version 2.").waitFor();
    assert.equal(await version(), 1);
    assert.deepEqual(complaints, []);
  });

  test("change it rule by rule, by the keyboard: what, for whom, in which order, and what to do instead", async () => {
    const server = await house();
    await server.say(server.strategist, "policy.decide", deploy);
    const { page, complaints } = await visit(server);
    await page.goto(`${server.url}/decisions/policy`);
    await page.getByRole("button", { name: "Change it" }).click();
    const rules = page.getByRole("list", { name: "Rules" });
    const press = async (name: string) => {
      await page.getByRole("button", { name, exact: true }).focus();
      await page.keyboard.press("Enter");
    };
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    // Moved twice without looking for the button again, and once more than there is room.
    await press("Move implementers-land up");
    for (const _ of [1, 2]) await page.keyboard.press("Enter");
    assert.equal(await focused(), "Move implementers-land up");
    // Removed, and put back where it was.
    await press("Remove claim-first");
    await page.keyboard.press("Enter");
    await press("Remove strategists-delegate");
    await page.getByText("strategists-delegate is removed.").waitFor();
    await press("Add a boundary");
    const fresh = rules.getByRole("listitem", { name: "the new rule" });
    await page.keyboard.type("auditors-look");
    const named = rules.getByRole("listitem", { name: "auditors-look" });
    await fresh.waitFor({ state: "detached" });
    await named.getByLabel("Why, as whoever asks is told").fill("Auditors look, and touch nothing.");
    await named.getByLabel("Who", { exact: true }).selectOption("only these roles");
    await named.getByRole("checkbox", { name: "auditor" }).check();
    await named.getByRole("checkbox", { name: "push" }).check();
    await named.getByRole("checkbox", { name: "deploy" }).check();
    await named.getByLabel("Where").selectOption("an environment");
    await named.getByLabel("Its name").fill("preview");
    await named.getByLabel("The way").selectOption("propose it");
    await named.getByLabel("In a sentence").fill("Write down what you saw.");
    assert.match(await named.getByLabel("The next command").inputValue(), /^longwatch post append /);
    assert.deepEqual([await barriers(page), await overflow(page)], [[], 0]);
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page.getByText(/Of the newest 1 decision/).waitFor();
    await page.getByLabel(/What is different/).fill("Auditors look");
    await page.getByRole("button", { name: "Propose it" }).click();
    await page.getByText("Version 2 is proposed.").waitFor();
    const [was, is] = [await source(server, 1), await source(server, 2)];
    const [delegate, scope, land, ...others] = was.rules;
    assert.equal(delegate.name, "strategists-delegate");
    const { protocol, ...added } = is.rules.pop();
    assert.deepEqual(is.rules, [land, scope, ...others]);
    assert.equal(protocol.via, "propose");
    assert.deepEqual(added, {
      name: "auditors-look",
      effect: "forbid",
      cedar:
        'forbid (principal, action in [Action::"deploy", Action::"push"], resource == Environment::"preview") ' +
        'when { principal has role && principal.role == "auditor" };',
      reason: "Auditors look, and touch nothing.",
    });
    assert.deepEqual(complaints, []);
  });

  test("say at the field what the server refuses of it, also on a phone, and keep what was written", async () => {
    const server = await house();
    const { page } = await visit(server, { width: 390, height: 844 });
    await page.goto(`${server.url}/decisions/policy`);
    await page.getByRole("button", { name: "Change it" }).click();
    const rule = page.getByRole("listitem", { name: "claim-first" });
    await rule.getByRole("button", { expanded: false }).first().click();
    assert.equal(await overflow(page), 0);
    const condition = rule.getByLabel("Only when, in Cedar");
    await condition.fill("principal has");
    const show = page.getByRole("button", { name: "Show what would change" });
    await show.click();
    await rule.getByText(/failed to parse policy/).waitFor();
    assert.equal(await condition.getAttribute("aria-invalid"), "true");
    // What would end the rule is told before anybody asks the server, who might take it.
    await condition.fill("true }; //");
    await rule.getByText(/it would change the whole rule/).waitFor();
    await condition.fill("principal has");
    await rule.getByText(/it would change the whole rule/).waitFor({ state: "detached" });
    await show.click();
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-invalid") === "true");
    await condition.fill("");
    await rule.getByText(/failed to parse policy/).waitFor({ state: "detached" });
    // A rule that was closed again opens where it is refused.
    await rule.getByLabel("The next command").fill("longwatch tell {everyone}");
    await rule.getByRole("button", { expanded: true }).click();
    await show.click();
    await rule.getByText(/has a \{blank\} that is none of/).waitFor();
    assert.equal(await rule.getByLabel("The next command").inputValue(), "longwatch tell {everyone}");
    // As JSON it is the same text, and what is no policy cannot be shown rule by rule.
    await page.getByRole("button", { name: "Edit as JSON" }).click();
    const box = page.getByRole("textbox", { name: "The policy’s text" });
    assert.match(await box.inputValue(), /longwatch tell \{everyone\}/);
    await box.fill("{}");
    await page.getByText("As it stands, this cannot be shown rule by rule.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Edit rule by rule" }).isDisabled(), true);
  });

  test("let nobody propose what says the same, and show what the server says of it", async () => {
    const { page } = await visit(await house());
    await page.goto(`${new URL(page.url()).origin}/decisions/policy`);
    await page.getByRole("button", { name: "Change it" }).click();
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page.getByText("Nothing was decided yet that it could be tried over.").waitFor();
    await page.getByLabel(/What is different/).fill("Nothing");
    await page.getByRole("button", { name: "Propose it" }).click();
    await page.getByRole("alert").getByText("Version 1 says the same, byte for byte.").waitFor();
    // What was written is still there.
    assert.equal(await page.getByLabel(/What is different/).inputValue(), "Nothing");
    await page.goto(`${new URL(page.url()).origin}/decisions/policy?digest=${"a".repeat(64)}`);
    await page.getByText("No version has this digest").waitFor();
  });

  test("ask before a change is thrown away, by whichever way it is left, and keep it until then", async () => {
    const { page, complaints } = await visit(await house());
    const close = () => page.getByRole("button", { name: "Close", exact: true }).click();
    const asked = page.getByRole("dialog", { name: "Throw the change away?" });
    await page.goto(`${new URL(page.url()).origin}/decisions/policy`);
    await page.getByRole("button", { name: "Change it" }).click();
    await close();
    await page.getByRole("button", { name: "Change it" }).click();
    await page.getByRole("button", { name: "Remove claim-first" }).click();
    for (const leave of [close, () => page.getByRole("link", { name: "Watch" }).first().click()]) {
      await leave();
      await asked.waitFor();
      assert.deepEqual(await barriers(page), []);
      await asked.getByRole("button", { name: "Go on changing" }).click();
      await asked.waitFor({ state: "detached" });
      await page.getByText("claim-first is removed.").waitFor();
    }
    const native = page.waitForEvent("dialog");
    await page.evaluate(() => void setTimeout(() => location.reload()));
    assert.equal((await native).type(), "beforeunload");
    await (await native).dismiss();
    // What was tried, and what is being said of it, stays when a rule is only opened.
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page.getByLabel(/What is different/).fill("Nobody has to claim");
    await page
      .getByRole("listitem", { name: "operators-may" })
      .getByRole("button", { expanded: false })
      .first()
      .click();
    assert.equal(await page.getByLabel(/What is different/).inputValue(), "Nobody has to claim");
    await page.getByRole("link", { name: "Watch" }).first().click();
    await asked.getByRole("button", { name: "Throw it away" }).click();
    await page.getByRole("heading", { level: 1, name: "Watch" }).waitFor();
    // What is proposed is thrown away by nobody.
    await page.goBack();
    await page.getByRole("button", { name: "Change it" }).click();
    await page.getByRole("button", { name: "Remove claim-first" }).click();
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page.getByLabel(/What is different/).fill("Nobody has to claim");
    await page.getByRole("button", { name: "Propose it" }).click();
    await page.getByText("Version 2 is proposed.").waitFor();
    assert.equal(await asked.count(), 0);
    assert.deepEqual(complaints, []);
  });

  test("lose nothing of a change when another version is activated meanwhile", async () => {
    const server = await house();
    const { say, operator } = server;
    const { page } = await visit(server);
    await page.goto(`${server.url}/decisions/policy`);
    await page.getByRole("button", { name: "Change it" }).click();
    await page.getByRole("button", { name: "Remove claim-first" }).click();
    const other = await source(server, 1);
    other.unmatched.reason = "Nothing permits this.";
    await say(operator, "policy.propose", { text: JSON.stringify(other) });
    await say(operator, "policy.activate", { version: 2 });
    await page.getByRole("listitem").filter({ hasText: "Version 2" }).getByText("active").waitFor();
    await page.getByText("claim-first is removed.").waitFor();
  });

  test("tell who may not activate a version why, and leave the active one", async () => {
    const server = await house();
    const { say, ask, operator, strategist } = server;
    const { text } = await ask(operator, "policy.show");
    const changed = JSON.parse(text);
    changed.unmatched.reason = "Nothing permits this.";
    await say(strategist, "policy.propose", { text: JSON.stringify(changed) });
    const { page, context } = await visit(server);
    // The same page in the hands of a strategist: it has no right but that of who is signed in.
    await context.clearCookies();
    await page.setExtraHTTPHeaders({ authorization: `Bearer ${strategist}` });
    await page.goto(`${server.url}/decisions/policy?version=2`);
    await page.getByRole("button", { name: "Activate version 2…" }).click();
    const dialog = page.getByRole("dialog", { name: "Activate version 2" });
    await dialog.getByRole("button", { name: "Activate" }).click();
    await dialog
      .getByRole("alert")
      .getByText(/operator/)
      .waitFor();
    assert.equal((await ask(operator, "policy.show")).version, 1);
  });
});
