import canonicalize from "canonicalize";
import { readMarkers } from "../../rooms/feed/index.ts";
import { checked, type Read } from "./lines.ts";
import { APPENDED, derived, type FeedRecord, IMPORTED, merged, same, type Words } from "./record.ts";

/**
 * The readable feed. A post begins with a heading that tells when, who, about what and in which state:
 *
 *     ## 2026-07-20T10:00:00.000Z · CLAUDE-CLI-BOX-WEB-01 · CMB-0007 · DONE
 *     <!-- longwatch {"command":"post.append","data":{"kind":"actionable"},"seq":41} -->
 *
 *     The subject in a line
 *
 *     The body as it is, field markers and all.
 *
 * The note has what a reader does not need and an import does. A line of a body that would be taken for a heading has
 * a backslash before it, which Markdown does not show; the reader takes one away.
 */
const DASH = "·|\\||—|–|-";
/** Also one that no clock wrote (`~22:30Z`, `18:32:xxZ`): its post is told as unreadable, and is not the one before. */
const INSTANT = String.raw`(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|~?\d\d:\d\d(?::[\dx]{2})?Z)`;
const LIKE_HEADING = new RegExp(`^#{1,6}[ \\t]+\\[?${INSTANT}`);
const ESCAPED = new RegExp(String.raw`^(\\*#{1,6}[ \t]+\[?${INSTANT})`, "gm");
const UNESCAPED = new RegExp(String.raw`^\\(\\*#{1,6}[ \t]+\[?${INSTANT})`, "gm");
const HEADING = new RegExp(`^#{1,6}[ \\t]+\\[?(${INSTANT}\\S*?)\\]?(?:[ \\t]+(.*))?$`, "s");
/** A longer one is no heading that anybody reads; the limit keeps every pattern here quick. */
const HEADING_CHARACTERS_MAX = 2_000;
const NOTE = /^<!-- longwatch (\{.*\}) -->\r?$/s;
/** What a heading can tell without a word lost: no control, no separator, no line end, single spaces. */
const PLAIN = /^[^\s\p{C}·]+( [^\s\p{C}·]+)*$/u;
const SEPARATOR = new RegExp(`^(?:${DASH})[ \\t]+`);
/** `17:44Z ET ·`: a second time zone is no seat. */
const SECOND_ZONE = new RegExp(`^(?:UTC|GMT|[ECMP][SD]?T)[ \\t]+(?=(?:${DASH})[ \\t])`);
const NOTHING = "-";

/** True for a line with which a post begins. */
export function beginsPost(line: string): boolean {
  return LIKE_HEADING.test(line);
}

export function markdownOf(record: FeedRecord): string {
  const imported = record.kind === IMPORTED;
  const { data } = record;
  const { subject, body, item } = data as { subject?: string; body?: string; item?: string };
  const [at, who] = (imported ? [data.said_at, data.author] : [record.at, record.actor]) as [string, string];
  const note = noteOf(record, at, who);
  const told = typeof body === "string" ? body : "";
  const state = readMarkers(told).find(({ marker }) => marker === "STATE")?.value;
  const last = state || (imported ? "imported" : String(data.kind ?? "post"));
  const heading = ["##", at, "·", flat(who), "·", item === undefined ? NOTHING : flat(item), "·", flat(last)].join(" ");
  // Nothing in the note may end the comment.
  const json = canonicalize(note)!.replaceAll(">", "\\u003e");
  const line = isLine(subject) ? subject : `_${flat(subject ?? "erased")}_`;
  const text = told === "" ? "" : `\n${told.replace(ESCAPED, "\\$1")}\n`;
  return `${heading}\n<!-- longwatch ${json} -->\n\n${line}\n${text}\n`;
}

/** What of a record the heading and the text do not tell. */
function noteOf(record: FeedRecord, at: string, who: string): object {
  const imported = record.kind === IMPORTED;
  const { data } = record;
  const beside: Record<string, unknown> = { ...data };
  const note: Record<string, unknown> = { ...record };
  if (PLAIN.test(at)) delete (imported ? beside : note)[imported ? "said_at" : "at"];
  if (PLAIN.test(who)) delete (imported ? beside : note)[imported ? "author" : "actor"];
  if (typeof data.item === "string" && PLAIN.test(data.item) && data.item !== NOTHING) delete beside.item;
  if (isLine(data.subject)) delete beside.subject;
  delete beside.body;
  if (same(data.markers, imported ? undefined : derived(data.body))) delete beside.markers;
  else beside.markers = data.markers ?? null;
  if (record.kind === APPENDED) delete note.kind;
  if (record.incarnation === null) delete note.incarnation;
  if (record.subject === (data.item ?? null)) delete note.subject;
  delete note.data;
  return Object.keys(beside).length > 0 ? { ...note, data: beside } : note;
}

