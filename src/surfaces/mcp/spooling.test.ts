import assert from "node:assert/strict";
import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { surroundings } from "../../../test/surroundings.ts";
import { testServer } from "../../../test/harness.ts";
import { Cable } from "../../spool/cable.fixture.ts";

const home = mkdtempSync(join(tmpdir(), "longwatch-mcp-spool-"));
const world = await testServer();
const cable = await Cable.to(world.url);
const clients: Client[] = [];
after(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await cable.sever();
  rmSync(home, { recursive: true, force: true });
});
await world.say(world.operator, "namespace.define", { prefix: "MCP", format: "MCP-NNNN" });
await world.say(world.operator, "spool.configure", { contest_seconds: 0 });

async function agent(name: string) {
  const token = await world.seat(name);
  const own = { LONGWATCH_URL: cable.url, LONGWATCH_TOKEN: token, LONGWATCH_SPOOL: join(home, name), HOME: home };
  const env = surroundings(own) as Record<string, string>;
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const args = ["--disable-warning=ExperimentalWarning", main, "mcp"];
  const transport = new StdioClientTransport({ command: process.execPath, args, env, stderr: "inherit" });
  const client = new Client({ name: "test", version: "1" });
  clients.push(client);
  await client.connect(transport, { timeout: 60_000 });
  const call = async (tool: string, words: Record<string, unknown>) => {
    const { structuredContent, isError, content } = await client.callTool({ name: tool, arguments: words });
    const texts = (content as { text: string }[]).map(({ text }) => text);
    return { output: structuredContent as Record<string, any>, isError, texts };
  };
  const leave = async () => {
    const ended = once((transport as unknown as { _process: ChildProcess })._process, "exit");
    await client.close();
    await ended;
  };
  return { token, client, call, leave };
}

async function filedAs(token: string, title: string): Promise<string> {
  for (let tries = 0; tries < 4_000; tries++) {
    const { tickets } = await world.ask(token, "ticket.list", { namespace: "MCP" });
    const found = tickets.find((ticket: { title: string }) => ticket.title === title);
    if (found) return found.id;
    await pause(50);
  }
  throw new Error(`${title} was never filed`);
}

test(
  "an agent's tool files while its server is away, and its words go in behind its back",
  { timeout: 300_000 },
  async () => {
    const { token, client, call, leave } = await agent("MCP-1");
    // With the tools listed, the client holds every answer against their schemas.
    await client.listTools();
    assert.equal((await call("ticket_file", { namespace: "MCP", title: "before" })).output.id, "MCP-0001");
    await cable.sever();
    const kept = await call("ticket_file", { namespace: "MCP", title: "cut off" });
    assert.match(kept.output.id, /^MCP-0002~[a-z2-7]{8}$/);
    assert.equal(kept.output.state, "confirm_pending");
    const posted = await call("post_append", { subject: "about it", item: kept.output.id });
    assert.deepEqual([posted.output.item, posted.isError], [kept.output.id, undefined]);
    await cable.plug();
    assert.equal(await filedAs(token, "cut off"), "MCP-0002");
    const told = async () => {
      for (let tries = 0; tries < 600; tries++, await pause(100)) {
        const { texts } = await call("queue_read", {});
        if (texts.length > 1) return texts.slice(1);
      }
      return [];
    };
    assert.deepEqual(await told(), [`CONFIRMED: ${kept.output.id} is MCP-0002`]);
    await leave();
  },
);

test("an agent that starts without its server can file all the same", { timeout: 300_000 }, async () => {
  await cable.sever();
  const { token, client, call, leave } = await agent("MCP-2");
  const names = (await client.listTools()).tools.map(({ name }) => name);
  assert.ok(names.includes("ticket_file") && names.includes("ticket_claim"));
  const kept = await call("ticket_file", { namespace: "MCP", title: "from the start" });
  assert.match(kept.output.id, /^MCP-\?~[a-z2-7]{8}$/);
  await cable.plug();
  assert.match(await filedAs(token, "from the start"), /^MCP-\d{4}$/);
  await leave();
});
