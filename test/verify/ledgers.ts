import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import pg from "pg";
import { pino } from "pino";
import { notesIn } from "../../src/anchors/directory.ts";
import { Signer } from "../../src/anchors/signer.ts";
import { main as runExport } from "../../src/programs/export/export.ts";
import { main as runVerify } from "../../src/programs/verify/verify.ts";
import type { Report } from "../../src/rooms/ledger/index.ts";
import { testServer } from "../harness.ts";

/** Signed ledgers to be tampered with, and both verifiers over them. */

export type Verdict = { code: number; report: Report | null; stderr: string };

export async function signedLedgers() {
  const world = await testServer();
  const directory = mkdtempSync(join(tmpdir(), "longwatch-verify-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const anchors = join(directory, "anchors");
  const kept = { anchors, keys: join(directory, "signer"), log: pino({ level: "silent" }) };
  world.keepOutside({
    notes: (tenant) => notesIn(join(anchors, tenant, "1")).catch(() => []),
    tenants: async () => [],
    state: () => null,
  });
  const token_of = async (name: string) =>
    name === "home" ? world.operator : (await world.say(world.operator, "tenant.open", { name })).token;

  /** A tenant with its signer and some entries, each of them numbered. */
  async function ledger(name: string) {
    const token = await token_of(name);
    const [{ id }] = await world.sql("select id from kernel.tenants where name = $1", [name]);
    const { database, door } = world;
    const signer = new Signer({ tenant_id: id, tenant: name, database, door, ...kept });
    const post = (count: number, input: object = {}) =>
      Promise.all(
        Array.from({ length: count }, (_, n) => world.say(token, "post.append", { subject: `post ${n}`, ...input })),
      );
    return {
      name,
      id: id as number,
      token,
      signer,
      post,
      sign: () => signer.pass(true),
      url: `${world.url}/ledger/${name}`,
    };
  }

  /** Runs the program in this process. */
  async function verify(argv: string[], token = world.operator): Promise<Verdict> {
    let stdout = "";
    let stderr = "";
    const terminal = {
      stdout: (text: string) => void (stdout += text),
      stderr: (text: string) => void (stderr += text),
      interactive: false,
    };
    const code = await runVerify([...argv, "--json"], () => world.client(token), terminal);
    return { code, report: stdout === "" ? null : JSON.parse(stdout), stderr };
  }

  async function exportTo(file: string, token: string): Promise<{ code: number; stderr: string }> {
    let stderr = "";
    const terminal = { stdout: () => {}, stderr: (text: string) => void (stderr += text), interactive: false };
    const code = await runExport([file, "--force"], () => world.client(token), terminal);
    return { code, stderr };
  }

  const tamper = (...statements: string[]) => tamperWith(world.admin, statements);
  return { world, directory, anchors, ledger, verify, exportTo, tamper };
}

/** Changes what is stored behind every guard, as a superuser who switches the triggers off. */
async function tamperWith(admin: pg.ClientConfig, statements: readonly string[]): Promise<void> {
  const names = ["entries", "anchors", "tiles", "payloads", "logs", "log_keys", "cosignatures"];
  const tables = names.map((name) => `ledger.${name}`);
  const client = new pg.Client(admin);
  await client.connect();
  await client.query(`begin; ${tables.map((table) => `alter table ${table} disable trigger all;`).join(" ")}`);
  for (const statement of statements) await client.query(statement);
  // Foreign keys that were put off have to be looked at before a table may be changed again.
  await client.query("set constraints all immediate");
  await client.query(tables.map((table) => `alter table ${table} enable trigger all;`).join(" "));
  for (const [table, trigger] of [
    ["entries", "extend_chain"],
    ["entries", "refuse_change"],
    ["entries", "refuse_truncate"],
  ])
    await client.query(`alter table ledger.${table} enable always trigger ${trigger}`);
  await client.query("commit");
  await client.end();
}
