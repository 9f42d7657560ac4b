import { type DecisionInput, evaluate, type Prepared, type Verdict } from "./engine.ts";

/**
 * Verdicts that this process came to. The engine is a pure function of the policy and the input, and costs about
 * 100 µs; the key is all that it depends on, so that nothing remembered is ever stale, or somebody else's. A fleet
 * asks the same things of the same kind of seat all day long.
 */
const REMEMBERED_MAX = 4_096;
/** Longer inputs are seldom the same again: with this bound the whole memory has 8 MB at the most. */
const KEY_CHARACTERS_MAX = 1_024;

const verdicts = new Map<string, Verdict>();

/** The verdict, made now or remembered. It is shared: nobody may change it. */
export function verdictOf(policy: Prepared, input: DecisionInput): Verdict {
  const { type, id, properties } = input.subject;
  const name = policy.namesSomebody || id === input.resource.id ? id : null;
  const key = JSON.stringify([policy.digest, name, type, properties, input.action, input.resource, input.context]);
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = evaluate(policy, input);
  // What an error says may have the subject's name in it.
  if (key.length > KEY_CHARACTERS_MAX || verdict.errors.length > 0) return verdict;
  verdicts.set(key, verdict);
  if (verdicts.size > REMEMBERED_MAX) verdicts.delete(verdicts.keys().next().value!);
  return verdict;
}
