import assert from "node:assert/strict";
import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { surroundings } from "../../../test/surroundings.ts";
import { openYard } from "./yard.fixture.ts";

const run = promisify(execFile);
const eras = { "2025-11-25": undefined, "2026-07-28": { mode: "auto" } } as const;

let open: Awaited<ReturnType<typeof openYard>>;
before(async () => {
  open = await openYard();
});
afterEach(() => {
  open.yard.taken.clear();
  open.yard.said.length = 0;
  open.yard.beatsFail = null;
});
after(() => open.close());

function childArguments(token: string, url = open.url): string[] {
  const stdio = JSON.stringify(import.meta.resolve("./stdio.ts"));
  const script = `import { main } from ${stdio}; await main(${JSON.stringify({ url, token })});`;
  return ["--input-type=module", "--eval", script];
}

async function spawned(token: string, era: keyof typeof eras = "2025-11-25") {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: eras[era] });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: childArguments(token),
    env: surroundings() as Record<string, string>,
    stderr: "pipe",
  });
  const stderr: string[] = [];
  transport.stderr!.on("data", (data) => stderr.push(String(data)));
  await client.connect(transport);
  assert.equal(client.getNegotiatedProtocolVersion(), era);
  const child = (transport as unknown as { _process: ChildProcess })._process;
  /** Closes the pipe; the server has to end by itself, having said nothing amiss. */
  const leave = async () => {
    const exited = once(child, "exit");
    await client.close();
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(stderr, []);
  };
  return { client, leave };
}

function beats(): unknown[] {
  return open.yard.said.filter(({ name }) => name === "seat.beat").map(({ input }) => input);
}

async function beatsMore(count: number): Promise<unknown> {
  const wanted = beats().length + count;
  while (beats().length < wanted) await pause(20);
  return beats().at(-1);
}

for (const era of Object.keys(eras) as (keyof typeof eras)[])
  test(`to a client of ${era}, stdio serves the same tools`, { timeout: 300_000 }, async () => {
    const { client, leave } = await spawned("lw_seat", era);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    assert.deepEqual(names, ["crate_take", "crate_list", "seat_beat", "seat_whoami"]);
    const take = () => client.callTool({ name: "crate_take", arguments: { colour: "blue" } });
    assert.equal(((await take()).structuredContent as { holder: string }).holder, "implementer-1");
    const again = ((await take()).content[0] as { text: string }).text;
    assert.match(again, /^refused \(crate.held\): implementer-1 holds it.\nnext: Take another.\nfacts: /);
    const { structuredContent } = await client.callTool({ name: "crate_list", arguments: { colour: "blue" } });
    assert.deepEqual(structuredContent, { crates: [{ colour: "blue", holder: "implementer-1" }] });
    await leave();
  });

describe("stdio", () => {
  test("beats for the seat, and repeats what the agent said of itself", { timeout: 300_000 }, async () => {
    const { client, leave } = await spawned("lw_seat");
    assert.deepEqual(await beatsMore(2), { status: "idle" });
    await client.callTool({ name: "seat_beat", arguments: { status: "busy" } });
    assert.deepEqual(await beatsMore(2), { status: "busy" });
    await leave();
  });

  test("outlives beats that fail, and stops those that can never succeed", { timeout: 300_000 }, async () => {
    const { client, leave } = await spawned("lw_seat");
    open.yard.beatsFail = "denied";
    await beatsMore(1);
    const count = beats().length;
    await pause(250);
    assert.equal(beats().length, count, "a denied command is a ledger entry each time");
    assert.equal((await client.callTool({ name: "crate_list" })).isError, undefined);
    await leave();
  });

  test("answers what a parent wrote before it closed the pipe", { timeout: 300_000 }, async () => {
    const ended = run(process.execPath, childArguments("lw_seat"));
    const clientInfo = { name: "test", version: "1" };
    const messages = [
      { id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo } },
      { method: "notifications/initialized" },
      { id: 2, method: "tools/call", params: { name: "crate_take", arguments: { colour: "red" } } },
      { id: 3, method: "tools/call", params: { name: "crate_list", arguments: {} } },
    ];
    ended.child.stdin!.end(messages.map((one) => `${JSON.stringify({ jsonrpc: "2.0", ...one })}\n`).join(""));
    const { stdout, stderr } = await ended;
    const answers = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(answers.map(({ id }) => id).sort(), [1, 2, 3]);
    assert.equal(answers.find(({ id }) => id === 2).result.structuredContent.holder, "implementer-1");
    assert.equal(stderr, "");
  });

  test("does not beat for a person, who holds no seat", { timeout: 300_000 }, async () => {
    const { client, leave } = await spawned("lw_operator");
    await client.callTool({ name: "yard_clear" });
    assert.deepEqual(beats(), []);
    await leave();
  });

  test("ends with the reason when its token is worth nothing", { timeout: 300_000 }, async () => {
    const failure = await run(process.execPath, childArguments("lw_other")).catch((error) => error);
    assert.match(failure.stderr, /This token is not known/);
    assert.equal(failure.stdout, "");
    assert.equal(failure.code, 1);
  });

  test("ends with the reason when the server says nothing at all", { timeout: 300_000 }, async () => {
    const silent = createServer(() => {});
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const ended = run(process.execPath, childArguments("lw_seat", `http://127.0.0.1:${port}`));
    await assert.rejects(ended, ({ stderr }: { stderr: string }) => /did not answer in 15 s/.test(stderr));
    silent.close();
    silent.closeAllConnections();
  });
});
