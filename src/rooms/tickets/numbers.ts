import { z } from "zod";
import type { Reader, Transaction } from "../../kernel/database.ts";
import { command, query, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { KEEPERS } from "../seats/index.ts";

const sql = statements(
  "tickets",
  "namespace_find",
  "namespace_insert",
  "namespace_list",
  "numbers_take",
  "series_begin",
);

/** `PREFIX-`, then a period of the calendar or none, then the number: `CMB-NNNN`, `FLT-YYYYMMDDNN`, `ORA-YYYY-NNNN`. */
const FORMAT = /^([A-Z][A-Z0-9]{0,11})-(YYYY(?:MM(?:DD)?)?-?)?(N{1,12})$/;

export const Prefix = text(12)
  .regex(/^[A-Z][A-Z0-9]*$/, "must be capital letters and digits, beginning with a letter")
  .describe("The namespace, for example CMB.");

/** The id of a number. The number is padded to the format's width and grows past it: nothing is ever cut off. */
export function formatId(format: string, period: string, number: number): string {
  const [, prefix, calendar = "", digits] = FORMAT.exec(format)!;
  const hyphen = calendar.endsWith("-") ? "-" : "";
  return `${prefix}-${period}${hyphen}${String(number).padStart(digits!.length, "0")}`;
}

type Taken = { prefix: string; period: string; first: number; format: string; lane: string };

/**
 * Takes `counts` numbers in each namespace, in the caller's transaction, and answers the ids in the order asked for.
 * A namespace that is not defined gives a refusal in place of its ids.
 */
export async function takeNumbers(
  db: Transaction,
  namespaces: readonly string[],
): Promise<({ id: string; lane: string } | Refusal)[]> {
  const counts = new Map<string, number>();
  for (const prefix of namespaces) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  const series = await take(db, counts);
  const without = [...counts].filter(([prefix]) => !series.has(prefix));
  if (without.length > 0) {
    // A namespace's first number, or the first of a new period.
    const begun = await db.all<{ prefix: string }>(sql.series_begin, { prefixes: without.map(([prefix]) => prefix) });
    const known = new Set(begun.map(({ prefix }) => prefix));
    const first = await take(db, new Map(without.filter(([prefix]) => known.has(prefix))));
    for (const [prefix, taken] of first) series.set(prefix, taken);
  }
  return namespaces.map((prefix) => {
    const taken = series.get(prefix);
    if (!taken) return namespaceUnknown(prefix);
    return { id: formatId(taken.format, taken.period, taken.first++), lane: taken.lane };
  });
}

async function take(db: Transaction, counts: Map<string, number>): Promise<Map<string, Taken>> {
  if (counts.size === 0) return new Map();
  const rows = await db.all<Taken>(sql.numbers_take, { prefixes: [...counts.keys()], counts: [...counts.values()] });
  return new Map(rows.map((row) => [row.prefix, row]));
}

export function namespaceUnknown(prefix: string): Refusal {
  return new Refusal("missing", "namespace.unknown", `There is no namespace ${prefix}.`, {
    hint: `An operator defines it: namespace.define {prefix: "${prefix}", format: "${prefix}-NNNN"}.`,
  });
}

export const define = command({
  name: "namespace.define",
  summary: "Define a namespace for ticket numbers, with the form of its ids.",
  input: z.object({
    prefix: Prefix,
    format: text(40)
      .regex(FORMAT, "must be PREFIX- then YYYYMMDD, YYYYMM, YYYY or nothing, then N once for each digit")
      .describe("CMB-NNNN, FLT-YYYYMMDDNN or ORA-YYYY-NNNN; counting begins anew in each period."),
    lane: text(60).min(1).optional().describe("The lane of its tickets unless they say another; else the prefix."),
  }),
  output: z.object({ prefix: z.string(), format: z.string(), lane: z.string() }),
  may: KEEPERS,
  allocates: true,
  events: ["namespace.defined"],
  refuses: ["namespace.exists", "namespace.format"],
  async run(world, { input }) {
    const lane = input.lane ?? input.prefix;
    const { prefix, format } = input;
    if (FORMAT.exec(format)![1] !== prefix)
      throw new Refusal("invalid", "namespace.format", `format: must begin with ${prefix}-`, {
        fields: [{ field: "format", message: `must begin with ${prefix}-` }],
      });
    const [known] = await world.db.all(sql.namespace_find, { prefix });
    if (known)
      throw new Refusal("conflict", "namespace.exists", `${prefix} is defined as ${known.format}.`, {
        facts: { prefix, format: known.format, lane: known.lane },
        hint: "A namespace keeps its format for ever; choose another prefix.",
      });
    const period_form = FORMAT.exec(format)![2]?.replace("-", "") ?? null;
    world.db.send(sql.namespace_insert, { prefix, format, period_form, lane });
    const data = { prefix, format, lane };
    return { output: data, events: [{ kind: "namespace.defined", subject: prefix, data }] };
  },
});

export const listNamespaces = query({
  name: "namespace.list",
  summary: "List the namespaces with their formats and how many numbers each has given.",
  input: z.object({}),
  output: z.object({
    namespaces: z.array(z.object({ prefix: z.string(), format: z.string(), lane: z.string(), numbers_given: z.int() })),
  }),
  may: roles,
  refuses: [],
  async read({ db }) {
    return { namespaces: await db.all(sql.namespace_list) };
  },
});

/** The namespaces with the lanes of their tickets. */
export function namespacesOf(db: Reader): Promise<{ prefix: string; lane: string }[]> {
  return db.all(sql.namespace_list);
}
