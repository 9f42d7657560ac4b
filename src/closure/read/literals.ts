import type { Facts } from "./facts.ts";

/**
 * What strings mean, in whatever language they stand: paths that are asked for, and SQL. Nothing is decided here: a
 * path counts only where the source branch serves it, a table only where a migration of the branch makes it.
 */
const LITERAL_MAX = 20_000;

/** `/api/cards/*?x=1` as `/api/cards/*`; null where it is no path of ours. `*` is what a template fills in. */
export function pathIn(literal: string): string | null {
  if (literal.length > 500) return null;
  // A hole in front, or this machine, is the origin.
  const path = literal
    .replace(/^(\*|https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(?=\/)/i, "")
    .replace(/[?#].*$/s, "");
  if (!/^\/[\w\-.~%@:*/+$!,;=()[\]{}<>]+$/.test(path) || path.startsWith("//")) return null;
  const trimmed = path.replace(/\/+$/, "");
  return trimmed === "" || /^[/*]*$/.test(trimmed) ? null : trimmed;
}

export function takeSql(facts: Facts, text: string, line: number): void {
  if (text.length > LITERAL_MAX) return;
  if (/\b(select|insert|update|delete|alter|create|references|truncate|merge|with)\b/i.test(text))
    facts.sql.push({ line, text });
}

const NAME = String.raw`(?:["\x60[]?\w+["\x60\]]?\s*\.\s*)?["\x60[]?(\w+)["\x60\]]?`;

const KINDS = String.raw`(?:or\s+replace|temp|temporary|unlogged|foreign|materialized|virtual)`;

/** What a migration's SQL makes. */
export function takeMade(facts: Facts, sql: string): void {
  const plain = withoutComments(sql);
  const tables = new RegExp(
    String.raw`\bcreate\s+(?:${KINDS}\s+)*(?:table|view)\s+(?:if\s+not\s+exists\s+)?${NAME}`,
    "gi",
  );
  for (const [, table] of plain.matchAll(tables)) facts.makes.push({ table: table!.toLowerCase(), column: null });
  const altered = new RegExp(String.raw`\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?${NAME}([^;]*)`, "gi");
  for (const [, table, rest = ""] of plain.matchAll(altered)) {
    const columns = new RegExp(String.raw`\badd\s+(?:column\s+)(?:if\s+not\s+exists\s+)?${NAME}`, "gi");
    for (const [, column] of rest.matchAll(columns))
      facts.makes.push({ table: table!.toLowerCase(), column: column!.toLowerCase() });
    const renamed = new RegExp(String.raw`^\s*rename\s+to\s+${NAME}`, "i").exec(rest);
    if (renamed) facts.makes.push({ table: renamed[1]!.toLowerCase(), column: null });
  }
}

/** Whether a text of SQL names the table where SQL names tables. */
export function namesTable(sql: string, table: string): boolean {
  const altered = String.raw`(?:table|view)(?:\s+if\s+exists)?(?:\s+only)?`;
  const places = String.raw`\b(?:from|join|into|update|${altered}|references|on|truncate)`;
  return new RegExp(
    String.raw`${places}\s+(?:["\x60[]?\w+["\x60\]]?\s*\.\s*)?["\x60[]?${table}["\x60\]]?(?![\w])`,
    "i",
  ).test(withoutComments(sql));
}

function withoutComments(sql: string): string {
  // A comment without an end goes to the end: looking for one from each beginning would be quadratic.
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g, " ");
}

const builders = new Set(
  `knex table from into innerJoin leftJoin join insertInto selectFrom updateTable deleteFrom pgTable mysqlTable
   sqliteTable   Entity Table Column ForeignKey relationship inTable`.split(/\s+/),
);
const makers = new Set(
  "createTable create_table createTableIfNotExists createView renameTable rename_table".split(" "),
);
const extenders = new Set("addColumn add_column alterTable alter_table".split(" "));

/** A call by its callee's last name: a table that a builder is told, or that a migration makes. */
export function takeCall(facts: Facts, callee: string, literals: readonly (string | null)[], line: number): void {
  const [first, second] = literals;
  if (!first || !/^[\w.]+$/.test(first)) return;
  const table = first.split(".").at(-1)!.toLowerCase();
  if (makers.has(callee)) facts.makes.push({ table, column: null });
  if (/^rename_?table$/i.test(callee) && second) facts.makes.push({ table: second.toLowerCase(), column: null });
  if (/^add_?column$/i.test(callee) && second) facts.makes.push({ table, column: second.toLowerCase() });
  if (builders.has(callee) || extenders.has(callee)) {
    const named = callee === "ForeignKey" ? first.split(".").at(-2) : table;
    if (named) facts.tables.push({ line, name: named.toLowerCase() });
  }
}
