import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import { parseStatements } from "../../src/kernel/sql.ts";
import { testWorld } from "../harness.ts";
import { holdsGolden } from "./golden.ts";
import { schemaDump } from "./schema_dump.ts";

const root = new URL("../../", import.meta.url);

test("golden/schema.sql is the schema that the migrations make", async () => {
  const { sql } = await testWorld();
  await holdsGolden("schema.sql", await schemaDump(sql));
});

describe("PostgreSQL understands every statement of every room, as the application's role:", async () => {
  const { asApplication } = await testWorld();
  for (const file of globSync("src/rooms/**/queries.sql", { cwd: root.pathname }).sort()) {
    const room = dirname(file).slice("src/rooms/".length);
    for (const { name, text } of parseStatements(readFileSync(new URL(file, root), "utf8"), room))
      test(name, async () => {
        await asApplication(`prepare statement_under_test as ${text}`);
      });
  }
});
