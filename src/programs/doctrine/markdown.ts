import { parse, stringify } from "yaml";
import { gateProblem, predicateProblem } from "../../rooms/doctrine/index.ts";

/** A record as the server tells it and takes it; only what a file says is looked at here. */
export type Told = { id: string; [field: string]: unknown };

/** How a field stands in the front matter. Everything else of a foreign record is kept under `extra`. */
const KINDS = {
  id: "text",
  type: "text",
  title: "text",
  dated: "text",
  maturity: "level",
  rule: "text",
  tags: "list",
  source: "text",
  observed_by: "list",
  activation_test: "text",
  applies: "text",
  applies_not: "text",
  rationale: "text",
  evidence: "list",
  exceptions: "list",
  hypothesis_test: "text",
  review_days: "number",
  gates: "list",
  review_triggers: "list",
  violated_by: "list",
  adopts: "truth",
  supersedes: "list",
  amends: "list",
  refs: "list",
  mode: "text",
  mechanisms: "list",
  sunset_on: "text",
} as const;
type Field = keyof typeof KINDS;
const FIELDS = Object.keys(KINDS) as Field[];

/** What other registries call the same. */
const ALSO = new Map<string, Field>(
  Object.entries({
    date: "dated",
    does_not_apply: "applies_not",
    known_exceptions: "exceptions",
    references: "refs",
    evidence_trail: "evidence",
    summary: "title",
  } as const),
);

const FRONT = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

/** The record as a file: front matter in YAML, then the body as it is. */
export function markdownOf(record: Told): string {
  const front: { [field: string]: unknown } = {};
  for (const field of FIELDS) if (says(record[field])) front[field] = record[field];
  const extra = (record.extra ?? {}) as { [field: string]: unknown };
  if (Object.keys(extra).length > 0) front.extra = extra;
  // Never folded: a line break that was not there before would be another text.
  const yaml = stringify(front, { lineWidth: 0, blockQuote: false });
  return `---\n${yaml}---\n${(record.body as string | undefined) ?? ""}`;
}

const says = (value: unknown) =>
  value !== undefined && value !== null && value !== "" && value !== false && !(Array.isArray(value) && !value.length);

export type Read = { input: Told; warnings: string[] } | { problem: string };

/** Reads a record out of a file; `name` is the file's, which may say the id. */
export function recordIn(text: string, name: string): Read {
  const [whole, yaml] = FRONT.exec(text) ?? [];
  if (whole === undefined) return { problem: "has no front matter: three hyphens, fields, three hyphens" };
  let front: unknown;
  try {
    // What it only minds is kept as it is, and nobody at a terminal knows what it speaks of.
    front = parse(yaml!, { maxAliasCount: 20, logLevel: "error" });
  } catch (error) {
    return { problem: `has front matter that is no YAML: ${(error as Error).message.split("\n")[0]}` };
  }
  if (typeof front !== "object" || front === null || Array.isArray(front))
    return { problem: "has front matter that is not fields" };
  // No object could hold it, so it would be lost without a word.
  if (Object.hasOwn(front, "__proto__")) return { problem: "has a field __proto__, which is no name for one" };
  const body = text.slice(whole.length);
  const warnings: string[] = [];
  const { extra: kept, ...given } = front as { [field: string]: unknown };
  const extra: { [field: string]: unknown } = isFields(kept) ? { ...kept } : kept === undefined ? {} : { extra: kept };
  const input: { [field: string]: unknown } = { body };
  for (const [name, value] of Object.entries(given)) {
    const plain = name.toLowerCase().replaceAll(/[\s-]+/g, "_");
    const field = (FIELDS as string[]).includes(plain) ? (plain as Field) : ALSO.get(plain);
    const read = field === undefined ? undefined : valueOf(field, value);
    if (field !== undefined && read !== undefined) input[field] = read;
    else {
      extra[name] = value;
      if (field !== undefined) warnings.push(`${name} is kept as it is: it does not read as ${field}`);
    }
  }
  input.id ??= /ORA-\d{4}-\d{4,9}/.exec(name)?.[0];
  input.title ??= /^#\s+(.+)$/m.exec(body)?.[1]?.trim();
  for (const field of ["id", "type", "title", "dated"])
    if (typeof input[field] !== "string") return { problem: `has no ${field === "dated" ? "date" : field}` };
  input.type = (input.type as string).toLowerCase();
  input.dated = (input.dated as string).slice(0, 10);
  return { input: { ...input, extra } as unknown as Told, warnings };
}

const isFields = (value: unknown): value is { [field: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a value means as this field; undefined for one that means nothing there. */
function valueOf(field: Field, value: unknown): unknown {
  const kind = KINDS[field];
  const isPlain = typeof value === "string" || typeof value === "number";
  if (kind === "truth") return typeof value === "boolean" ? value : undefined;
  if (kind === "number") return typeof value === "number" && Number.isInteger(value) ? value : undefined;
  if (kind === "level") {
    const level = /^M?([0-4])$/i.exec(String(value))?.[1];
    return level === undefined ? undefined : Number(level);
  }
  if (kind === "text") return isPlain ? String(value).trim() : undefined;
  const list = Array.isArray(value) ? value : isPlain && value !== "" ? [value] : [];
  if (list.some((one) => typeof one !== "string" && typeof one !== "number")) return undefined;
  const words = list.map((one) => String(one).trim());
  const problem = { gates: gateProblem, review_triggers: predicateProblem }[field as string];
  return problem && words.some((one) => problem(one) !== null) ? undefined : words;
}
