import { Refusal } from "../../kernel/refusal.ts";

/**
 * Words that promise more than one ticket can close (origins C5, 0109). They ask for an objective with a condition
 * under which it is closed, whose parts are tickets.
 */
const BROAD = /\b(all|every|everything|everywhere|complete|completely|entire|whole|historical|exhaustive)\b/gi;

const TITLE_CHARACTERS_MAX = 500;

/** What a denial says of the act that was denied. */
export type DeniedAct = {
  id: number;
  at: string;
  subject: string;
  action: string;
  resource_type: string;
  resource_id: string;
  reasons: readonly string[];
  /** The command that was denied, with its secrets taken out; null where nobody told. */
  text: string | null;
};

/** Whatever some reader takes for a new line. */
const BREAKS = /\r\n?|[\n\v\f\x85\u2028\u2029]/g;

/** What was denied is told in words that its asker chose: none of them begins a line, where our markers stand. */
function oneLine(words: string): string {
  return words.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
}

/** `deploy production: vercel deploy --prod`, in one line. */
export function titleOf({ action, resource_id, text }: DeniedAct): string {
  const title = oneLine(`${action} ${resource_id}${text === null ? "" : `: ${text}`}`);
  return [...title].slice(0, TITLE_CHARACTERS_MAX / 2).join("");
}

type Said = { intent?: string | undefined; diagnosis?: string | undefined; body: string };

/** The ticket's words: what is wanted and why, not the steps (0054), and what it rests on. */
export function bodyOf({ intent, diagnosis, body }: Said, act: DeniedAct | null): string {
  const wanted =
    intent ??
    (act && `${act.action} on ${oneLine(`${act.resource_type} ${act.resource_id}`)}, done by whom it is for.`);
  const reasons = act?.reasons.join(" ");
  const found = act && `decision ${act.id} of ${act.at}: ${reasons}`;
  const rests = [found, diagnosis].filter((one) => one).join(" — ");
  const lines = [
    wanted && `INTENT: ${wanted}`,
    act && `WHY: ${act.subject} was about to do it and was denied it; what it was for is wanted all the same.`,
    // Indented, so that no line of a command reads as a marker of ours.
    act?.text && `DENIED-COMMAND: ${act.text.replaceAll(BREAKS, "\n    ")}`,
    rests && `PRIOR-DIAGNOSTIC: ${rests}`,
    "CLAIMER MAY DECOMPOSE",
    body && `\n${body}`,
  ];
  return lines.filter((one) => one).join("\n");
}

/** Refuses words that one ticket cannot close, unless what closes them is told. */
export function refuseUnbounded(said: readonly (string | undefined)[], closes_when: string | null | undefined): void {
  if (closes_when) return;
  const words = [...new Set(said.flatMap((one) => one?.match(BROAD) ?? []).map((word) => word.toLowerCase()))];
  if (words.length === 0) return;
  const quoted = words.map((word) => `“${word}”`).join(", ");
  throw new Refusal("invalid", "dispatch.unbounded", `${quoted}: one ticket cannot close this.`, {
    hint:
      "Say what must be true for it to close with --closes-when, or make it a part of an objective that says so with " +
      "--parent; or name exactly what is to be done.",
    fields: [{ field: "closes_when", message: "is missing: the closing condition of what these words ask for" }],
    facts: { words },
  });
}

/** PRIOR-DIAGNOSTIC: what is given anew or split rests on something that was found out (J14). */
export function undiagnosed(what: string): Refusal {
  return new Refusal("invalid", "diagnosis.missing", `${what} rests on a diagnosis, and none was given.`, {
    hint: "Say in --diagnosis what was found out and when: an entry's number, a decision, a time and what it showed.",
    fields: [{ field: "diagnosis", message: "is missing: PRIOR-DIAGNOSTIC" }],
  });
}
