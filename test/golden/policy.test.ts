import { test } from "node:test";
import { roles } from "../../src/kernel/operation.ts";
import { Refusal } from "../../src/kernel/refusal.ts";
import { operations } from "../../src/rooms/rooms.ts";
import { testWorld } from "../harness.ts";
import { holdsGolden } from "./golden.ts";

test("golden/policy.txt is what the door answers to each role for each operation", async () => {
  const world = await testWorld();
  const tokens = new Map<string, string>();
  for (const role of roles) tokens.set(role, await world.seat(`POLICY-CLI-TEST-MAIN-${role}`, role));
  const issue = async (scope: string) => (await world.say(world.operator, "token.issue", { scope })).token;
  tokens.set("operator, read token", await issue("read"));
  tokens.set("operator, sign-in token", await issue("sign_in"));
  tokens.set("no valid token", "lw_nobody");
  const columns = [...tokens.keys()];
  const lines = [
    "Asked through the door, with an empty input: + may, . is denied, ! is not let in.",
    "",
    ...columns.map((column, index) => `${" ".repeat(28)}${"| ".repeat(index)}${column}`),
  ];
  for (const { name, kind } of operations) {
    const marks: string[] = [];
    for (const token of tokens.values()) {
      const asked = kind === "query" ? world.door.ask(token, name, {}) : world.door.say(token, name, {});
      marks.push(await asked.then(() => "+", markOf));
    }
    lines.push(`${name.padEnd(28)}${marks.join(" ")}`);
  }
  await holdsGolden("policy.txt", lines.join("\n"));
});

/** Whatever the operation itself refuses, it was let in by the door. */
function markOf(error: unknown): string {
  if (!(error instanceof Refusal)) throw error;
  if (error.kind === "unauthenticated") return "!";
  return error.code === "role.forbidden" || error.code === "scope.too_small" ? "." : "+";
}
