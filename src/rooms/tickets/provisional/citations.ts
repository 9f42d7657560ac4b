import { PROVISIONALS } from "./shapes.ts";

/** The provisional ids that stand in the texts of an input. */
export function provisionalsIn(value: unknown): string[] {
  if (typeof value === "string") return value.match(PROVISIONALS) ?? [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(provisionalsIn);
}

/** An input with final ids where provisional ones stood; one that has no final id yet stays as it is. */
export function rewritten<T>(value: T, finals: ReadonlyMap<string, string>): T {
  if (typeof value === "string")
    return value.replaceAll(PROVISIONALS, (provisional) => finals.get(provisional) ?? provisional) as T;
  if (Array.isArray(value)) return value.map((one) => rewritten(one, finals)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, one]) => [field, rewritten(one, finals)])) as T;
}
