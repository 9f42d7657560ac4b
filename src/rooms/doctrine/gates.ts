/**
 * Promotion gates and review triggers: named predicates with parameters, over what the ledger says up to an instant.
 * Here they are pure; `facts.ts` reads what they look at.
 */

const PATTERNS = ["simultaneous_filing", "mass_dispatch", "unseen_actor", "reservation", "surface", "identity"];

/** What a parameter may be, with what it is when it is left out; without a default it has to be said. */
type Parameter = { form: RegExp; is: string; default?: string };
// A window of no length would be clean whatever happened.
const DURATION = /^(?=.*[1-9])(?:P(?=\d)(?:(\d{1,4})W)?(?:(\d{1,4})D)?|PT(\d{1,5})H)$/;
const window: Parameter = { form: DURATION, is: "an ISO 8601 duration such as P7D, not zero", default: "P7D" };
const count: Parameter = { form: /^[1-9]\d{0,3}$/, is: "a whole number from 1" };
const codes: Parameter = { form: /^[a-z_]+\.[a-z_]+(,[a-z_]+\.[a-z_]+)*$/, is: "refusal codes with commas between" };
const patterns: Parameter = {
  form: new RegExp(`^(${PATTERNS.join("|")})(,(${PATTERNS.join("|")}))*$`),
  is: `of ${PATTERNS.join(", ")}, with commas between`,
  default: PATTERNS.slice(0, 3).join(","),
};

const PREDICATES = {
  no_collision: { window, patterns },
  no_violation: { window },
  no_bypass: { window },
  observations_at_least: { n: count },
  mechanism_runs: {},
  reserve_backed_everywhere: { window },
  bypasses_refused: { codes },
} satisfies { [name: string]: { [parameter: string]: Parameter } };
type Name = keyof typeof PREDICATES;

export type Predicate = { name: Name; not: boolean; given: { [parameter: string]: string }; words: string };
export type Gate = { level: number; predicate: Predicate };

/** The forms of a gate, for people. */
export const GATE_FORMS =
  "M3: no_collision window=P7D patterns=unseen_actor; M2: observations_at_least n=2; M2: mechanism_runs; " +
  "M3: no_violation window=P30D; M4: reserve_backed_everywhere window=P7D; M4: bypasses_refused codes=a.b,c.d; " +
  "M4: no_bypass window=P7D";

/** Reads a predicate; what is wrong with it where it is none. */
export function parsePredicate(words: string): Predicate | string {
  const [first, ...rest] = words.trim().split(/\s+/);
  const not = first === "not";
  const [name = "", ...said] = not ? rest : [first!, ...rest];
  if (!Object.hasOwn(PREDICATES, name))
    return `"${name}" is no predicate; there are: ${Object.keys(PREDICATES).join(", ")}`;
  const known: { [parameter: string]: Parameter } = PREDICATES[name as Name];
  const given: { [parameter: string]: string } = {};
  for (const word of said) {
    const [, parameter, value] = /^([a-z_]+)=(\S+)$/.exec(word) ?? [];
    if (parameter === undefined || !Object.hasOwn(known, parameter))
      return `"${word}" is no parameter of ${name}; it has: ${Object.keys(known).join(", ") || "none"}`;
    if (!known[parameter]!.form.test(value!)) return `${parameter} must be ${known[parameter]!.is}, not "${value}"`;
    given[parameter] = value!;
  }
  for (const [parameter, { default: other, is }] of Object.entries(known)) {
    if (given[parameter] !== undefined) continue;
    if (other === undefined) return `${name} needs ${parameter}: ${is}`;
    given[parameter] = other;
  }
  return { name: name as Name, not, given, words: words.trim().replaceAll(/\s+/g, " ") };
}

export function predicateProblem(words: string): string | null {
  const parsed = parsePredicate(words);
  return typeof parsed === "string" ? parsed : null;
}

const GATE = /^\s*M([1-4]):\s*(\S.*)$/s;

export function gateProblem(words: string): string | null {
  const [, , predicate] = GATE.exec(words) ?? [];
  return predicate === undefined ? `must be LEVEL: PREDICATE, for example ${GATE_FORMS}` : predicateProblem(predicate);
}

/** A record's gates. They were looked at when it was written, so that what is none here is our bug. */
export function gatesOf(record: { gates: readonly string[] }): Gate[] {
  return record.gates.map((words) => {
    const [, level, said] = GATE.exec(words)!;
    return { level: Number(level), predicate: predicateOf(said!) };
  });
}

export function predicateOf(words: string): Predicate {
  const predicate = parsePredicate(words);
  if (typeof predicate === "string") throw new Error(`a record holds a gate that is none: ${predicate}`);
  return predicate;
}

