import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Page } from "playwright-core";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { barriers } from "./pages.ts";
import { lasting } from "./patience.ts";

/** A change of the policy outlives what takes its page away, and each step of it can be taken back. */

const STRATEGIST = "CLAUDE-CLI-BOX-STRAT-01";

/** The policy's page with a rule removed, and the list of its rules. */
async function changing(server: Awaited<ReturnType<typeof testServer>>) {
  const visited = await visit(server);
  const { page } = visited;
  await page.goto(`${server.url}/decisions/policy`);
  await page.getByRole("button", { name: "Change it" }).click();
  await remove(page, "claim-first");
  return { ...visited, rules: page.getByRole("list", { name: "Rules" }) };
}

async function remove(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: `Remove ${name}`, exact: true }).click();
  await page.getByText(`${name} is removed.`).waitFor();
}

const drafts = (page: Page) =>
  page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith("longwatch.policy.")));

describe("A change of the policy", { skip: isSkipped }, () => {
  it("is kept in its tab while the session ends and another begins, until it is proposed", async () => {
    const server = await testServer();
    const { say, ask, operator, url } = server;
    const { page, context, rules } = await changing(server);
    const other = await context.newPage();
    await other.goto(`${url}/settings`);
    await other.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("What you changed of the policy is not lost").waitFor();
    assert.deepEqual(await lasting(() => barriers(page)), []);
    const { token } = await say(operator, "token.issue", { scope: "sign_in" });
    await other.goto(`${url}/sign-in?code=${token}`);
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.getByRole("heading", { level: 1, name: "Watch" }).waitFor();
    // As a browser tells a page whose tab is looked at again.
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await page.getByText("Your change of version 1 is kept in this tab").waitFor();
    assert.deepEqual(await lasting(() => barriers(page)), []);
    await page.getByRole("button", { name: "Go on changing" }).click();
    await rules.getByRole("listitem", { name: "claim-what-you-land" }).waitFor();
    assert.equal(await rules.getByRole("listitem", { name: "claim-first" }).count(), 0);
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page.getByLabel(/What is different/).fill("Nobody has to claim");
    await page.getByRole("button", { name: "Propose it" }).click();
    await page.getByText("Version 2 is proposed.").waitFor();
    const names = JSON.parse((await ask(operator, "policy.show", { version: 2 })).text).rules.map(
      ({ name }: { name: string }) => name,
    );
    assert.deepEqual([names.includes("claim-first"), names.includes("claim-what-you-land")], [false, true]);
    assert.deepEqual(await drafts(page), []);
  });

  it("is shown to nobody else who signs in, and is gone when it is thrown away", async () => {
    const server = await testServer();
    const strategist = await server.seat(STRATEGIST, "strategist");
    const { page } = await changing(server);
    page.on("dialog", (dialog) => void dialog.accept());
    const go = () => page.goto(`${server.url}/decisions/policy`);
    const kept = page.getByText("Your change of version 1 is kept in this tab");
    await page.setExtraHTTPHeaders({ authorization: `Bearer ${strategist}` });
    await go();
    await page.getByRole("navigation").getByText(STRATEGIST).waitFor();
    await page.getByRole("button", { name: "Change it" }).waitFor();
    assert.deepEqual([await kept.count(), (await drafts(page)).length], [0, 1]);
    await page.setExtraHTTPHeaders({});
    await go();
    await kept.waitFor();
    await page.getByRole("button", { name: "Go on changing" }).click();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByRole("button", { name: "Throw it away" }).click();
    await page.getByRole("button", { name: "Change it" }).waitFor();
    assert.deepEqual([await kept.count(), await drafts(page)], [0, []]);
  });

  it("begins no sooner than it is known whose it is", async () => {
    const server = await testServer();
    const { page } = await changing(server);
    page.on("dialog", (dialog) => void dialog.accept());
    const known = Promise.withResolvers<void>();
    await page.route("**/v1/seat/whoami**", async (route) => {
      await known.promise;
      await route.continue();
    });
    await page.goto(`${server.url}/decisions/policy`);
    await page.getByRole("region", { name: "Versions" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Change it" }).count(), 0);
    known.resolve();
    await page.getByText("Your change of version 1 is kept in this tab").waitFor();
    await page.getByRole("button", { name: "Change it" }).waitFor();
  });

  it("is not kept as it was before where the tab has no room for it as it is", async () => {
    const { page } = await changing(await testServer());
    assert.equal((await drafts(page)).length, 1);
    await page.evaluate(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException("It is full.", "QuotaExceededError");
      };
    });
    await remove(page, "strategists-delegate");
    assert.deepEqual(await drafts(page), []);
  });

  it("can have each removed rule back at its place, whatever was removed or moved since", async () => {
    const { page, rules } = await changing(await testServer());
    await remove(page, "strategists-delegate");
    await page.getByRole("button", { name: "Move claim-what-you-land up" }).click();
    for (const name of ["claim-first", "strategists-delegate"]) {
      await rules
        .getByRole("listitem")
        .filter({ hasText: `${name} is removed.` })
        .getByRole("button")
        .click();
      await rules.getByRole("listitem", { name, exact: true }).waitFor();
    }
    await page.getByRole("button", { name: "Edit as JSON" }).click();
    const text = await page.getByRole("textbox", { name: "The policy’s text" }).inputValue();
    const names = JSON.parse(text).rules.map(({ name }: { name: string }) => name);
    assert.deepEqual(names.slice(0, 6), [
      ...["strategists-delegate", "sub-agents-stay-in-scope", "claim-what-you-land", "implementers-land"],
      ...["claim-first", "whole-patches-land"],
    ]);
  });
});
