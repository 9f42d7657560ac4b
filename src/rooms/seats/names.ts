import { createHash } from "node:crypto";

/** `PROVIDER-SURFACE-MACHINE-LANE-NN`; a machine's name may hold hyphens itself. */
const LONG =
  /^(?<provider>[A-Z][A-Z0-9]*)-(?<surface>[A-Z][A-Z0-9]*)-(?<machine>.+)-(?<lane>[A-Z][A-Z0-9]*)-(?<ordinal>\d{2,})$/;

export type NameForm = { name: string; form: "own" | "short" | "hashed" | "alias" };

/**
 * Every form under which people write a seat's name (origins B2):
 * `CLAUDE-CLI-MacBook-Air-CAMBER-01` is also `CAMBER-01`, `CLAUDE-CLI-CAMBER-01` and, hashed, `CAMBER-` with four
 * letters. A name of another form is found by itself and, if it is a path, by its last parts.
 */
export function nameForms(name: string): NameForm[] {
  const own: NameForm = { name, form: "own" };
  const slash = name.lastIndexOf("/");
  // A sub-agent is found below every form of its parent's name.
  if (slash >= 0) return nameForms(name.slice(0, slash)).map((of) => ({ ...of, name: of.name + name.slice(slash) }));
  const parts = LONG.exec(name)?.groups;
  if (parts) {
    const { provider, surface, lane, ordinal } = parts as Record<string, string>;
    return [
      own,
      { name: `${lane}-${ordinal}`, form: "short" },
      { name: `${provider}-${surface}-${lane}-${ordinal}`, form: "short" },
      { name: `${lane}-${hashedPart(name)}`, form: "hashed" },
    ];
  }
  const path = name.split(".");
  const tails = path.slice(1).map((_, index) => path.slice(index + 1).join("."));
  return [own, ...tails.map((tail): NameForm => ({ name: tail, form: "short" }))];
}

/** The lane that a long name states. */
export function laneOf(name: string): string | null {
  return LONG.exec(name)?.groups?.lane ?? null;
}

/** Four letters of the name's SHA-256: short to say, and the same on every machine. */
function hashedPart(name: string): string {
  const letters = "abcdefghijklmnopqrstuvwxyz";
  return [...createHash("sha256").update(name).digest().subarray(0, 4)].map((byte) => letters[byte % 26]).join("");
}
