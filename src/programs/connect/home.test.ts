import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { main } from "./connect.ts";

/** An account without an entry in any list of accounts, as containers are started with. */
const NOBODYS = 54_321;

/** Speaks as that account, where this one may. */
function asNobody<T>(say: () => T): T {
  process.seteuid!(NOBODYS);
  try {
    return say();
  } finally {
    process.seteuid!(0);
  }
}

function answers(ask: () => unknown): boolean {
  try {
    return ask() !== undefined;
  } catch {
    return false;
  }
}

const hasHome = answers(userInfo);
const isRoot = process.getuid?.() === 0;
const canBeNobody = isRoot && answers(() => asNobody(() => true)) && !answers(() => asNobody(userInfo));

async function planned(env: Record<string, string>, as: <T>(say: () => T) => T = (say) => say()) {
  const said = { code: -1, stdout: "", stderr: "" };
  const around = {
    ...{ env, cwd: "/", launcher: "/usr/bin/longwatch" },
    operator: () => assert.fail("a plan asks no server"),
    stdout: (text: string) => void (said.stdout += text),
    stderr: (text: string) => void (said.stderr += text),
  };
  // Nothing waits before the home is looked for, so that only this call speaks as somebody else.
  said.code = await as(() => main("connect", ["claude", "--scope", "user", "--dry-run"], {}, around));
  return said;
}

describe("longwatch connect --scope user without HOME", () => {
  test("puts the files into the account's own home", { skip: !hasHome }, async () => {
    const { code, stdout, stderr } = await planned({ HOME: "" });
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(join(userInfo().homedir, ".claude", "settings.json")), stdout);
  });

  test("is refused where nobody knows the account's home", { skip: !canBeNobody }, async () => {
    const { code, stderr } = await planned({ HOME: "" }, asNobody);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /home\.unknown[^]*Set HOME to an absolute path/);
  });
});
