/**
 * What is found is sent to the server, stored and shown: secrets are taken out first. It errs on the side of taking
 * out too much; nobody decides by the words that are lost.
 */
const HIDDEN = "…";
/** More than a reader of a denial wants to see. */
const CHARACTERS_MAX = 300;
/** The patterns below look for each end of a long word from each of its letters: half a megabyte took minutes. */
const LOOKED_AT_MAX = 4000;

const names = "token|secret|key|passwd|password|pwd|credentials?|auth|signature";
const secret = String.raw`[^\s'"\`;|&<>]+`;
/** A private key as files have it. It goes over lines, so it is taken out before anything is read line by line. */
const PRIVATE_KEY = /-----BEGIN[^-\n]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END[^-\n]{0,40}-----|$)/g;
/** Tokens that their issuers gave a shape. */
const SHAPED = new RegExp(
  [
    String.raw`\b(?:gh[pousr]_|github_pat_|glpat-|npm_|sk-|[sr]k_(?:live|test)_|whsec_|xox[bpas]-|xapp-|lw_|A[KS]IA` +
      String.raw`|pypi-|AIza|ya29\.|SG\.|hf_|hvs\.|dop_v1_|shp(?:at|ss|ca|pa)_|lin_api_)[\w.-]{8,}`,
    String.raw`\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`,
    // The address itself is the secret.
    String.raw`\bhooks\.slack\.com/services/[\w/]{8,}`,
  ].join("|"),
  "g",
);

/** Whether a text holds what its issuer made to be known as a secret. */
export const holdsShaped = (text: string): boolean => text.search(SHAPED) >= 0 || text.search(PRIVATE_KEY) >= 0;

export const withoutPrivateKeys = (text: string): string => text.replace(PRIVATE_KEY, HIDDEN);

const rules: readonly [RegExp, string][] = [
  [PRIVATE_KEY, HIDDEN],
  // Authorization: Bearer x, X-Api-Key: x, Cookie: x
  [/\b((?:proxy-)?authorization|x-[\w-]*(?:key|token|secret)|cookie)\s*[:=]\s*[^'"\n]+/gi, `$1: ${HIDDEN}`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${HIDDEN}`],
  // A user and a password in an address. The user may be the token.
  [/([a-z][\w+.-]*:\/\/)[^\s/'"@]+@/gi, `$1${HIDDEN}@`],
  // DEPLOY_TOKEN=x, --password x, token: "x"
  [new RegExp(String.raw`([\w-]*(?:${names})\s*=\s*)(?:"[^"]*"|'[^']*'|${secret})`, "gi"), `$1${HIDDEN}`],
  [
    new RegExp(
      String.raw`(--?[\w-]*(?:token|secret|api-?key|passwd|password|auth)\s+)(?:"[^"]*"|'[^']*'|${secret})`,
      "gi",
    ),
    `$1${HIDDEN}`,
  ],
  [/("[\w-]*(?:token|secret|key|password)"\s*:\s*)"[^"]*"/gi, `$1"${HIDDEN}"`],
  // mysql -psecret; curl -u user:secret
  [/(\bmysql\w*\b[^|;&\n]*?\s-p)[^\s'"]+/g, `$1${HIDDEN}`],
  [/(\bcurl\b[^|;&\n]*?\s(?:-u|--user)[\s=]?)\S+/g, `$1${HIDDEN}`],
  // https://host/path?sig=x
  [/([?&]sig=)[^\s&'"]+/g, `$1${HIDDEN}`],
  [SHAPED, HIDDEN],
];

/** A line without secrets. What stands behind its first few thousand characters is left out: nobody looked at it. */
export function withoutSecrets(line: string): string {
  const cut = line.length > LOOKED_AT_MAX ? HIDDEN : "";
  return rules.reduce((kept, [pattern, instead]) => kept.replace(pattern, instead), line.slice(0, LOOKED_AT_MAX)) + cut;
}

/** A command's text as it may be kept: without secrets, on one line, not too long. */
export function redact(text: string): string {
  const kept = withoutSecrets(text).replace(/\s+/g, " ").trim();
  return kept.length > CHARACTERS_MAX ? `${kept.slice(0, CHARACTERS_MAX - 1)}${HIDDEN}` : kept;
}
