import { ApiError } from "../../../api/client.ts";

/** What the server has against a policy, and where: `rules.3.protocol.command`. */
export type Fault = { at: string; message: string };

/** The place of a refusal; null where it is not about the policy's text. */
export function faultOf(error: Error | null): Fault | null {
  if (!(error instanceof ApiError) || error.problem.code !== "policy.malformed") return null;
  const [first] = error.problem.fields ?? [];
  if (first === undefined) return null;
  const at = first.field.replace(/^text\.?/, "");
  // Beside the field itself, neither its place nor the rule's name has to be said again.
  return { at, message: first.message.replace(`${error.problem.rule}: `, "").replace(`${at}: `, "") };
}

/** What is wrong below a place, as seen from there. */
export function within(fault: Fault | null, place: string): Fault | null {
  if (fault === null || !`${fault.at}.`.startsWith(`${place}.`)) return null;
  return { at: fault.at.slice(place.length + 1), message: fault.message };
}

/** What is wrong with one field. */
export function faultAt(fault: Fault | null, field: string): string | undefined {
  return fault?.at === field ? fault.message : undefined;
}
