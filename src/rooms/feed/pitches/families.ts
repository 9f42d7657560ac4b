import type { Caller } from "../../../kernel/operation.ts";

/** The providers behind the names by which fleets call their seats. What is not known here is its own family. */
const PROVIDERS: readonly [provider: string, names: RegExp][] = [
  ["anthropic", /^(claude|opus|sonnet|haiku)\d*$/],
  ["openai", /^(codex|(chat)?gpt\w*|o[1-9])$/],
  ["google", /^(gemini|gemma)\d*$/],
];

/** Who agrees with whom easily: seats of one provider; a person or a service is alone. */
export function familyOf({ name, incarnation }: Pick<Caller, "name" | "incarnation">): string {
  if (incarnation === null) return name;
  const first = name.split(/[-./]/)[0]!.toLowerCase();
  return PROVIDERS.find(([, names]) => names.test(first))?.[0] ?? first;
}

export const verdicts = ["ACK", "ADOPT", "ADOPT_FOR_DOCTRINE_ONLY", "ADOPT_FOR_ESSAY", "DEFER", "INFORM"] as const;
type Verdict = (typeof verdicts)[number];
/** They say that it was read, not what should be done. */
const NO_VOTE: readonly Verdict[] = ["ACK", "INFORM"];

export type Response = { seat: string; family: string; verdict: Verdict };

/**
 * Counts families, not seats: those of one provider agree easily, so their agreement is one vote (J51). A family whose
 * seats do not agree has none. Who pitched speaks for its family as well.
 */
export function tally(responses: readonly Response[], pitch: { family: string; families_min: number }) {
  const families = Map.groupBy(
    responses.filter(({ verdict }) => !NO_VOTE.includes(verdict)),
    ({ family }) => family,
  );
  const votes = [...families].map(([family, said]) => {
    const one = new Set(said.map(({ verdict }) => verdict));
    const isSplit = one.size > 1 || (family === pitch.family && !one.has("ADOPT"));
    return { family, vote: isSplit ? null : said[0]!.verdict, seats: said.map(({ seat }) => seat) };
  });
  const adopting = votes.filter(({ vote }) => vote === "ADOPT").map(({ family }) => family);
  const isAgainstItself = votes.some(({ family, vote }) => family === pitch.family && vote === null);
  const counted = new Set(isAgainstItself ? adopting : [...adopting, pitch.family]);
  return {
    votes,
    families: [...counted].sort(),
    adopted: adopting.length > 0 && counted.size >= pitch.families_min,
  };
}
