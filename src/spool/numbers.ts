import * as fs from "node:fs";
import { Refusal } from "../kernel/refusal.ts";
import { preparePlace } from "./own_place.ts";
import { NUMBERED, rememberIds, seenBefore, seenFile } from "./seen.ts";

/** The newest id of a namespace, and the newest that was guessed since. */
type Newest = { id: string; seen_at: Date; guessed: string | null };

const UNKNOWN = "?";
const GUESS = " guess";

/** The id that the namespace's next ticket will probably have; each call guesses one further. */
export function expectedId(place: string, origin: string, namespace: string): string {
  const known = newestIn(place).get(`${origin} ${namespace}`);
  if (!known) return `${namespace}-${UNKNOWN}`;
  const expected = nextOf(known.guessed ?? known.id, known.seen_at, new Date());
  rememberIds(place, origin, [expected], GUESS);
  return expected;
}

/** Remembers ids where nothing was ever written; a place that must not be used stays as it is. */
export function rememberFirst(place: string, origin: string, ids: readonly unknown[]): void {
  try {
    preparePlace(place);
    rememberIds(place, origin, ids);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

/** Remembers what namespaces have given, of those that count without a calendar. */
export function rememberCounts(
  place: string,
  origin: string,
  namespaces: readonly { format: string; numbers_given: number }[],
): void {
  const ids = namespaces.map(({ format, numbers_given }) => {
    const [, prefix, digits] = /^([A-Z][A-Z0-9]*-)(N+)$/.exec(format) ?? [];
    return digits && prefix + String(numbers_given).padStart(digits.length, "0");
  });
  rememberFirst(place, origin, ids);
}

/** One more; in a series that counts by the day, month or year, from 1 again when that is over. */
export function nextOf(id: string, seen_at: Date, now: Date): string {
  const [, prefix, digits] = /^(.*?-)([0-9-]+)$/.exec(id)!;
  const day = (at: Date) => at.toISOString().slice(0, 10).replaceAll("-", "");
  for (const length of [8, 6, 4]) {
    const [before, after] = [day(seen_at).slice(0, length), day(now).slice(0, length)];
    const rest = new RegExp(`^${before}(-?)(\\d+)$`).exec(digits!);
    // A plain number may look like a year; what counts by the year has a hyphen after it.
    if (!rest || before === after || (length === 4 && rest[1] === "")) continue;
    return `${prefix}${after}${rest[1]}${"1".padStart(rest[2]!.length, "0")}`;
  }
  const number = /\d+$/.exec(id)![0];
  return id.slice(0, -number.length) + String(BigInt(number) + 1n).padStart(number.length, "0");
}

function newestIn(place: string): Map<string, Newest> {
  const newest = new Map<string, Newest>();
  const lines = [seenBefore(place), seenFile(place)].flatMap((file) =>
    fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : [],
  );
  for (const line of lines) {
    const [origin, id = "", at = "", guess] = line.split(" ");
    const namespace = NUMBERED.exec(id)?.[1];
    const seen_at = new Date(at);
    if (namespace === undefined || Number.isNaN(seen_at.getTime())) continue;
    const name = `${origin} ${namespace}`;
    const before = newest.get(name);
    if (guess !== undefined && before) before.guessed = id;
    else if (!before || isLater(id, before.id)) newest.set(name, { id, seen_at, guessed: null });
    // What is real ends what was guessed.
    else before.guessed = null;
  }
  return newest;
}

function isLater(one: string, other: string): boolean {
  return one.length === other.length ? one > other : one.length > other.length;
}
