/** The files of a new room, by path: the smallest room that is whole. */
export function roomFiles(nouns: string, noun: string, number: string): Record<string, string> {
  const room = `src/rooms/${nouns}`;
  return {
    [`migrations/${number}_${nouns}.sql`]: migration(nouns, noun),
    [`${room}/README.md`]: readme(nouns, noun),
    [`${room}/index.ts`]: door(nouns),
    [`${room}/commands.ts`]: commands(nouns, noun),
    [`${room}/queries.sql`]: queries(nouns),
    [`${room}/${nouns}.test.ts`]: roomTest(nouns, noun),
  };
}

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1);

const migration = (nouns: string, noun: string) => `-- What the ${nouns} room is for, in a sentence.

create schema ${nouns};
grant usage on schema ${nouns} to longwatch_app;

create table ${nouns}.${nouns} (
  tenant_id integer not null references kernel.tenants,
  name text not null,
  text text not null,
  created_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, name),
  constraint ${noun}_name_form check (name ~ '^[a-z][a-z0-9-]{0,59}$')
);
alter table ${nouns}.${nouns} enable row level security;
create policy own_tenant on ${nouns}.${nouns} using (tenant_id = kernel.tenant());
grant select, insert on ${nouns}.${nouns} to longwatch_app;
`;

const readme = (nouns: string, noun: string) => `# ${nouns}

What a ${noun} is, in a sentence or two.

\`\`\`mermaid
stateDiagram-v2
  [*] --> added: ${noun}.add
\`\`\`

| invariant | what holds | test |
|---|---|---|
| ${noun.toUpperCase()}-ONCE | one ${noun} for each name | ${nouns}.test.ts |
`;

const door = (nouns: string) => `/** The ${nouns}' door. */
import { add, list } from "./commands.ts";

export const operations = { add, list };
`;

const queries = (nouns: string) => `-- The statements of the ${nouns} room. :tenant_id is filled in by the transaction.

-- name: insert
insert into ${nouns}.${nouns} (tenant_id, name, text) values (:tenant_id, :name, :text)
on conflict do nothing
returning name;

-- name: list
select name, text, created_at from ${nouns}.${nouns} where tenant_id = :tenant_id order by name limit :limit;
`;

const commands = (nouns: string, noun: string) => `import { z } from "zod";
import { command, query, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements("${nouns}", "insert", "list");

const Name = text(60)
  .regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens")
  .describe("The ${noun}'s name.");

export const add = command({
  name: "${noun}.add",
  summary: "Add a ${noun}.",
  input: z.object({ name: Name, text: text(2000).min(1).describe("What it says.") }),
  output: z.object({ name: z.string(), text: z.string() }),
  may: ["operator", "strategist"],
  events: ["${noun}.added"],
  refuses: ["${noun}.exists"],
  async run({ db }, { input }) {
    const { name, text: said } = input;
    const [row] = await db.all(sql.insert, { name, text: said });
    if (!row)
      throw new Refusal("conflict", "${noun}.exists", \`There is a ${noun} \${name}.\`, {
        hint: "Choose another name.",
      });
    const data = { name, text: said };
    return { output: data, events: [{ kind: "${noun}.added", subject: name, data }] };
  },
});

export const list = query({
  name: "${noun}.list",
  summary: "List the ${nouns}.",
  input: z.object({ limit: z.int().min(1).max(1000).default(100).describe("At most this many.") }),
  output: z.object({
    ${nouns}: z.array(z.object({ name: z.string(), text: z.string(), created_at: z.iso.datetime() })),
  }),
  may: roles,
  refuses: [],
  async read({ db }, { limit }) {
    const rows = await db.all(sql.list, { limit });
    return { ${nouns}: rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() })) };
  },
});
`;

const roomTest = (nouns: string, noun: string) => `import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;

describe("a ${noun}", () => {
  it("is added once for each name, with its entry", async () => {
    const input = { name: "first", text: "${capital(noun)} one" };
    await world.say(operator, "${noun}.add", input);
    assert.equal((await world.refused(operator, "${noun}.add", input)).code, "${noun}.exists");
    const { ${nouns} } = await world.ask(operator, "${noun}.list");
    assert.deepEqual(
      ${nouns}.map(({ name, text }: typeof input) => ({ name, text })),
      [input],
    );
    const { entries } = await world.ask(operator, "feed.read", { about: "first" });
    assert.deepEqual(
      entries.map(({ kind, data }: { kind: string; data: object }) => [kind, data]),
      [["${noun}.added", input]],
    );
  });

  it("is for those who lead", async () => {
    const seat = await world.seat("CLAUDE-CLI-BOX-MAIN-01");
    assert.equal((await world.refused(seat, "${noun}.add", { name: "mine", text: "x" })).code, "role.forbidden");
  });
});
`;
