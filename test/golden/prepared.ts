import { readFileSync } from "node:fs";
import pg from "pg";
import { derivedPassword } from "../../src/database/migrate.ts";
import { parseStatements, type Statement } from "../../src/kernel/sql.ts";
import type { TestWorld } from "../harness.ts";

/** The application's prepared statements, run by hand in its role. */

/** The statements of these rooms by their names. */
export function statementsOf(...rooms: string[]): Map<string, Statement> {
  const read = (room: string) => readFileSync(new URL(`../../src/rooms/${room}/queries.sql`, import.meta.url), "utf8");
  return new Map(rooms.flatMap((room) => parseStatements(read(room), room)).map((one) => [one.name, one]));
}

/** A session of the application's role in the first tenant. */
export async function applicationOf({ admin }: TestWorld): Promise<pg.Client> {
  const password = derivedPassword(admin.password as string);
  const application = new pg.Client({ ...admin, user: "longwatch_app", password });
  await application.connect();
  await application.query("set longwatch.tenant_id = 1");
  return application;
}

/** How a prepared statement is executed with these values. */
export function execution({ name, parameters }: Statement, values: Record<string, unknown>): string {
  const given: Record<string, unknown> = { tenant_id: 1, ...values };
  const missing = parameters.filter((parameter) => given[parameter] === undefined);
  if (missing.length > 0) throw new Error(`this test gives ${name} no value for ${missing.join(", ")}`);
  const literals = parameters.map((parameter) => literal(given[parameter]));
  return `execute ${name}${literals.length > 0 ? `(${literals.join(", ")})` : ""}`;
}

function literal(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "number") return String(value);
  if (Buffer.isBuffer(value)) return `'\\x${value.toString("hex")}'`;
  if (Array.isArray(value)) return `'{${value.map((one) => JSON.stringify(one)).join(",")}}'`;
  return pg.escapeLiteral(String(value));
}
