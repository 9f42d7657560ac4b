import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { catalogue } from "../../src/kernel/catalogue.ts";
import { twoWords } from "../../src/programs/names.ts";
import { operations } from "../../src/rooms/rooms.ts";
import { run } from "../../src/surfaces/cli/run.ts";
import { version } from "../../src/version.ts";
import { testServer } from "../harness.ts";
import { holdsGolden } from "./golden.ts";

const COLUMNS = 100;
const main = new URL("../../src/main.ts", import.meta.url).pathname;

test("golden/openapi.json is the document that the server serves", async () => {
  const { url, operator } = await testServer();
  const answer = await fetch(`${url}/openapi.json`, { headers: { authorization: `Bearer ${operator}` } });
  await holdsGolden("openapi.json", json((await answer.json()) as object));
});

test("golden/mcp.json is the list of tools that an implementer's client gets", async () => {
  const { url, seat } = await testServer();
  const headers = { authorization: `Bearer ${await seat("CLAUDE-CLI-BOX-WEB-01")}` };
  const client = new Client({ name: "golden", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
  const { tools } = await client.listTools();
  await client.close();
  await holdsGolden("mcp.json", json({ instructions: client.getInstructions(), tools }));
});

test("golden/help.txt is what the command line says of itself", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, "--help"]);
  const parts = [`$ longwatch --help\n${stdout}`];
  const spoken = catalogue(operations, version);
  const said = async (...words: string[]) => {
    const written: string[] = [];
    const out = { write: (text: string) => written.push(text), columns: COLUMNS };
    const around = { catalogue: spoken, env: {}, stdout: out, stderr: out, stdin: process.stdin };
    await run([...words, "--help"], around);
    parts.push(`$ longwatch ${words.join(" ")} --help\n${written.join("")}`);
  };
  for (const { name } of spoken.operations) await said(...name.split("."));
  for (const name of ["feed-append", "ticket-reserve", "fleet-active-queue", "queue-drift-check"]) await said(name);
  for (const name of twoWords) {
    const { stdout: told } = await promisify(execFile)(process.execPath, [main, ...name.split(" "), "--help"]);
    parts.push(`$ longwatch ${name} --help\n${told}`);
  }
  await holdsGolden("help.txt", parts.join("\n"));
});

// The version changes with every release and says nothing about the interface.
function json(value: object): string {
  return JSON.stringify(value, (name, one) => (name === "version" && one === version ? "(the version)" : one), 2);
}
