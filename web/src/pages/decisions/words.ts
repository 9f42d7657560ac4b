import { spelled } from "../../ui/spelled.ts";
import type { Tone } from "../../ui/tone.ts";

/** What each rung of the authority ladder asks for. */
export const rungs: Readonly<Record<string, string>> = {
  L0: "L0: nobody approves first",
  L1: "L1: a strategist approves first",
  L2: "L2: the operator approves first",
};

/** How a denied act gets done all the same. */
export const ways: Readonly<Record<string, string>> = {
  dispatch: "dispatch it",
  claim: "claim the ticket first",
  approval: "a strategist’s approval",
  consent: "the operator’s yes",
  propose: "propose it",
  escalate: "escalated",
};

/** What came out, as one says it. */
export const outcomes: Readonly<Record<string, { word: string; tone: Tone }>> = {
  deny: { word: "denied", tone: "bad" },
  allow: { word: "allowed", tone: "good" },
};

/** `deploy environment production` */
export function act({
  action,
  resource_type,
  resource_id,
}: Record<"action" | "resource_type" | "resource_id", string>) {
  return `${action.replaceAll("_", " ")} ${resource_type} ${spelled(resource_id)}`;
}
