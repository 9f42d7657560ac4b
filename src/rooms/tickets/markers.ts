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
  "ADOPTS",
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
