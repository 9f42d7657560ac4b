import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { describe, test } from "node:test";
import { testServer } from "../harness.ts";
import { isSkipped, visit } from "./console.ts";
import { heard, yard } from "./fleet.ts";
import { settled } from "./pages.ts";
import { lasting } from "./patience.ts";
import { compared, isSame } from "./picture.ts";

const KB_MAX = 150;
const kept = new URL("../../golden/console/", import.meta.url);

describe("The pages look as they were accepted", { skip: isSkipped }, async () => {
  if (isSkipped) return;
  const server = await testServer();
  const { ticket, seat, tokens } = await yard(server);
  const pages: Readonly<Record<string, string>> = {
    ...{ watch: "/", feed: "/feed?kind=ticket", queue: "/queue", table: "/queue?view=table", seats: "/seats" },
    ...{ ticket: `/tickets/${ticket}`, seat: `/seats/${seat}`, decisions: "/decisions", ledger: "/ledger" },
    ...{ landing: "/landing", doctrine: "/doctrine", settings: "/settings" },
  };

  for (const { look, name } of [
    { name: "light", look: {} },
    { name: "dark", look: { theme: "dark" } },
    { name: "phone", look: { width: 390, height: 844 } },
  ] as const)
    test(`in ${name}`, async () => {
      const { page } = await visit(server, look);
      const others: string[] = [];
      for (const [about, address] of Object.entries(pages)) {
        await heard(server, { tokens });
        await page.goto(server.url + address);
        await settled(page);
        const others_now = async () => [await compared(page, `${about}_${name}`)].filter((one) => !isSame(one));
        for (const { share } of await lasting(others_now))
          others.push(`${about}: ${(share * 100).toFixed(1)} % is otherwise`);
      }
      assert.deepEqual(others, [], "look at the pages, and accept them with npm run golden");
    });

  test(`no picture is larger than ${KB_MAX} kB`, () => {
    const large = readdirSync(kept).filter((name) => statSync(new URL(name, kept)).size > KB_MAX * 1_000);
    assert.deepEqual(large, []);
  });
});
