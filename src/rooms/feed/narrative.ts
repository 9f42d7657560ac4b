import type { Row } from "../tickets/index.ts";
import { CARRY_MINUTES } from "./pitches/adopting.ts";

// The words between are bounded, so that no text is read twice.
const CLEARED = /cleared|gone|resolved|lifted|satisfied|met|done/.source;
const CLAIMS_TO_CLEAR = new RegExp(
  String.raw`\b(unblock(s|ed)?|no longer blocked|(blockers?|prerequisites?)\b[^.!?\n]{0,30}\b(${CLEARED}))\b`,
  "i",
);
const CLAIMS_TO_ADOPT = /\bADOPT(?!_FOR_)\b|\b(we|I) adopt\b|\bdecision:? adopted\b/i;
/** The verdict word itself, as the fleets write it: whoever says this owes a ticket. */
const ADOPTS = /\bADOPT(?!_FOR_|S)\b|\b[Dd]ecision:? adopted\b/;

type Words = { subject: string; body: string };

/** Whether a narrative adopts a decision, and so owes the ticket that carries it out (J13). */
export function adopts({ subject, body }: Words): boolean {
  return ADOPTS.test(`${subject}\n${body}`);
}

/** Whether a narrative says that something is unblocked. */
export function clears({ subject, body }: Words): boolean {
  return CLAIMS_TO_CLEAR.test(`${subject}\n${body}`);
}

/**
 * What a narrative seems to want and does not do (J12, J13). A narrative never moves anything; its author is told,
 * with the command that would.
 */
export function narrativeWarnings(words: Words, about: readonly Row[] = [], adoption: number | null = null): string[] {
  const text = `${words.subject}\n${words.body}`;
  return [...(clears(words) ? [notCleared(about)] : []), ...(CLAIMS_TO_ADOPT.test(text) ? [notAdopted(adoption)] : [])];
}

function notCleared(about: readonly Row[]): string {
  const said = "This narrative says that something is unblocked. It moved nothing";
  const blocked = about.filter(({ state }) => state === "blocked");
  if (blocked.length === 0) return `${said}: say ticket.unblock {id, reason}.`;
  const each = blocked.map(({ id }) => `longwatch ticket unblock --id ${id} --reason "WHAT CLEARED IT"`);
  const ids = blocked.map(({ id }) => id).join(", ");
  return `${said}: ${ids} is still blocked. ticket.unblock moves it: ${each.join("; ")}`;
}

function notAdopted(adoption: number | null): string {
  const said =
    "This narrative adopts a decision. It moved nothing: file the ticket that carries it out with ticket.file";
  if (adoption === null) return `${said}.`;
  const line = `ADOPTS: ${adoption}`;
  return (
    `${said} within ${CARRY_MINUTES} minutes, and the line ${line} in its body: ` +
    `longwatch ticket file --namespace NAMESPACE --title "WHAT IS TO BE DONE" --body "${line}"`
  );
}
