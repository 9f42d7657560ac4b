import { posix } from "node:path";
import type { Git } from "./git.ts";
import { namesTable } from "./read/literals.ts";
import { isCode } from "./read/reading.ts";
import { grep } from "./users.ts";
import type { View } from "./view.ts";

type LostMigration = { migration: string; file: string; line: number | null; witness: View };

const folder = /(^|\/)(migrations?|migrate|versions|drizzle|schema_changes)\//i;

/** `db/migrations/0007_cards.sql`, `prisma/migrations/20240101_x/migration.sql`: its folder and its number. */
function numbered(path: string): { folder: string; number: string } | null {
  const match =
    /^(.*?(?:^|\/)(?:migrations?|migrate|versions|drizzle|schema_changes))\/[Vv]?(\d+)[\w.-]*(\/[\w.-]+)?$/i.exec(path);
  return match && /\.(sql|[cm]?[jt]s|py|rb)$/.test(path) ? { folder: match[1]!, number: match[2]! } : null;
}

const isMigration = (path: string) => folder.test(path) && isCode(path);

/** Migrations that the source branch has, that the result lacks, and that something changed needs for certain. */
export async function lostMigrations(
  git: Git,
  { base, result, witnesses }: { base: View; result: View; witnesses: readonly View[] },
  files: readonly string[],
): Promise<LostMigration[]> {
  const absent = new Map<string, View>();
  for (const view of witnesses)
    for (const path of view.tree.entries.keys())
      if ((isMigration(path) || numbered(path)) && result.tree.file(path) === null && !absent.has(path))
        absent.set(path, view);
  if (absent.size === 0) return [];
  const lost = gaps(base, result, files, absent);
  for (const [migration, witness] of absent) {
    if (lost.some((one) => one.migration === migration)) continue;
    const made = (await witness.facts(migration)).makes;
    for (const { table, column } of made) {
      if (await isMadeElsewhere(git, result, table, column)) continue;
      const user = await userOf(result, base, files, table, column);
      if (user === null) continue;
      lost.push({ migration, ...user, witness });
      break;
    }
  }
  return lost;
}

/** A numbered series that had no gap at that place gets one. */
function gaps(base: View, result: View, files: readonly string[], absent: ReadonlyMap<string, View>): LostMigration[] {
  const lost: LostMigration[] = [];
  for (const file of files) {
    const own = numbered(file);
    if (!own || base.tree.file(file) !== null || own.number.length > 7) continue;
    const there = new Set<number>();
    for (const path of result.tree.entries.keys()) {
      const one = numbered(path);
      if (one?.folder === own.folder) there.add(Number(one.number));
    }
    for (const [migration, witness] of absent) {
      const one = numbered(migration);
      if (one?.folder !== own.folder || one.number.length > 7) continue;
      const isBefore = Number(one.number) < Number(own.number) && !there.has(Number(one.number));
      if (isBefore && !lost.some((known) => known.migration === migration))
        lost.push({ migration, file, line: null, witness });
    }
  }
  return lost;
}

/** Any other migration or SQL file that speaks of it may make it: then nothing is certain. */
async function isMadeElsewhere(git: Git, result: View, table: string, column: string | null): Promise<boolean> {
  const those = await grep(git, result, [table], ["--word-regexp", "--ignore-case"]);
  for (const path of those) {
    if (!isMigration(path) && !/\.(sql|prisma)$|structure|schema\.(rb|py|[jt]s)$/.test(path)) continue;
    const facts = await result.facts(path);
    const makes = facts.makes.some((one) => one.table === table && (column === null || one.column === column));
    if (makes) return true;
    if (column !== null && (await result.mentions(path, column))) return true;
    // A schema in a language that is not read for what it makes.
    if (column === null && facts.makes.length === 0 && !/\.sql$/.test(path)) return true;
  }
  return false;
}

async function userOf(result: View, base: View, files: readonly string[], table: string, column: string | null) {
  for (const file of files) {
    const line = await lineNaming(result, file, table, column);
    if (line === null) continue;
    const before = base.tree.file(file) === null ? null : await lineNaming(base, file, table, column);
    if (before === null) return { file, line };
  }
  return null;
}

async function lineNaming(view: View, file: string, table: string, column: string | null): Promise<number | null> {
  if (!isCode(file) || /\.(test|spec)\./.test(posix.basename(file))) return null;
  const { sql, tables } = await view.facts(file);
  for (const { line, text } of sql)
    if (namesTable(text, table) && (column === null || new RegExp(String.raw`\b${column}\b`, "i").test(text))) {
      // A file of SQL is one text: the line is that of the name.
      const before = text.slice(0, text.search(new RegExp(String.raw`\b${column ?? table}\b`, "i")));
      return line + before.split("\n").length - 1;
    }
  return column === null ? (tables.find(({ name }) => name === table)?.line ?? null) : null;
}
