import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testServer } from "../../test/harness.ts";
import { main } from "./sign_in.ts";

const world = await testServer();

async function spoken(argv: string[], token = world.operator) {
  const heard = { code: -1, stdout: "", stderr: "" };
  const told = { stdout: (text: string) => (heard.stdout += text), stderr: (text: string) => (heard.stderr += text) };
  heard.code = await main(argv, () => world.client(token), told);
  return heard;
}

describe("longwatch sign-in", () => {
  test("prints a link that signs in once", async () => {
    for (const heard of [await spoken([]), await spoken(["--json"])]) {
      assert.deepEqual([heard.code, heard.stderr], [0, ""]);
      const address = heard.stdout.startsWith("{") ? JSON.parse(heard.stdout).url : heard.stdout.trim();
      const token = new URL(address).searchParams.get("code")!;
      assert.match((await world.say(token, "token.redeem", { token })).token, /^lw_/);
    }
  });

  test("asked for help, or wrongly, it makes no link", async () => {
    const before = await world.ask(world.operator, "ledger.head");
    const [helped, wrong] = [await spoken(["--help"]), await spoken(["--nonsense"])];
    assert.deepEqual([helped.code, helped.stdout.split("\n")[0]], [0, "usage: longwatch sign-in [--json]"]);
    assert.deepEqual([wrong.code, wrong.stdout, /'--nonsense'[^]*usage:/.test(wrong.stderr)], [2, "", true]);
    assert.deepEqual(await world.ask(world.operator, "ledger.head"), before);
  });

  test("says a refusal as every command does, with its exit code", async () => {
    const { code, stderr } = await spoken([], "lw_unknown");
    assert.deepEqual([code, stderr.split(":")[0]], [3, "refused (token.unknown)"]);
    assert.equal(JSON.parse((await spoken(["--json"], "lw_unknown")).stderr).code, "token.unknown");
  });
});
