/** The field markers that the founding fleets write into posts (origins A2). Each stands at the start of a line. */
export const MARKERS = [
  "ITEM",
  "LANE",
  "QUEUE",
  "STATE",
  "OWNER",
  "PRIORITY",
  "CONFIRM-PENDING",
  "CONFIRMED",
  "AMENDMENT",
  "PRIOR-DIAGNOSTIC",
  "ABSORB",
  "SURFACE_KEY",
  "NO_OVERLAP_PROOF",
  "PARENT",
  "OBJECTIVE_PROGRESS",
  "INTENT",
  "WHY",
  "FOLLOW-ONS",
  "activation",
  "WORK_PROOF",
  "DELIVERABLE",
  "MERGE",
  "USER-VALUE-CLOSURE",
  "DESIGN-REVIEW",
  "AUTH_BLOCKER_CLASS",
  "PRODUCT_LANE",
  "SERVICE",
  "ACCOUNT",
  "SOURCE_SURFACE",
  "STATE_OF_GRANT",
  "LAST_VALIDATED",
  "NEXT_SAFE_ACTION",
  "ORBIT_REACTIVATION",
  "CROSS_PROVIDER_PEER_REVIEW",
  "CROSS_PROVIDER_CONSULTED",
  "CROSS_PROVIDER_CATCH",
  "WAKE-AS-UI-LABEL",
  "POSTING-AS-ADOPTED",
  "RESPONSES",
] as const;

const LINE = new RegExp(`^\\s*(${MARKERS.join("|")}):[ \\t]*(.*)$`);

export type Marker = { marker: string; value: string };

/** Reads the markers of a text, in order. A marker may come more than once (ABSORB does). */
export function readMarkers(body: string): Marker[] {
  return body.split(/\r?\n/).flatMap((line) => {
    const found = LINE.exec(line);
    return found ? [{ marker: found[1]!, value: found[2]!.trim() }] : [];
  });
}

// The words between are bounded, so that no text is read twice.
const CLEARED = /cleared|gone|resolved|lifted|satisfied|met|done/.source;
const CLAIMS_TO_CLEAR = new RegExp(
  String.raw`\b(unblock(s|ed)?|no longer blocked|(blockers?|prerequisites?)\b[^.!?\n]{0,30}\b(${CLEARED}))\b`,
  "i",
);
const CLAIMS_TO_ADOPT = /\bADOPT(?!_FOR_)\b|\b(we|I) adopt\b|\bdecision:? adopted\b/i;

/**
 * What a narrative seems to want and does not do (J12, J13). A narrative never moves anything; its author is told,
 * with the command that would.
 */
export function narrativeWarnings(subject: string, body: string): string[] {
  const text = `${subject}\n${body}`;
  return [
    ...(CLAIMS_TO_CLEAR.test(text)
      ? ["This narrative says that something is unblocked. It moved nothing: say ticket.unblock {id, reason}."]
      : []),
    ...(CLAIMS_TO_ADOPT.test(text)
      ? ["This narrative adopts a decision. It moved nothing: file the ticket that carries it out with ticket.file."]
      : []),
  ];
}
