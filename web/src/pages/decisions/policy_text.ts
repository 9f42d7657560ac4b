/** What a rule says to do instead of what it forbids. */
export type Instead = { do: string; via: string; command: string };

/** One boundary or one grant of a policy. */
export type Rule = {
  name: string;
  effect: "permit" | "forbid";
  cedar: string;
  reason: string;
  protocol: Instead | null;
};

/** A policy as its text says it. */
export type Policy = {
  rules: Rule[];
  unmatched: { reason: string; protocol: Instead };
  entities?: { type: string; id: string; properties?: Record<string, unknown> }[];
};

/** Reads the text that the server keeps: it has checked it. */
export function readPolicy(text: string): Policy {
  return JSON.parse(text) as Policy;
}

/** What a text says, where it has a policy's shape: what its rules say is the server's to judge. */
export function readable(text: string): Policy | null {
  let policy: Partial<Policy> | null;
  try {
    policy = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(policy?.rules) || !isInstead(policy.unmatched?.protocol)) return null;
  const areRules = policy.rules.every(
    (rule) =>
      areTexts([rule?.name, rule?.cedar, rule?.reason]) &&
      (rule.effect === "permit" || rule.effect === "forbid") &&
      (rule.protocol === null || isInstead(rule.protocol)),
  );
  const hasEntities = policy.entities === undefined || Array.isArray(policy.entities);
  return areRules && hasEntities && areTexts([policy.unmatched?.reason]) ? (policy as Policy) : null;
}

const areTexts = (values: readonly unknown[]) => values.every((value) => typeof value === "string");
const isInstead = (way: Instead | undefined) => areTexts([way?.do, way?.via, way?.command]);

/** The text as one edits it: what a rule is called and says stands before how it says it. */
export function spread(text: string): string {
  const { rules, ...rest } = readPolicy(text);
  const ordered = rules.map(({ name, effect, reason, cedar, protocol, ...more }) => {
    return { name, effect, reason, cedar, protocol, ...more };
  });
  return JSON.stringify({ rules: ordered, ...rest }, null, 2);
}

/** The text without what is only there for the eye; as it is where it is no JSON, so that the server says why. */
export function packed(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** What stands in one text and not in another: by the rules' names, and whether what is no rule is otherwise. */
export type Difference = {
  added: string[];
  removed: string[];
  changed: string[];
  isReordered: boolean;
  rest: string[];
};

/** How `after` differs from `before`. */
export function difference(before: Policy, after: Policy): Difference {
  const [old, fresh] = [before, after].map(({ rules }) => new Map(rules.map((rule) => [rule.name, rule])));
  const both = [...fresh!.keys()].filter((name) => old!.has(name));
  const same = (one: unknown, other: unknown) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
  return {
    added: [...fresh!.keys()].filter((name) => !old!.has(name)),
    removed: [...old!.keys()].filter((name) => !fresh!.has(name)),
    changed: both.filter((name) => !same(old!.get(name), fresh!.get(name))),
    isReordered: !same(
      both,
      [...old!.keys()].filter((name) => fresh!.has(name)),
    ),
    rest: [
      ...(same(before.unmatched, after.unmatched) ? [] : ["what is said when nothing permits it"]),
      ...(same(before.entities ?? [], after.entities ?? []) ? [] : ["what the policy knows by itself"]),
    ],
  };
}

/** The same in the order of its names, so that two texts of one meaning are equal. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const names = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return names.map(([name, one]) => [name, sorted(one)]);
}
