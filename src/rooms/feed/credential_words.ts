/** A credential that a text names. Never its value. */
type Mention = {
  name: string;
  /** granted: the text says that somebody has it now. registered: it names the register's row. naked: neither. */
  how: "granted" | "registered" | "naked";
};

/** How a text refers to the register's row: `credential:MAIL_API_KEY`. */
const REFERENCE = /\bcredential:([A-Za-z][A-Za-z0-9_.:/-]{0,119})(?<![.:/-])/g;
/** How the variables are called that credentials stand in. The parts are bounded: no text is read twice. */
const NAKED = /(?<![\w:])((?:[A-Z][A-Z0-9]{0,30}_){1,5}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PAT|CREDENTIALS?))(?!\w)/g;
/** What is called a key or a token and opens nothing. */
const OPENS_NOTHING = /^(SURFACE|PRIMARY|FOREIGN|PUBLIC|UNIQUE|SORT|PARTITION|CACHE|IDEMPOTENCY|CLAIM|FENCING|LEASE)_/;
const GRANTED = /\b(granted|issued|provisioned|rotated|minted|has access|was given|is live)\b/i;
const NOT_GRANTED =
  /\b(not|never|no|nobody|un)\b[^.\n]{0,20}\b(granted|issued|provisioned|rotated|minted|given|live)\b/i;
const GRANT_STATE = /^\s*STATE_OF_GRANT:\s*(granted|issued|provisioned|active|valid|live)\b/im;
const PLACE = /^\s*(SERVICE|ACCOUNT):\s*(\S.{0,50})$/gim;

/** What a text says of credentials, each name once; that one was granted counts more than that it is named. */
export function credentialsIn(text: string): Mention[] {
  const isGrant = GRANT_STATE.test(text);
  const found = new Map<string, Mention>();
  for (const line of text.split("\n")) {
    const granted = isGrant || (GRANTED.test(line) && !NOT_GRANTED.test(line));
    const registered = [...line.matchAll(REFERENCE)].map(([, name]) => name!);
    const naked = [...line.matchAll(NAKED)].map(([, name]) => name!).filter((name) => !OPENS_NOTHING.test(name));
    for (const name of [...registered, ...naked]) {
      const how = granted ? "granted" : registered.includes(name) ? "registered" : "naked";
      if (found.get(name)?.how !== "granted") found.set(name, { name, how });
    }
  }
  if (isGrant && found.size === 0) {
    const places = [...text.matchAll(PLACE)].map(([, , place]) => place!.trim().replaceAll(/[^\w.-]+/g, "-"));
    if (places.length > 0) return [{ name: places.join("/"), how: "granted" }];
  }
  return [...found.values()];
}

/** What is said to whoever names a credential by itself: nobody can look up who has it, and what keeps it in bounds. */
export function credentialWarnings(text: string): string[] {
  const naked = credentialsIn(text).filter(
    ({ how, name }) => how !== "registered" && !text.includes(`credential:${name}`),
  );
  if (naked.length === 0) return [];
  const names = naked.map(({ name }) => name);
  return [
    `This text names ${names.join(", ")} without the register: write credential:${names[0]}. ` +
      "credential.list has the rows; what has none is a finding.",
  ];
}
