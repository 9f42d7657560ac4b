import assert from "node:assert/strict";
import { test } from "node:test";
import { testServer } from "../../../test/harness.ts";
import { main } from "./drift.ts";

const server = await testServer();
const { operator, say, sql } = server;
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const { id } = await say(operator, "ticket.file", { namespace: "CMB", title: "Cards" });

const drift = (...words: string[]) => driftOf(operator, ...words);

async function driftOf(token: string, ...words: string[]) {
  const said = { code: -1, out: "", err: "" };
  const told = { stdout: (text: string) => void (said.out += text), stderr: (text: string) => void (said.err += text) };
  said.code = await main(words, () => server.client(token), { ...told, interactive: false });
  return said;
}

test("longwatch ticket drift exits 1 while anything is listed, and mends the tables by amendment", async () => {
  assert.equal((await drift()).code, 0);
  await sql("update tickets.tickets set title = 'Forged' where id = $1", [id]);
  const found = await drift();
  assert.equal(found.code, 1);
  assert.match(found.out, /title +Cards +Forged/);
  const mended = await drift("--repair", "--json", "--reason", "restored");
  assert.equal(mended.code, 0, mended.err);
  const { repaired, differences } = JSON.parse(mended.out);
  assert.deepEqual([repaired, differences], [[{ id, field: "title", ledger: "Cards", table: "Forged" }], 0]);
  assert.equal((await drift("--repair")).code, 0);
  const { entries } = await server.ask(operator, "feed.read", { about: id });
  assert.deepEqual(
    [entries.length, entries.at(-1).kind, entries.at(-1).data.reason],
    [2, "ticket.repaired", "restored"],
  );
});

test("longwatch ticket drift exits 1 for a stranger, a collision or a cycle, which no repair settles", async () => {
  const said = { actor: "Stranger", act: "posted", at: "2026-04-16T22:30:00Z", source: "a chat", evidence: "a line" };
  await say(operator, "sighting.report", said);
  const { code, out } = await drift("--repair");
  assert.equal(code, 1);
  assert.match(out, /actors \(1\)/);
  await say(operator, "actor.settle", { actor: "Stranger", reason: "a guest" });
  assert.equal((await drift()).code, 0);
  assert.equal((await drift("--nonsense")).code, 2);
});

test("longwatch ticket drift says a refusal as every command does: for a person, or as a line of JSON", async () => {
  const [told, json] = [await driftOf("lw_unknown"), await driftOf("lw_unknown", "--json")];
  assert.deepEqual([told.code, told.err.split(":")[0]], [3, "refused (token.unknown)"]);
  assert.deepEqual([json.code, JSON.parse(json.err).code, json.out], [3, "token.unknown", ""]);
});
