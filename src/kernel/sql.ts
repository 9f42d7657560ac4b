import { existsSync, readFileSync } from "node:fs";

/** A named statement of a room's `queries.sql`, with `:parameters` in the order PostgreSQL numbers them. */
export type Statement = { name: string; text: string; parameters: readonly string[] };

// In a clone this file is src/kernel/sql.ts and rooms lie beside the kernel; in the package everything is one bundle
// and the build copies the rooms' SQL beside it.
const inClone = new URL("../rooms/", import.meta.url);
const rooms = existsSync(inClone) ? inClone : new URL("./rooms/", import.meta.url);

/**
 * Reads `rooms/<room>/queries.sql`; a part of a room that keeps tables of its own has its statements beside them.
 * Each statement begins with `-- name: some_name`; `:word` is a parameter, `::type` stays a cast.
 */
export function statements<Name extends string>(room: string, ...names: Name[]): Record<Name, Statement> {
  const file = new URL(`${room}/queries.sql`, rooms);
  const found = new Map(parseStatements(readFileSync(file, "utf8"), room).map((one) => [one.name, one]));
  const missing = names.filter((name) => !found.has(named(room, name)));
  if (missing.length > 0) throw new Error(`rooms/${room}/queries.sql has no statement named ${missing.join(", ")}`);
  return Object.fromEntries(names.map((name) => [name, found.get(named(room, name))])) as Record<Name, Statement>;
}

/** Splits a file of named statements. Names get the room in front, since prepared statements share one space. */
export function parseStatements(source: string, room: string): Statement[] {
  return source
    .split(/^-- name: /m)
    .slice(1)
    .map((part) => {
      const [name, ...lines] = part.split("\n");
      const parameters: string[] = [];
      const text = lines
        .filter((line) => !/^\s*--/.test(line))
        .join("\n")
        .trim()
        .replace(/;$/, "")
        .replace(/(?<![:\w]):([a-z_]\w*)/g, (_, parameter: string) => {
          if (!parameters.includes(parameter)) parameters.push(parameter);
          return `$${parameters.indexOf(parameter) + 1}`;
        });
      return { name: named(room, name!.trim()), text, parameters };
    });
}

function named(room: string, name: string): string {
  return `${room.replaceAll("/", "_")}_${name}`;
}
