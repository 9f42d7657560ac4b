import assert from "node:assert/strict";
import { test } from "node:test";
import { main } from "../../src/programs/demo/demo.ts";
import { testServer } from "../harness.ts";

async function run(client: Parameters<typeof main>[1], ...argv: string[]) {
  let out = "";
  let told = "";
  const terminal = {
    stdout: (text: string) => {
      out += text;
    },
    stderr: (text: string) => {
      told += text;
    },
    interactive: false,
  };
  const code = await main(argv, client, terminal);
  return { code, out, told };
}

test("a fleet of 31 seats lives the sample's week at full speed and leaves a whole ledger", async () => {
  const server = await testServer();
  const { code, out, told } = await run(() => server.client(), "--speed", "max", "--json");
  assert.equal(code, 0, told);
  const ending = JSON.parse(out);
  assert.equal(ending.seats, 31);
  assert.equal(ending.events, ending.events_in_all);
  assert.deepEqual(
    { ...ending.numbers, first: null },
    { first: null, count: 48, in_namespace: 48, gaps: 0, duplicates: 0, lost: 0 },
  );
  assert.equal(ending.ledger.whole, true);
  assert.ok(ending.refusals > 0, "no collision was refused");
  assert.ok(ending.done["ticket.finish"] > 30, told);
  assert.equal((await server.ask(server.operator, "ticket.drift")).differences, 0);
  const [{ count }] = await server.sql("select count(*)::int from tickets.tickets where state = 'in_progress'");
  assert.equal(count, 0, "claims were left behind");
});

test("a second demo goes on with the numbers of the first, and tells a person what happened", async () => {
  const server = await testServer();
  await run(() => server.client(), "--speed", "max", "--seats", "4");
  const { code, out } = await run(() => server.client(), "--speed", "max", "--seats", "4");
  assert.equal(code, 0);
  assert.match(out, /lived again by 4 seats/);
  assert.match(out, /numbers {3}48 given, no gap, no duplicate/);
  assert.match(out, /collisions refused/);
});

test("a demo is refused with 2 when it is called wrongly", async () => {
  const nobody = () => assert.fail("it must not ask for a server");
  for (const argv of [["--speed", "0"], ["--seats", "x"], ["--data", "/nowhere"], ["--what"]])
    assert.equal((await run(nobody, ...argv)).code, 2);
});
