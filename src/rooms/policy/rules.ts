import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";

/** How a denied act gets done all the same: who or what stands between. */
export const ways = ["dispatch", "claim", "approval", "consent", "propose", "escalate"] as const;
export type Via = (typeof ways)[number];

const Sentence = text(1000).min(1);

/** What is filled in when a denial is told. */
const BLANKS = ["decision", "seat", "lane", "approval", "escalation"];

const Protocol = z.strictObject({
  do: Sentence.describe("What to do instead, as a sentence for people and models."),
  via: z.enum(ways),
  command: Sentence.refine(hasOnlyBlanks, `has a {blank} that is none of: ${BLANKS.join(", ")}`).describe(
    `The next command; ${BLANKS.map((blank) => `{${blank}}`).join(" ")} are filled in.`,
  ),
});

function hasOnlyBlanks(command: string): boolean {
  return [...command.matchAll(/\{(\w+)\}/g)].every(([, blank]) => BLANKS.includes(blank!));
}

/** What to do instead of a forbidden act. */
export type RuleProtocol = z.output<typeof Protocol>;

const Rule = z.strictObject({
  name: text(60).regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens"),
  effect: z.enum(["permit", "forbid"]),
  cedar: text(4000).min(1).describe("One Cedar policy."),
  reason: Sentence.describe("What a person or a model is told; it names the stage that decided, not the rule."),
  protocol: Protocol.nullable().describe("What to do instead. A forbid without one is refused."),
});

/** One boundary or one grant. */
export type Rule = z.output<typeof Rule>;

const Entity = z.strictObject({
  type: text(60).min(1),
  id: text(300).min(1),
  properties: z.record(text(60), z.unknown()).default({}),
});

/** A subject or resource that a policy knows by itself. What it knows counts more than what a request says. */
export type Entity = z.output<typeof Entity>;

const Source = z.strictObject({
  rules: z.array(Rule).max(200),
  unmatched: z
    .strictObject({ reason: Sentence, protocol: Protocol })
    .describe("What is said when no rule permits: denied is the default."),
  entities: z.array(Entity).max(2000).optional(),
});

/** A whole policy: rules in the order in which their reasons are told. */
export type PolicySource = {
  readonly rules: readonly Rule[];
  readonly unmatched: { readonly reason: string; readonly protocol: RuleProtocol };
  readonly entities?: readonly Entity[] | undefined;
};

/** A policy's bytes (RFC 8785) and their digest: under it a decision says by what it was decided. */
export function encoded(source: PolicySource): { bytes: Buffer; digest: string } {
  const bytes = Buffer.from(canonicalize(source)!);
  return { bytes, digest: createHash("sha256").update(bytes).digest("hex") };
}

/** Reads a proposed policy. */
export function parseSource(json: string): PolicySource {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw malformed(`it is not JSON: ${(cause as Error).message}`, "source", "");
  }
  const result = Source.safeParse(value);
  if (!result.success) {
    const [{ path, message }] = result.error.issues as [z.core.$ZodIssue];
    const at = path.join(".");
    throw malformed(`${at || "source"}: ${message}`, named(value, path), at);
  }
  refuseUnclear(result.data);
  return result.data;
}

/** The rule that a problem lies in, by its name where it has one. */
function named(value: unknown, [part, index]: readonly PropertyKey[]): string {
  if (part !== "rules" || typeof index !== "number") return String(part ?? "source");
  const { name } = (value as { rules: { name?: unknown }[] }).rules[index] ?? {};
  return typeof name === "string" ? name : `rules.${index}`;
}

/** What a shape cannot say: names that are taken twice, and a boundary without what to do instead. */
export function refuseUnclear({ rules, entities = [] }: PolicySource): void {
  const seen = new Set<string>();
  for (const [index, { name, effect, protocol }] of rules.entries()) {
    if (seen.has(name)) throw malformed("another rule has this name already", name, `rules.${index}.name`);
    seen.add(name);
    if (effect === "forbid" && protocol === null)
      throw malformed("a forbid needs a protocol: what to do instead", name, `rules.${index}.protocol`);
  }
  const known = new Set<string>();
  for (const { type, id } of entities) {
    const key = JSON.stringify([type, id]);
    if (known.has(key)) throw malformed(`${type} ${id} stands in entities twice`, "entities", "entities");
    known.add(key);
  }
}

/** A policy that cannot be decided by. `rule` says where by a name, `at` as a path in the source: `rules.3.cedar`. */
export function malformed(what: string, rule: string, at: string): Refusal {
  return new Refusal("invalid", "policy.malformed", `${rule}: ${what}`, {
    hint: "`longwatch policy show` prints the active policy's source; propose a changed copy of it.",
    facts: { rule },
    fields: [{ field: at === "" ? "text" : `text.${at}`, message: `${rule}: ${what}` }],
  });
}
