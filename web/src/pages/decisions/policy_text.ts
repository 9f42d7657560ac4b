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
