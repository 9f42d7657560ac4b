import assert from "node:assert/strict";
import { statements } from "../src/kernel/sql.ts";
import type { TestWorld } from "./harness.ts";

/**
 * How many pages of PostgreSQL a room's statement reads as the server runs it: its role, its settings, a general plan.
 * The values are SQL.
 */
export async function blocksRead(
  { sql, home_tenant_id }: TestWorld,
  room: string,
  statement: string,
  values: Record<string, string>,
): Promise<number> {
  const { text, parameters } = statements(room, statement)[statement]!;
  const all: Record<string, string> = { tenant_id: String(home_tenant_id), ...values };
  const settings = await sql("select unnest(rolconfig) as one from pg_roles where rolname = 'longwatch_app'");
  assert.ok(settings.length > 0, "the role has settings of its own");
  await sql("begin");
  try {
    for (const { one } of settings) await sql("select set_config($1, $2, true)", one.split("="));
    await sql("select set_config('longwatch.tenant_id', $1, true)", [all.tenant_id]);
    await sql("set local role longwatch_app");
    await sql(`prepare measured as ${text}`);
    const call = `execute measured (${parameters.map((name) => all[name]).join(", ")})`;
    // Once before, so that what is read of the catalogue is not counted.
    await sql(call);
    const [row] = await sql(`explain (analyze, buffers, timing off, format json) ${call}`);
    const { Plan: plan } = row["QUERY PLAN"][0];
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
  } finally {
    await sql("rollback");
    await sql("deallocate all");
  }
}