/** Reads a piece of a Markdown feed that begins with a heading. */
export function readPost(text: string): Read {
  const [first = "", second = ""] = text.split("\n", 2);
  const heading = first.length > HEADING_CHARACTERS_MAX ? null : HEADING.exec(first.trimEnd());
  const said = heading?.[1];
  const rest = (heading?.[2] ?? "").replace(SECOND_ZONE, "").replace(SEPARATOR, "");
  const note = NOTE.exec(second);
  if (!note && second.startsWith("<!-- longwatch")) return { problem: "the note under its heading is not whole" };
  if (said === undefined) return { problem: "its heading is not a time, a seat and what it is about" };
  return note ? whole(text, said, rest, note[1]!) : freehand(text.slice(first.length + 1), said, rest);
}

function whole(text: string, said: string, rest: string, json: string): Read {
  let note: Partial<FeedRecord>;
  try {
    note = JSON.parse(json);
  } catch (error) {
    return { problem: `the note under its heading is not JSON (${(error as Error).message})` };
  }
  const [, , empty, line, ...lines] = text.split("\n");
  const [who, item] = rest.split(" · ");
  if (empty?.trim() !== "" || line === undefined) return { problem: "under its note there is no subject" };
  const body = bodyOf(lines);
  const kind = note.kind ?? APPENDED;
  const beside = note.data ?? {};
  const subject = beside.erased === true ? undefined : line;
  const words = { item: item === NOTHING ? undefined : item, subject, body };
  const envelope = { kind, incarnation: note.incarnation ?? null };
  if (kind === IMPORTED) {
    const data = merged({ ...words, author: who, said_at: said }, beside);
    return checked({ subject: data.item ?? null, ...note, ...envelope, data });
  }
  const data = merged({ ...words, markers: derived(body) }, beside);
  return checked({ at: said, actor: who, subject: data.item ?? null, ...note, ...envelope, data });
}

/** Between the empty line above it and the one that ends every post. */
function bodyOf(lines: string[]): string | undefined {
  const text = lines.join("\n");
  if (text.trim() === "" && text.length < 3) return undefined;
  return text
    .replace(/^\r?\n/, "")
    .replace(/\n\n?$/, "")
    .replace(UNESCAPED, "$1");
}

const ITEM = /^[A-Z][A-Z0-9]{1,11}-[0-9-]*[0-9]$/;
const SUBJECT_CHARACTERS_MAX = 500;

/** A post as people and agents write it by hand: a heading with a time and a seat, and some text. */
function freehand(text: string, said: string, rest: string): Read {
  const [author = "", ...others] = rest.split(new RegExp(`[ \\t]+(?:${DASH})[ \\t]+`)).map((one) => one.trim());
  const said_at = instantOf(said);
  if (said_at === null) return { problem: `its time is not an instant such as 2026-04-18T10:34Z: ${said}` };
  if (author === "" || author.length > 120) return { problem: "its heading names no seat after the time" };
  const body = text
    .replace(/^(?:[ \t]*\r?\n)+/, "")
    .trimEnd()
    .replace(UNESCAPED, "$1");
  const markers = readMarkers(body);
  const at = others.findIndex((one) => ITEM.test(one));
  const item = at >= 0 ? others[at] : markers.find(({ marker }) => marker === "ITEM")?.value || undefined;
  const about = others.filter((one, index) => index !== at && one !== NOTHING && one !== "").join(" · ");
  const first = body.split("\n", 1)[0]!;
  // A state alone says too little of what it is about.
  const subject = [about, ...(/^[A-Z_ ]*$/.test(about) ? [first] : [])].filter((one) => one !== "").join(": ");
  if (subject === "") return { problem: "it has neither a subject nor a text" };
  return { words: { author, said_at, item: item?.slice(0, 200), subject: cut(subject), body } };
}

/** What stands behind a post that was taken in already, without a heading of its own. */
export function goesOn(text: string, before: Words): Words {
  const subject = cut(`${before.subject.replace(/ \(goes on\)$/, "").slice(0, 480)} (goes on)`);
  return {
    ...before,
    subject,
    body: text
      .replace(/^(?:[ \t]*\r?\n)+/, "")
      .trimEnd()
      .replace(UNESCAPED, "$1"),
  };
}

function instantOf(said: string): string | null {
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d):?(\d\d)?$/.exec(said);
  if (!parts) return null;
  const [, day, minute, second = ":00", zone, minutes] = parts;
  const instant = `${day}T${minute}${second}${zone === "Z" ? "Z" : `${zone}:${minutes ?? "00"}`}`;
  const time = Date.parse(instant);
  const real = !Number.isNaN(time) && new Date(Date.parse(`${day}T00:00Z`)).toISOString().startsWith(day!);
  return real ? instant : null;
}

function isLine(subject: unknown): subject is string {
  return typeof subject === "string" && /^\S[^\n]*$/.test(subject) && !beginsPost(subject) && !/\s$/.test(subject);
}

function flat(text: string): string {
  return text.replace(/[\s\p{C}·]+/gu, " ").trim() || NOTHING;
}

function cut(text: string): string {
  const line = text.replace(/[\s\0-\x1f]+/g, " ").trim();
  return line.length <= SUBJECT_CHARACTERS_MAX
    ? line
    : `${line.slice(0, SUBJECT_CHARACTERS_MAX - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
