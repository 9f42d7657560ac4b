import { createHash } from "node:crypto";

/** Names that mean somebody or something else here. */
const TAKEN = new Set(["operator", "longwatch", "UNCLAIMED"]);
const CHARACTERS_MAX = 120;

/**
 * The seat that an old name becomes. Two old names share a seat only when they surely mean the same one, which is so
 * for a trailing slash alone: `mayor/` is how `mayor` is written as an address. `Toast` and `toast`, or `beads/dave`
 * and `beads/crew/dave`, may be two, and an import cannot ask.
 *
 * A path's slashes become dots (a slash means a sub-agent here). A name that this would make the same as another's, or
 * that a seat cannot have, gets a hash of itself: `x.y` is not `x/y`.
 */
export function seatNameOf(old: string): string {
  const path = old.replace(/\/+$/, "");
  const parts = path.split("/");
  const plain = parts.every((part) => /^[A-Za-z0-9_-]+( [A-Za-z0-9_-]+)*$/.test(part));
  const address = /^[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9.-]+$/.test(path);
  const name = plain ? parts.join(".") : path;
  const fits = /^[A-Za-z0-9]/.test(name) && name.length <= CHARACTERS_MAX && !TAKEN.has(name);
  if ((plain || address) && fits) return name;
  const hash = createHash("sha256").update(old).digest("hex").slice(0, 8);
  const readable = old
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "");
  return `${readable.slice(0, CHARACTERS_MAX - 9) || "seat"}-${hash}`;
}

/** The last part of a name, as people say it: `gastown/polecats/furiosa` is furiosa. */
export function shortName(old: string): string {
  return old.replace(/\/+$/, "").split("/").at(-1)!;
}

/** The namespace of an old id: what stands before its first hyphen. */
export function namespaceOf(id: string): string {
  const prefix = id.includes("-") ? id.slice(0, id.indexOf("-")) : "";
  const letters = prefix.toUpperCase().replace(/[^A-Z0-9]/g, "");
  if (letters === "") return "IMPORT";
  return (/^[0-9]/.test(letters) ? `N${letters}` : letters).slice(0, 12);
}
