import { createRequire } from "node:module";
import type * as Cedar from "@cedar-policy/cedar-wasm/nodejs";
import { unencodable } from "../../kernel/encoding.ts";
import { encoded, malformed, type PolicySource, refuseUnclear, type Rule, type RuleProtocol } from "./rules.ts";

/** JSON. Cedar knows no null and no fraction: a null is left out, a fraction becomes its text. */
export type Properties = Record<string, unknown>;

/** Everything that a decision depends on. It is stored as canonical JSON and can be decided again. */
export type DecisionInput = {
  /** Of a seat: role, lane, state, claims, sub_agent, scope, kind. */
  subject: { type: string; id: string; properties: Properties };
  action: { name: string; properties: Properties };
  resource: { type: string; id: string; properties: Properties };
  /** `context.standing` is always there: { rung, approved, consented }. */
  context: Properties;
};

export type Verdict = {
  effect: "allow" | "deny";
  /** The rules that determined it, in the policy's order. */
  rules: string[];
  /** What kept rules from being decided: for operators, not for the asker. */
  errors: string[];
  reasons: string[];
  /** What to do instead: that of the first determining forbid, else the policy's own for what no rule permits. */
  protocol: RuleProtocol | null;
};

/** A policy that can decide. */
export type Prepared = {
  readonly digest: string;
  readonly source: PolicySource;
  /** The names of the actions that its rules speak of. */
  readonly actions: readonly string[];
  /**
   * Whether a rule speaks of somebody or something by name (`Seat::"X"`), or the policy knows entities by itself. Where
   * it does neither, two subjects of one type and with the same properties are decided alike.
   */
  readonly namesSomebody: boolean;
};

const require = createRequire(import.meta.url);
let loaded: typeof Cedar | null = null;

/** The engine is 4 MB of WebAssembly: loaded when something is decided, not whenever this program starts. */
function cedar(): typeof Cedar {
  return (loaded ??= require(PACKAGE) as typeof Cedar);
}

const PACKAGE = "@cedar-policy/cedar-wasm/nodejs";

/**
 * Runs a call into the engine. A trap (its stack is 1 MB, and deep nesting ends it) leaves the instance unusable for
 * good, so that a new one takes its place.
 */
function called<T>(call: (engine: typeof Cedar) => T): T {
  try {
    return call(cedar());
  } catch (error) {
    loaded = null;
    slots.clear();
    delete require.cache[require.resolve(PACKAGE)];
    throw error;
  }
}

/**
 * Cedar keeps parsed policies under names and forgets none, so there are few names, taken in turn: the active policies
 * of the tenants at work, and what a dry run compares. A policy that lost its place is parsed anew (about 1 ms).
 */
const SLOTS_MAX = 32;
const slots = new Map<string, string>();

function slotOf({ digest, source }: Prepared): string {
  const known = slots.get(digest);
  slots.delete(digest);
  const slot = known ?? freeSlot();
  if (known === undefined) {
    const staticPolicies = Object.fromEntries(source.rules.map(({ name, cedar: text }) => [name, text]));
    const answer = called((engine) => engine.preparsePolicySet(slot, { staticPolicies }));
    if (answer.type === "failure") throw new Error(answer.errors[0]?.message ?? "the policy cannot be parsed");
  }
  slots.set(digest, slot);
  return slot;
}

/** The one that was used longest ago gives up its place. */
function freeSlot(): string {
  if (slots.size < SLOTS_MAX) return `slot ${slots.size}`;
  const [digest, slot] = slots.entries().next().value!;
  slots.delete(digest);
  return slot;
}

/** Makes a policy ready to decide. Throws Refusal `policy.malformed` with the name of the rule that is at fault. */
export function prepare(source: PolicySource): Prepared {
  refuseUnclear(source);
  const named = new Map<string, Set<string>>();
  for (const [index, rule] of source.rules.entries()) collectNamed(read(rule, `rules.${index}.cedar`), named);
  const actions = [...(named.get("Action") ?? [])].sort();
  named.delete("Action");
  const namesSomebody = named.size > 0 || (source.entities ?? []).length > 0;
  return { digest: encoded(source).digest, source, actions, namesSomebody };
}

function read({ name, effect, cedar: text }: Rule, at: string): Cedar.PolicyJson {
  let answer: Cedar.PolicyToJsonAnswer;
  try {
    answer = called((engine) => engine.policyToJson(text));
  } catch {
    throw malformed("its Cedar is nested too deeply", name, at);
  }
  if (answer.type === "failure") throw malformed(answer.errors[0]?.message ?? "its Cedar cannot be read", name, at);
  if (answer.json.effect !== effect) throw malformed(`its Cedar is a ${answer.json.effect}, not a ${effect}`, name, at);
  return answer.json;
}

/** The entities that a policy names, by their types. As JSON it has them as { type, id }, wherever they stand. */
function collectNamed(value: unknown, into: Map<string, Set<string>>): void {
  if (typeof value !== "object" || value === null) return;
  const { type, id } = value as { type?: unknown; id?: unknown };
  if (typeof type === "string" && typeof id === "string") {
    const ids = into.get(type) ?? new Set();
    into.set(type, ids.add(id));
  }
  for (const inner of Object.values(value)) collectNamed(inner, into);
}

