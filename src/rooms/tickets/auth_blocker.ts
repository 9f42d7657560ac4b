import { holdsShaped, withoutPrivateKeys, withoutSecrets } from "../../guard/actions/redaction.ts";
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
  return OF_AUTH.test(words) || holdsShaped(words) || readMarkers(words).some(({ marker }) => marker === CLASS);
}

/** A blocked ticket's reason holds no more characters. */
export const REASON_CHARACTERS_MAX = 2_000;

/** The reason of a blocker that another command makes of its caller's words: `field` is where the block stands. */
export function reasonOf(first: string, { field, words }: { field: string; words: string }): string | Refusal {
  const reason = [first, ...authLines(words)].join("\n");
  if (reason.length <= REASON_CHARACTERS_MAX) return blockedReason(reason, field);
  const message =
    `makes a reason of ${reason.length} characters with its lines on access; ` +
    `a ticket's reason holds ${REASON_CHARACTERS_MAX}`;
  return new Refusal("invalid", "input.invalid", `${field}: ${message}`, { fields: [{ field, message }] });
}

/** What a longer text says of a blocker on access: the lines of the block, or an empty one where it has none. */
function authLines(words: string): string[] {
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
export function blockedReason(reason: string, field = "reason"): string | Refusal {
  if (!isOfAuth(reason)) return reason;
  const said = new Map(readMarkers(reason).map(({ marker, value }) => [marker, value]));
  const which = said.get(CLASS) ?? "";
  const missing = NEEDED.filter((field) => !said.get(field));
  const isKnown = (CLASSES as readonly string[]).includes(which);
  if (NOT_OF_AUTH.test(which) || (missing.length === 0 && isKnown)) return withoutSecretValues(reason);
  const wrong = which === "" || isKnown ? [] : [`${CLASS} is none of ${CLASSES.join(", ")}`];
  const lacking = missing.length === 0 ? [] : [`these lines are missing: ${missing.join(", ")}`];
  const message = `a blocker on access says what is missing where; ${[...wrong, ...lacking].join("; ")}`;
  return new Refusal("invalid", "blocker.unclassified", `${field}: ${message}`, {
    fields: [{ field, message }],
    hint:
      `Say it again with these lines in ${field}, and no secret in them: ` +
      `${NEEDED.map((field) => `${field}: …`).join(" / ")}. ${CLASS} is one of ${CLASSES.join(", ")}; ` +
      `"none - WHY" where it is no matter of access.`,
    facts: { missing, classes: CLASSES },
  });
}

const PHRASE = "passwd|passwor[dt]|passphrase|kennwort";
const CODE = "(?:2fa|mfa|otp|one-time)[ -]code";
const NAMED = String.raw`(?:token|secret|${PHRASE}|pin|api[ _-]?key|access[ _-]?key|${CODE})s?`;
/** What stands behind the name of a secret and is none: a ticket's id, what a shell reads. */
const NO_SECRET = String.raw`(?!…|[A-Z]{1,12}-\d|[<>|;&])`;
/**
 * `token: x`, `the password is x1`, `secret "x"`, `pin 4821`. A command would say `token=x`, which is known already.
 * Behind its name a phrase goes to the end of its line, and a word that is no number or has no digit is none.
 */
const SAID_PLAINLY: readonly [RegExp, string][] = [
  [new RegExp(String.raw`(?<![A-Za-z])((?:${PHRASE})s?\s{0,9}[:：][ \t]*)${NO_SECRET}[^\n]+`, "gi"), "$1…"],
  [new RegExp(String.raw`(?<![A-Za-z])(${NAMED}\s{0,9}(?:[:：=]\s*|\bis\s+(?=\S*\d)))${NO_SECRET}\S+`, "gi"), "$1…"],
  [new RegExp(String.raw`(?<![A-Za-z])(${NAMED}\s{1,9})(["'\`])[^"'\`\n]+\2`, "gi"), "$1$2…$2"],
  [
    new RegExp(String.raw`(?<![A-Za-z])(${NAMED}\s{1,9})${NO_SECRET}(?=[^\s<>|;&/]{0,80}\d)[^\s<>|;&/]{4,}`, "gi"),
    "$1…",
  ],
  [/(?<=_)(pass\s{0,9}[:=]\s*)(?!…)\S+/gi, "$1…"],
  // Those of Amazon have slashes in them, and one length.
  [/(?<![\w/+=.-])(?=[^\s]{0,39}\d)(?=[^\s]{0,39}[A-Z])(?=[^\s]{0,39}[a-z])[A-Za-z0-9/+]{40}(?![\w/+=.-])/g, "…"],
];
/** A word that no person has thought of: long, of letters and digits mixed, and no commit. */
const WORD = /[\w+/=-]{24,}/g;

/** A text about access without the values of secrets. It takes out too much rather than too little. */
export function withoutSecretValues(words: string): string {
  return withoutPrivateKeys(words)
    .split("\n")
    .map((line) => {
      const plain = SAID_PLAINLY.reduce((kept, [pattern, instead]) => kept.replace(pattern, instead), line);
      return withoutSecrets(plain).replace(WORD, (word) => (isRandom(word) ? "…" : word));
    })
    .join("\n");
}

function isRandom(word: string): boolean {
  if (/^[0-9a-f]{40}$/.test(word) || word.includes("/")) return false;
  return /\d/.test(word) && /[A-Za-z]/.test(word) && new Set(word).size >= 10 && !/^[A-Z]+(-[\w]+)*-\d+$/.test(word);
}
