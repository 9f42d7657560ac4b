import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "../../src/programs/import/import.ts";
import { seatNameOf } from "../../src/programs/import/names.ts";
import type { testServer } from "../harness.ts";

export type Row = Record<string, any>;
export type Server = Awaited<ReturnType<typeof testServer>>;

const root = fileURLToPath(new URL("../../", import.meta.url));
export const shared = join(root, "../shared/data");
export const sample = join(root, "fixtures/sample");
/** Why the tests over the real records are skipped; false when they are there. */
export const withoutShared = existsSync(shared)
  ? false
  : "the real records are not beside the project (../shared/data)";

export const rowsOf = (file: string): Row[] =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

export function countBy(rows: readonly Row[], key: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[row[key]] = (counts[row[key]] ?? 0) + 1;
  return counts;
}

export async function run(server: Server, ...argv: string[]) {
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
  const code = await main([...argv, "--json"], () => server.client(), terminal);
  return { code, told, summary: out === "" ? null : JSON.parse(out) };
}

/** The tickets of a namespace, read back through the API. */
export async function ticketsOf(server: Server, namespace: string): Promise<Row[]> {
  const all: Row[] = [];
  for (let next: string | null = ""; next !== null;) {
    const page: { tickets: Row[]; next: string | null } = await server.ask(server.operator, "ticket.list", {
      namespace,
      after: next,
      limit: 1000,
    });
    all.push(...page.tickets);
    next = page.next;
  }
  return all;
}

/** The state there, read back from the state here and the label that keeps what has no equal. */
export function sourceState({ state, labels }: Row): string {
  const kept = labels.find((label: string) => label.startsWith("state:"));
  if (kept) return kept.slice("state:".length);
  return { awaiting_claim: "open", done: "closed", blocked: "blocked" }[state as string]!;
}

export function assertAddsUp(summary: Row): void {
  for (const [kind, { read, imported, here, refused }] of Object.entries<Row>(summary.counts))
    assert.equal(read, imported + here + refused, kind);
}

export const head = (server: Server) => server.ask(server.operator, "ledger.head");

/** What the files say, against what the server says. */
export async function assertSame(server: Server, issues: Row[], dependencies: Row[]): Promise<void> {
  const namespaces = [...new Set(issues.map(({ id }) => id.split("-")[0].toUpperCase()))];
  const tickets = (await Promise.all(namespaces.map((one) => ticketsOf(server, one)))).flat();
  assert.equal(tickets.length, issues.length);
  const states = tickets.map((ticket) => ({ state: sourceState(ticket) }));
  assert.deepEqual(countBy(states, "state"), countBy(issues, "status"));
  assert.deepEqual(countBy(tickets, "type"), countBy(issues, "issue_type"));
  assert.deepEqual(countBy(tickets, "priority"), countBy(issues, "priority"));
  const links = await server.sql("select type, target_ref, target_id from tickets.links");
  assert.deepEqual(countBy(links, "type"), countBy(dependencies, "type"));
  const ids = new Set(issues.map(({ id }) => id));
  const dangling = dependencies.filter(({ depends_on_id }) => !ids.has(depends_on_id));
  assert.deepEqual(
    links
      .filter(({ target_id }) => target_id === null)
      .map(({ target_ref }) => target_ref)
      .sort(),
    dangling.map(({ depends_on_id }) => depends_on_id).sort(),
  );
  const aliases = await server.sql("select alias, ticket_id from tickets.aliases");
  const ids_here = new Map(aliases.map(({ alias, ticket_id }) => [alias, ticket_id]));
  const owners = new Map(tickets.map((ticket) => [ticket.id, ticket.owner]));
  for (const namespace of namespaces) {
    const own = issues.filter(({ id }) => id.startsWith(`${namespace.toLowerCase()}-`));
    const numbers = own.map(({ id }) => Number(ids_here.get(id).split("-")[1]));
    assert.deepEqual(
      numbers,
      own.map((_, index) => index + 1),
      `${namespace} is not numbered in the order of the file`,
    );
  }
  for (const { id, assignee } of issues)
    assert.equal(owners.get(ids_here.get(id)), assignee ? seatNameOf(assignee) : null, id);
}

/** Every word of the rows must be found in what the ledger keeps of them. */
export async function assertKept(server: Server, issues: Row[]): Promise<void> {
  const entries = await server.sql(
    "select convert_from(leaf, 'UTF8') as leaf from ledger.entries where kind = 'ticket.imported'",
  );
  const data = new Map(entries.map(({ leaf }) => JSON.parse(leaf).data).map((one) => [one.alias, one]));
  const mapped = new Set(["priority", "issue_type", "status", "dependencies", "comments", "content_hash"]);
  for (const issue of issues) {
    const whole = Object.values(data.get(issue.id)).flat().join("\n");
    for (const [field, value] of Object.entries(issue)) {
      if (mapped.has(field) || value === null || value === "" || value === 0 || value === "{}") continue;
      if (field === "assignee" || field === "created_by")
        assert.ok(whole.includes(seatNameOf(value)), `${issue.id} ${field}`);
      else
        for (const one of [value].flat())
          assert.ok(whole.includes(String(one).trim()), `${issue.id} lost its ${field}`);
    }
  }
}
