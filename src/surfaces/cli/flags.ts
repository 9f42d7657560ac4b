import type { JsonSchema, Operation } from "../../kernel/catalogue.ts";
import { type FieldProblem, Refusal } from "../../kernel/refusal.ts";

/** How a field of an operation's input is given on the command line. */
export type Flag = {
  /** The field's name in the input: `lease_seconds`. */
  field: string;
  /** Its spelling without the dashes: `lease-seconds`. */
  spelling: string;
  kind: "text" | "integer" | "number" | "boolean" | "json";
  /** Given several times, collected in order. */
  repeats: boolean;
  /** `--no-x` sets it to null (for a boolean: to false). */
  nullable: boolean;
  required: boolean;
  choices: string[] | undefined;
  /** It may also be given as the first word without a flag. */
  positional: boolean;
  schema: JsonSchema;
};

/** Long texts, which may come from a file (`@notes.md`) or standard input (`-`). */
const LONG_TEXTS = new Set(["body", "text"]);

export const takesFile = ({ field }: Flag) => LONG_TEXTS.has(field);
export const spell = (field: string) => field.replaceAll("_", "-");

/** The flags of an operation, in the order of its fields. */
export function flagsOf({ input }: Operation): Flag[] {
  const first = firstWord(input);
  return Object.entries(input.properties ?? {}).map(([field, property]) => {
    const { schema, nullable } = plain(property, input);
    const repeats = schema.type === "array";
    const each = repeats && schema.items ? plain(schema.items, input).schema : schema;
    const description = property.description ?? schema.description;
    return {
      field,
      spelling: spell(field),
      kind: kindOf(each),
      repeats,
      nullable,
      required: (input.required ?? []).includes(field),
      choices: choicesOf(each),
      positional: field === first,
      schema: { ...each, description, default: property.default ?? schema.default },
    };
  });
}

/** The field that may be said without its flag: the id, or the only thing that has to be said. */
function firstWord({ properties = {}, required = [] }: JsonSchema): string | undefined {
  if ("id" in properties) return "id";
  return required.length === 1 && properties[required[0]!]?.type === "string" ? required[0] : undefined;
}

/** Follows a reference and takes the null out of a choice between something and null. */
function plain(schema: JsonSchema, root: JsonSchema): { schema: JsonSchema; nullable: boolean } {
  if (typeof schema.$ref === "string") {
    const defs = root.$defs as Record<string, JsonSchema> | undefined;
    return plain(defs?.[schema.$ref.replace("#/$defs/", "")] ?? {}, root);
  }
  const branches = schema.anyOf ?? (Array.isArray(schema.type) ? schema.type.map((type) => ({ ...schema, type })) : []);
  if (branches.length === 0) return { schema, nullable: false };
  const some = branches.filter((branch) => branch.type !== "null");
  const nullable = some.length < branches.length;
  if (some.length === 1) return { schema: plain(some[0]!, root).schema, nullable };
  return { schema: some.every((branch) => branch.type === "string") ? { type: "string" } : {}, nullable };
}

function kindOf({ type, enum: words }: JsonSchema): Flag["kind"] {
  if (type === "integer" || type === "number" || type === "boolean") return type;
  return type === "string" || words?.every((word) => typeof word === "string") ? "text" : "json";
}

function choicesOf(schema: JsonSchema): string[] | undefined {
  const words = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  return words?.filter((word) => word !== null).map(String);
}

/** What was given for each field: text as typed, true or false for a boolean or `--no-x`, a list when it repeats. */
export type Given = Map<string, string | boolean | string[]>;

/** The input that the flags say. Every bad field is told at once, as the server would. */
export function inputOf(flags: readonly Flag[], given: Given): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  const fields: FieldProblem[] = [];
  for (const flag of flags) {
    const raw = given.get(flag.field);
    if (raw === undefined) {
      if (flag.required) fields.push({ field: flag.field, message: "is required" });
      continue;
    }
    try {
      input[flag.field] = valueIn(flag, raw);
    } catch (error) {
      fields.push({ field: flag.field, message: (error as Error).message });
    }
  }
  if (fields.length === 0) return input;
  const named = fields.map(({ field, message }) => `--${spell(field)} ${message}`).join("; ");
  throw new Refusal("invalid", "input.invalid", named, { fields, hint: "Add --help to see what may be said." });
}

function valueIn(flag: Flag, raw: string | boolean | string[]): unknown {
  if (Array.isArray(raw)) return raw.map((one) => single(flag, one));
  if (raw === false && flag.kind !== "boolean") return null;
  return typeof raw === "boolean" ? raw : single(flag, raw);
}

function single({ kind, choices, schema }: Flag, raw: string): unknown {
  if (choices && !choices.includes(raw)) throw new Error(`must be one of ${choices.join(", ")}, not "${raw}"`);
  if (kind === "text") return raw;
  if (kind === "json") return jsonOrText(raw);
  const value = Number(raw);
  const form = kind === "integer" ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  if (!form.test(raw) || !Number.isFinite(value) || (kind === "integer" && !Number.isSafeInteger(value)))
    throw new Error(`must be a ${kind === "integer" ? "whole " : ""}number, not "${raw}"`);
  const { least, most } = boundsOf(schema);
  if (least !== undefined && value < least) throw new Error(`must be at least ${least}, not ${raw}`);
  if (most !== undefined && value > most) throw new Error(`must be at most ${most}, not ${raw}`);
  return value;
}

function jsonOrText(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
}

/** The bounds that somebody chose: zod also writes those of every safe integer. */
export function boundsOf({ minimum, maximum }: JsonSchema): { least: number | undefined; most: number | undefined } {
  const chosen = (bound: unknown) =>
    typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
  return { least: chosen(minimum), most: chosen(maximum) };
}
