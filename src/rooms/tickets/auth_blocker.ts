import { withoutSecrets } from "../../guard/actions/redaction.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { readMarkers } from "./markers.ts";

/** Why access can be missing (origins A2). Each has another way out, so "blocked on auth" alone says nothing. */
const CLASSES = [
  "missing_grant",
  "stale_secret",
  "wrong_loader",
  "dormant_orbit",
  "encrypted_secret_source",
  "true_operator_secret_action",
  "auth_present_wrong_scope",
] as const;

const CLASS = "AUTH_BLOCKER_CLASS";
/** What whoever takes the blocker up needs to know, and never the secret itself. */
const NEEDED = [
  CLASS,
  "PRODUCT_LANE",
  "SERVICE",
  "ACCOUNT",
  "SOURCE_SURFACE",
  "STATE_OF_GRANT",
  "LAST_VALIDATED",
  "NEXT_SAFE_ACTION",
] as const;
const FIELDS: readonly string[] = [...NEEDED, "ORBIT_REACTIVATION"];

/** The words by which people say that access is missing. */
const OF_AUTH = new RegExp(
  String.raw`\b(${[
    "auth|authenticat(ion|e|ed)|authori[sz]ation|unauthori[sz]ed|oauth2?|sso|2fa|mfa|log ?in|sign ?in|401|403",
    "credentials?|secrets?|passwords?|passphrase|keychain|service account|(permission|access) denied",
    "(api|access|ssh|deploy|signing)[ _-]?keys?|missing (grant|scope)",
    "(access|api|bearer|refresh|session|expired|stale|missing|invalid) tokens?",
    "tokens? (has |have |is |are )?(expired|revoked|missing|invalid)",
  ].join("|")})\b`,
  "i",
);

/** Whether a text says of something that it is blocked on access. */
export function isOfAuth(words: string): boolean {
  return OF_AUTH.test(words) || readMarkers(words).some(({ marker }) => marker === CLASS);
}

/** What a longer text says of a blocker on access: the lines of the block, or an empty one where it has none. */
export function authLines(words: string): string[] {
  const lines = readMarkers(words).filter(({ marker }) => FIELDS.includes(marker));
  if (lines.length > 0) return lines.map(({ marker, value }) => `${marker}: ${value}`);
  return isOfAuth(words) ? [`${CLASS}:`] : [];
}

/** What a blocker says that only sounds like one on access. */
const NOT_OF_AUTH = /^none\s*-\s*\S/;

/**
 * The reason of a blocker as it may be kept, or why it is refused: one on access without the whole block could be taken
 * up by nobody (J34).
 */
export function blockedReason(reason: string): string | Refusal {
  if (!isOfAuth(reason)) return reason;
  const said = new Map(readMarkers(reason).map(({ marker, value }) => [marker, value]));
  const which = said.get(CLASS) ?? "";
  const missing = NEEDED.filter((field) => !said.get(field));
  const isKnown = (CLASSES as readonly string[]).includes(which);
  if (NOT_OF_AUTH.test(which) || (missing.length === 0 && isKnown)) return withoutSecretValues(reason);
  const wrong = which === "" || isKnown ? [] : [`${CLASS} is none of ${CLASSES.join(", ")}`];
  const lacking = missing.length === 0 ? [] : [`these lines are missing: ${missing.join(", ")}`];
  const message = `a blocker on access says what is missing where; ${[...wrong, ...lacking].join("; ")}`;
  return new Refusal("invalid", "blocker.unclassified", `reason: ${message}`, {
    fields: [{ field: "reason", message }],
    hint:
      `Say it again with these lines in the reason (in a post: in its body), and no secret in them: ` +
      `${NEEDED.map((field) => `${field}: …`).join(" / ")}. ${CLASS} is one of ${CLASSES.join(", ")}; ` +
      `"none - WHY" where it is no matter of access.`,
    facts: { missing, classes: CLASSES },
  });
}

/** `token: x`, `the password is x1`. A command would say `token=x`, which is known already. */
const NAMED = String.raw`(?:token|secret|passwd|password|passphrase|pin|api[ _-]?key|access[ _-]?key)s?`;
const SAID_PLAINLY = new RegExp(String.raw`\b(${NAMED}\s*(?::\s*|\bis\s+(?=\S*\d)))(?!…)\S+`, "gi");
/** A word that no person has thought of: long, of letters and digits mixed, and no commit. */
const WORD = /[\w+/=-]{24,}/g;

/** A text about access without the values of secrets. It takes out too much rather than too little. */
export function withoutSecretValues(words: string): string {
  return words
    .split("\n")
    .map((line) =>
      withoutSecrets(line.replace(SAID_PLAINLY, "$1…")).replace(WORD, (word) => (isRandom(word) ? "…" : word)),
    )
    .join("\n");
}

function isRandom(word: string): boolean {
  if (/^[0-9a-f]{40}$/.test(word) || word.includes("/")) return false;
  return /\d/.test(word) && /[A-Za-z]/.test(word) && new Set(word).size >= 10 && !/^[A-Z]+(-[\w]+)*-\d+$/.test(word);
}