/** How long a duration is. Weeks and days, or hours: what a window of a ledger is measured in. */
export function durationMs(duration: string): number {
  const [, weeks = 0, days = 0, hours = 0] = DURATION.exec(duration)!;
  return ((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 3_600_000;
}

/** The longest window of these predicates: facts are read that far back. */
export function longestMs(predicates: readonly Predicate[]): number {
  return Math.max(0, ...predicates.map(({ given }) => (given.window === undefined ? 0 : durationMs(given.window))));
}

export type Incident = { seq: number; at: Date; subject: string | null; actor: string; pattern: string | null };

/** What the predicates look at, as it was at an instant. Incidents are the newest first, within the longest window. */
export type Facts = {
  as_of: Date;
  /** Before this were more incidents than anybody looks at; null where all of them are here. */
  incidents_from: Date | null;
  collisions: readonly Incident[];
  /** Filings whose number was not reserved at the write site. */
  unreserved: readonly Incident[];
  namespaces: number;
  /** By record. */
  observations: ReadonlyMap<string, number>;
  violated: ReadonlyMap<string, Date>;
  bypassed: ReadonlyMap<string, Date>;
  /** Whether a mechanism really exists in this server. */
  exists(mechanism: string): boolean;
};

/** Whose gate it is. */
type Holder = { id: string; mechanisms: readonly string[]; watched_since: Date | null };

export type Outcome = { holds: boolean; because: string };

/** Whether a predicate is true of a record, and by what. Nothing that happened up to `since` counts. */
export function judge(predicate: Predicate, record: Holder, facts: Facts, since: Date | null = null): Outcome {
  const { holds, because } = plainly(predicate, record, facts, since);
  return { holds: holds !== predicate.not, because };
}

function plainly(predicate: Predicate, record: Holder, facts: Facts, since: Date | null): Outcome {
  const { name, given, not } = predicate;
  const looked = { record, facts, since, not };
  switch (name) {
    case "no_collision": {
      const wanted = given.patterns!.split(",");
      const those = facts.collisions.filter(({ pattern }) => pattern !== null && wanted.includes(pattern));
      return clean(given.window!, "collision", those, { ...looked, from: facts.incidents_from });
    }
    case "reserve_backed_everywhere":
      if (facts.namespaces === 0 && !not) return { holds: false, because: "there is no namespace yet" };
      return clean(given.window!, "filing without a reservation", facts.unreserved, {
        ...{ ...looked, from: facts.incidents_from },
      });
    case "no_violation":
      return clean(given.window!, "violation", latest(facts.violated.get(record.id)), looked);
    case "no_bypass":
      return clean(given.window!, "bypass", latest(facts.bypassed.get(record.id)), looked);
    case "observations_at_least": {
      const seen = facts.observations.get(record.id) ?? 0;
      return { holds: seen >= Number(given.n), because: `${seen} observations, ${given.n} are needed` };
    }
    case "mechanism_runs":
      return allExist(record.mechanisms, facts, "it names no mechanism");
    case "bypasses_refused":
      return allExist(
        given.codes!.split(",").map((code) => `refusal:${code}`),
        facts,
        "",
      );
  }
}

const latest = (at: Date | undefined): Pick<Incident, "at">[] => (at === undefined ? [] : [{ at }]);

type Looked = { record: Holder; facts: Facts; since: Date | null; not: boolean; from?: Date | null };

/** A window is clean when it is full, and nothing lies in it. */
function clean(
  duration: string,
  what: string,
  incidents: readonly (Pick<Incident, "at"> & Partial<Incident>)[],
  { record, facts: { as_of }, since, not, from: looked_from = null }: Looked,
): Outcome {
  const from = new Date(as_of.getTime() - durationMs(duration));
  const start = since !== null && since > from ? since : from;
  const found = incidents.find(({ at }) => at > start && at <= as_of);
  if (found) {
    const which = found.subject ? ` on ${found.subject} (entry ${found.seq})` : "";
    return { holds: false, because: `a ${what}${which} at ${found.at.toISOString()}` };
  }
  if (looked_from !== null && looked_from > start)
    return { holds: false, because: `so many of them since ${looked_from.toISOString()} that no look went further` };
  const { watched_since } = record;
  const begun = since !== null && watched_since !== null && since > watched_since ? since : watched_since;
  // `not` asks whether something happened; that nobody has watched for long is nothing that happened.
  if (!not && (begun === null || begun > from)) {
    const watched = begun === null ? "not watched yet" : `watched since ${begun.toISOString()}`;
    return { holds: false, because: `no ${what} so far, but it is ${watched}: ${duration} are not over` };
  }
  return { holds: true, because: `no ${what} since ${start.toISOString()}` };
}

function allExist(mechanisms: readonly string[], { exists }: Facts, none: string): Outcome {
  if (mechanisms.length === 0) return { holds: false, because: none };
  const missing = mechanisms.filter((one) => !exists(one));
  if (missing.length > 0) return { holds: false, because: `this server has no ${missing.join(", ")}` };
  return { holds: true, because: `this server has ${mechanisms.join(", ")}` };
}

/** What each gate of a level says, and the highest level up to which all hold. */
export function levelsOf(record: Holder & { gates: readonly string[] }, facts: Facts) {
  const outcomes = gatesOf(record).map(({ level, predicate }) => ({
    level,
    gate: predicate.words,
    ...judge(predicate, record, facts),
  }));
  return { outcomes, reached: reachedBy(outcomes) };
}

/** A level without a gate is given by judgement: it neither carries a record upwards nor takes it down. */
function reachedBy(outcomes: readonly { level: number; holds: boolean }[]): number {
  let reached = 0;
  for (let level = 1; level <= 4; level++) {
    const those = outcomes.filter((one) => one.level === level);
    if (those.some(({ holds }) => !holds)) return reached;
    if (those.length > 0) reached = level;
  }
  return reached;
}

/** The highest level that no broken gate forbids: what a record may keep. */
export function ceilingOf(outcomes: readonly { level: number; holds: boolean }[]): number {
  const broken = outcomes.filter(({ holds }) => !holds).map(({ level }) => level);
  return broken.length === 0 ? 4 : Math.min(...broken) - 1;
}