/** Told when a rule could not be decided. Which rule and why is in the log of decisions, not in the answer. */
const UNDECIDABLE = "This could not be decided from what is known of it, and what cannot be decided is denied.";

/**
 * Decides: pure and total. Nothing permitted is denied, a forbid beats every permit, and an error is a denial,
 * whichever rule it is in.
 */
export function evaluate(prepared: Prepared, input: DecisionInput): Verdict {
  let answer: Cedar.AuthorizationAnswer;
  try {
    const call = callOf(prepared.source, input);
    const preparsedPolicySetId = slotOf(prepared);
    answer = called((engine) => engine.statefulIsAuthorized({ ...call, preparsedPolicySetId }));
  } catch (error) {
    return denied(prepared.source, [], [(error as Error).message]);
  }
  if (answer.type === "failure")
    return denied(
      prepared.source,
      [],
      answer.errors.map(({ message }) => message),
    );
  const { decision, diagnostics } = answer.response;
  const determining = new Set(diagnostics.reason);
  const rules = prepared.source.rules.filter(({ name }) => determining.has(name));
  const errors = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`).sort();
  if (decision === "allow" && errors.length === 0)
    return { effect: "allow", rules: rules.map(({ name }) => name), errors, reasons: reasonsOf(rules), protocol: null };
  const forbids = rules.filter(({ effect }) => effect === "forbid");
  return denied(prepared.source, forbids, errors);
}

function denied({ unmatched }: PolicySource, forbids: readonly Rule[], errors: string[]): Verdict {
  const reasons = [...reasonsOf(forbids), ...(errors.length > 0 ? [UNDECIDABLE] : [])];
  return {
    effect: "deny",
    rules: forbids.map(({ name }) => name),
    errors,
    reasons: reasons.length > 0 ? reasons : [unmatched.reason],
    protocol: forbids[0]?.protocol ?? unmatched.protocol,
  };
}

function reasonsOf(rules: readonly Rule[]): string[] {
  return [...new Set(rules.map(({ reason }) => reason))];
}

type Question = Omit<Cedar.StatefulAuthorizationCall, "preparsedPolicySetId">;

function callOf(source: PolicySource, input: DecisionInput): Question {
  const problem = unencodable(input);
  if (problem !== null) throw new Error(`the request ${problem}`);
  const { action, context } = input;
  const subject = withKnown(source, input.subject);
  const resource = withKnown(source, input.resource);
  const principal = { type: entityType(subject.type), id: subject.id };
  const target = { type: entityType(resource.type), id: resource.id };
  const act = { type: "Action", id: action.name };
  const one = (uid: Cedar.TypeAndId, properties: Properties) => ({ uid, attrs: recordOf(properties), parents: [] });
  // Cedar refuses an entity that is told twice. Who acts on himself is one entity with both his properties.
  const itself = principal.type === target.type && principal.id === target.id;
  return {
    principal,
    action: act,
    resource: target,
    context: recordOf(context),
    entities: [
      one(principal, itself ? { ...resource.properties, ...subject.properties } : subject.properties),
      ...(itself ? [] : [one(target, resource.properties)]),
      // A rule can compare an entity, but not read its name: `principal.scope.contains(action.name)` needs a value.
      one(act, { ...action.properties, name: action.name }),
    ],
  };
}

/** What the policy knows counts; what the request says fills the rest. */
export function withKnown(
  { entities = [] }: PolicySource,
  { type, id, properties }: DecisionInput["subject"],
): DecisionInput["subject"] {
  const found = entities.find((entity) => entity.type === type && entity.id === id);
  return { type, id, properties: { ...properties, ...found?.properties } };
}

function recordOf(properties: Properties): Record<string, Cedar.CedarValueJson> {
  const record: Record<string, Cedar.CedarValueJson> = {};
  for (const [name, value] of Object.entries(properties)) {
    // Cedar's own escapes: `{"__entity": …}` in a request would be whatever entity the asker likes.
    if (name.startsWith("__")) throw new Error(`a field may not be called ${name}`);
    if (value === null || value === undefined) continue;
    Object.defineProperty(record, name, { value: cedarValue(value), enumerable: true });
  }
  return record;
}

function cedarValue(value: unknown): Cedar.CedarValueJson {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : String(value);
  if (Array.isArray(value)) return value.filter((inner) => inner !== null && inner !== undefined).map(cedarValue);
  if (typeof value === "object" && value !== null) return recordOf(value as Properties);
  return value as string | boolean;
}

const WORDS = /^[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*$/;

/**
 * The Cedar type of an AuthZEN type: `seat` is Seat, `build_agent` is BuildAgent. No two types share one, whatever they
 * are called: what is not such a word keeps its letters behind `X_`, with every other character by its number.
 */
export function entityType(type: string): string {
  if (WORDS.test(type) && type !== "action")
    return type
      .split("_")
      .map((word) => word[0]!.toUpperCase() + word.slice(1))
      .join("");
  return `X_${type.replaceAll(/[^A-Za-z0-9]/gu, (character) => `_${character.codePointAt(0)!.toString(16)}_`)}`;
}
