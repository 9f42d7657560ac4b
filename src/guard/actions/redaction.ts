/**
 * What is found is sent to the server, stored and shown: secrets are taken out first. It errs on the side of taking
 * out too much; nobody decides by the words that are lost.
 */
const HIDDEN = "…";
/** More than a reader of a denial wants to see. */
const CHARACTERS_MAX = 300;
/** The patterns below look for each end of a long word from each of its letters: half a megabyte took minutes. */
const LOOKED_AT_MAX = 4000;

const names = "token|secret|key|passwd|password|pwd|credentials?|auth";
const secret = String.raw`[^\s'"\`;|&<>]+`;
const rules: readonly [RegExp, string][] = [
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
  // Tokens that their issuers gave a shape.
  [/\b(?:gh[pousr]_|github_pat_|glpat-|npm_|sk-|sk_live_|rk_live_|xox[bpas]-|lw_|AKIA|pypi-)[\w-]{8,}/g, HIDDEN],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, HIDDEN],
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
