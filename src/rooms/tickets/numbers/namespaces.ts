import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query, roles, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { KEEPERS } from "../../seats/index.ts";
import { DIGITS_MAX, FORMAT, Prefix } from "./format.ts";
import { type Namespace, passNames } from "./numbers.ts";

const sql = statements(
  "tickets/numbers",
  "aliases_like",
  "namespace_insert",
  "namespace_list",
  "namespaces_find",
  "series_begin",
);

export const define = command({
  name: "namespace.define",
  summary: "Define a namespace for ticket numbers, with the form of its ids.",
  input: z.object({
    prefix: Prefix,
    format: text(40)
      .regex(FORMAT, "must be PREFIX- then YYYYMMDD, YYYYMM, YYYY or nothing, then N once for each digit")
      .describe("CMB-NNNN, FLT-YYYYMMDDNN or ORA-YYYY-NNNN; counting begins anew in each period."),
    lane: text(60).min(1).optional().describe("The lane of its tickets unless they say another; else the prefix."),
    first: z
      .int()
      .min(1)
      .max(10 ** DIGITS_MAX - 1)
      .optional()
      .describe(
        "The number it begins with, where others went before; of the present period, if it has periods. Else 1.",
      ),
  }),
  output: z.object({ prefix: z.string(), format: z.string(), lane: z.string() }),
  may: KEEPERS,
  allocates: true,
  events: ["namespace.defined"],
  refuses: ["namespace.exists", "namespace.format"],
  async run(world, { input }) {
    const lane = input.lane ?? input.prefix;
    const { prefix, format, first } = input;
    if (FORMAT.exec(format)![1] !== prefix)
      throw new Refusal("invalid", "namespace.format", `format: must begin with ${prefix}-`, {
        fields: [{ field: "format", message: `must begin with ${prefix}-` }],
      });
    const [known] = await world.db.all<Namespace>(sql.namespaces_find, { prefixes: [prefix] });
    if (known)
      throw new Refusal("conflict", "namespace.exists", `${prefix} is defined as ${known.format}.`, {
        facts: { prefix, format: known.format, lane: known.lane },
        hint: "A namespace keeps its format for ever; choose another prefix.",
      });
    const period_form = FORMAT.exec(format)![2]?.replace("-", "") ?? null;
    world.db.send(sql.namespace_insert, { prefix, format, period_form, lane });
    if (first !== undefined) await world.db.all(sql.series_begin, { prefixes: [prefix], first });
    const names = await world.db.all<{ alias: string }>(sql.aliases_like, { beginning: `${prefix}-` });
    await passNames(
      world.db,
      names.map(({ alias }) => ({ alias, namespace: prefix })),
    );
    const data = { prefix, format, lane };
    return { output: data, events: [{ kind: "namespace.defined", subject: prefix, data: { ...data, first } }] };
  },
});

const Counted = z.int().describe("How far it has counted, in all its periods: numbers given, and those passed over.");

export const listNamespaces = query({
  name: "namespace.list",
  summary: "List the namespaces with their formats and how far each has counted.",
  input: z.object({}),
  output: z.object({
    namespaces: z.array(z.object({ prefix: z.string(), format: z.string(), lane: z.string(), numbers_given: Counted })),
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
