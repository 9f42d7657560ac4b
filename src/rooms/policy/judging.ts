import type { Ask, Standing } from "./authority/index.ts";
import { type DecisionInput, type Prepared, type Properties, type Verdict, withKnown } from "./engine.ts";
import type { Asked, Named } from "./facts.ts";
import { verdictOf } from "./remembering.ts";

/** What the ladder goes by. Nobody who is not known here has an approval under a seat's name: seats have no colon. */
export function askOf(asked: Asked, { subject }: Pick<Named, "subject">): Ask {
  const { action, action_properties, resource_type, resource_id, resource_properties, context } = asked;
  const wording = [action_properties.text, action_properties.sha].find((one) => typeof one === "string" && one !== "");
  const words = context.consent_words;
  return {
    subject: subject ?? `${asked.subject_type}:${asked.subject_id}`,
    action,
    resource_type,
    resource_id,
    // What nobody said to be harmless is not.
    production: resource_properties.production !== false,
    ...(typeof wording === "string" ? { wording } : {}),
    ...(typeof words === "string" ? { words } : {}),
  };
}

/** The ask by what the policy knows of the thing, which counts more than what anybody says of it. */
export function askKnown({ source }: Prepared, ask: Ask): Ask {
  const { resource_type: type, resource_id: id, production } = ask;
  const { properties } = withKnown(source, { type, id, properties: { production } });
  return { ...ask, production: properties.production !== false };
}

export type Judgement = {
  /** As it was decided, with the standing that it needed. */
  input: DecisionInput;
  verdict: Verdict;
  /** What an allowed act rests on, and uses up. */
  rests: { approval: number | null; consent: number | null };
};

/** Decides by the least that is enough: what can be used once is left for another time unless it is needed. */
export function judge(policy: Prepared, wanted: DecisionInput, { rung, ...standing }: Standing): Judgement {
  const approval = standing.approval?.state === "granted" ? standing.approval.id : null;
  const { consent } = standing;
  const bare = inputAt(wanted, { rung, approved: false, consented: false });
  const plain = { input: bare, verdict: verdictOf(policy, bare), rests: { approval: null, consent: null } };
  if (plain.verdict.effect === "allow" || (approval === null && consent === null)) return plain;
  const input = inputAt(wanted, { rung, approved: approval !== null, consented: consent !== null });
  const verdict = verdictOf(policy, input);
  return { input, verdict, rests: verdict.effect === "allow" ? { approval, consent } : plain.rests };
}

function inputAt(input: DecisionInput, standing: Properties): DecisionInput {
  return { ...input, context: { ...input.context, standing } };
}
