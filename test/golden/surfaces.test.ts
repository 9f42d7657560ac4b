import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { catalogue } from "../../src/kernel/catalogue.ts";
import { twoWords } from "../../src/programs/names.ts";
import { operations } from "../../src/rooms/rooms.ts";
import { run } from "../../src/surfaces/cli/run.ts";
import { version } from "../../src/version.ts";
import { testServer } from "../harness.ts";
import { holdsGolden } from "./golden.ts";

const execute = promisify(execFile);
const COLUMNS = 100;
const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

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
  const { stdout } = await execute(process.execPath, [main, "--help"]);
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
  const told = await toldOfTwoWords();
  for (const [index, name] of twoWords.entries()) parts.push(`$ longwatch ${name} --help\n${told[index]}`);
  await holdsGolden("help.txt", parts.join("\n"));
  const { stdout: alone } = await execute(process.execPath, [main, ...twoWords[0].split(" "), "--help"]);
  assert.equal(alone, told[0], "one that runs in a process of its own, as it does for people");
});

/** What each says of itself, by main.ts as it is: one process loads the sources once, and runs it under new names. */
async function toldOfTwoWords(): Promise<string[]> {
  const script = `for (const name of ${JSON.stringify(twoWords)}) {
    process.argv = [process.execPath, "longwatch", ...name.split(" "), "--help"];
    await import(${JSON.stringify(main)} + "?" + encodeURIComponent(name));
    process.stdout.write("\\0");
    process.stdout.removeAllListeners("error");
    process.stderr.removeAllListeners("error");
  }`;
  const { stdout } = await execute(process.execPath, ["--input-type=module", "--eval", script]);
  return stdout.split("\0").slice(0, -1);
}

// The version changes with every release and says nothing about the interface.
function json(value: object): string {
  return JSON.stringify(value, (name, one) => (name === "version" && one === version ? "(the version)" : one), 2);
}
