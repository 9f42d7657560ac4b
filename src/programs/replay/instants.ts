/**
 * Instants as people wrote them down in the middle of an incident: with seconds that nobody knows (`18:32:xxZ`), about
 * (`~22:30Z`), without a date, in two time zones at once (`17:44Z ET`), or only as a part of a day (`ET afternoon`).
 * Each is read as the span that it may mean; what is doubtful is said.
 */
export type Span = {
  /** The first and the last millisecond of the epoch that it may mean. */
  from: number;
  to: number;
  doubts: string[];
};

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** How far "about" reaches to either side. */
const ABOUT_MS = 5 * MINUTE_MS;
/** Hours of a day that people mean by its parts; the night ends on the next day. */
const PARTS: Record<string, readonly [number, number]> = {
  morning: [6, 12],
  afternoon: [12, 18],
  evening: [18, 22],
  night: [22, 30],
};

const DATE = /(\d{4})-(\d{2})-(\d{2})/;
const TIME = /(?<!\d)(\d{2}):(\d{2})(?::(\d{2}|xx))?/;
const EASTERN = /\bE[SD]?T\b/;
const OFFSET = /([+-])(\d{2}):?(\d{2})$/;

/** Reads an instant. One without a date is of the day of the instant before it; throws when there is none. */
export function readInstant(written: string, before: number | null): Span {
  const doubts: string[] = [];
  const date = DATE.exec(written);
  if (!date && before === null) throw new Error(`${JSON.stringify(written)} has no date, and nothing before it has`);
  if (!date) doubts.push("it has no date");
  const day = date
    ? Date.UTC(Number(date[1]), Number(date[2]) - 1, Number(date[3]))
    : Math.floor(before! / DAY_MS) * DAY_MS;
  const [first, last] = withinDay(written.slice(date ? date.index + date[0].length : 0), doubts, written);
  const zones = zonesOf(written, day, doubts);
  const about = /~|\babout\b/i.test(written) ? ABOUT_MS : 0;
  if (about > 0) doubts.push("it is about then");
  const starts = zones.map((offset) => day + first - offset);
  const ends = zones.map((offset) => day + last - offset);
  return { from: Math.min(...starts) - about, to: Math.max(...ends) + about, doubts };
}

/** Milliseconds since midnight, the first and the last that may be meant. */
function withinDay(rest: string, doubts: string[], written: string): [number, number] {
  const time = TIME.exec(rest);
  if (time) {
    const minute = (Number(time[1]) * 60 + Number(time[2])) * MINUTE_MS;
    if (Number(time[1]) > 23 || Number(time[2]) > 59) throw new Error(`${JSON.stringify(written)} is no time of day`);
    if (time[3] !== undefined && time[3] !== "xx")
      return [minute + Number(time[3]) * 1000, minute + Number(time[3]) * 1000];
    doubts.push("its second is not known");
    return [minute, minute + MINUTE_MS - 1];
  }
  const part = Object.entries(PARTS).find(([name]) => new RegExp(`\\b${name}\\b`, "i").test(rest));
  if (part) {
    doubts.push(`it is only known to be in the ${part[0]}`);
    return [part[1][0] * 60 * MINUTE_MS, part[1][1] * 60 * MINUTE_MS - 1];
  }
  if (/\d/.test(rest.replace(OFFSET, ""))) throw new Error(`${JSON.stringify(written)} cannot be read as an instant`);
  doubts.push("only its day is known");
  return [0, DAY_MS - 1];
}

/** The offsets from UTC that it may be written in. */
function zonesOf(written: string, day: number, doubts: string[]): number[] {
  const isUtc = /\dZ\b|xxZ\b|\bUTC\b/.test(written);
  const offset = OFFSET.exec(written);
  const isEastern = EASTERN.test(written);
  if (isUtc && isEastern) doubts.push("it names two time zones");
  if (!isUtc && !isEastern && !offset) doubts.push("it names no time zone; UTC is taken");
  if (offset && !isEastern) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return [(offset[1] === "-" ? -1 : 1) * minutes * MINUTE_MS];
  }
  return [...(isUtc || !isEastern ? [0] : []), ...(isEastern ? [easternOffset(day)] : [])];
}

function easternOffset(day: number): number {
  const noon = new Date(day + DAY_MS / 2);
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", hour: "2-digit", hourCycle: "h23" });
  return (Number(parts.format(noon)) - 12) * 60 * MINUTE_MS;
}
