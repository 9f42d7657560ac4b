import type { JsonSchema } from "../../kernel/catalogue.ts";

/**
 * A query string has only texts; the operation's schema says what they mean. What does not fit stays a text, so that
 * the door names the field and says what was wrong with it.
 */
export function typedQuery(input: JsonSchema, query: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, typed(input.properties?.[name] ?? {}, value)]),
  );
}

function typed(schema: JsonSchema, value: unknown): unknown {
  if (schema.type === "array")
    return (Array.isArray(value) ? value : [value]).map((one) => typed(schema.items ?? {}, one));
  if (typeof value !== "string") return value;
  if ((schema.type === "integer" || schema.type === "number") && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (schema.type === "boolean" && (value === "true" || value === "false")) return value === "true";
  return value;
}
