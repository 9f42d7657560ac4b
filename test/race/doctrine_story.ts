import type { Entry } from "../../src/rooms/ledger/index.ts";

/** A record as the entries before tell it. */
type Told = {
  gates: readonly string[];
  adopts: boolean;
  maturity: number;
  proposed: number | null;
  held_down: boolean;
  observations: number;
  violations: number;
  bypasses: number;
  mode: string;
  mechanisms: readonly string[];
  superseded_by: string | null;
  /** The open review's ticket. */
  review: string | null;
};

/** Those on whose word a rule holds others. */
const GIVERS: readonly (string | undefined)[] = ["operator", "strategist"];
/** Said of what is history, too: a review that was open goes on, and ends. */
const OF_HISTORY = new Set(["doctrine.reviewed", "doctrine.review_lapsed"]);
const levelOf = (name: unknown) => Number(String(name).slice(1));

/** The gates that the walk gives its records, as the words of the founding fleets mean them. */
const GATES: Record<string, (record: Told) => boolean> = {
  "M1: observations_at_least n=1": ({ observations }) => observations >= 1,
  "M2: observations_at_least n=3": ({ observations }) => observations >= 3,
  "M2: mechanism_runs": ({ mechanisms }) => mechanisms.length > 0,
  "M3: not no_violation window=P7D": ({ violations }) => violations > 0,
  // No walk takes an hour: the window is never full.
  "M4: no_violation window=PT1H": () => false,
};
/** Every gate that the oracle knows. */
export const gatesKnown: readonly string[] = Object.keys(GATES);

/** How far a record's gates carry it, and what it may keep. */
function levelsOf(record: Told): { reached: number; ceiling: number } {
  const holds = (level: number) => record.gates.filter((gate) => levelOf(gate.slice(0, 2)) === level);
  let reached = 0;
  for (let level = 1; level <= 4; level++) {
    const gates = holds(level);
    if (!gates.every((gate) => GATES[gate]!(record))) return { reached, ceiling: level - 1 };
    if (gates.length > 0) reached = level;
  }
  return { reached, ceiling: 4 };
}

/**
 * What is wrong with a ledger's story of records: a level that its gates did not allow or a person did not give, a
 * sighting, proposal or review of what is history, two reviews at once, a number that is missing; and what a survey
 * that looked last has left undone.
 */
export class DoctrineStory {
  readonly records = new Map<string, Told>();
  readonly faults: string[] = [];
  readonly #roles: Readonly<Record<string, string>>;
  #newest: string | null = null;

  constructor(entries: Iterable<Entry>, roles: Readonly<Record<string, string>>) {
    this.#roles = roles;
    for (const entry of entries) if (entry.kind.startsWith("doctrine.")) this.#next(entry);
    for (const [id, record] of this.records) if (record.superseded_by === null) this.#surveyed(id, record);
  }

  #next(entry: Entry): void {
    const { seq, kind, actor, data } = entry;
    const id = data.id as string;
    const fault = (what: string) => void this.faults.push(`${seq} ${kind} ${id}: ${what}`);
    if (kind === "doctrine.filed") return this.#filed(id, entry, fault);
    const record = this.records.get(id);
    // What ships was filed by nobody.
    if (record === undefined) return;
    if (record.superseded_by !== null && !OF_HISTORY.has(kind)) fault(`it was superseded by ${record.superseded_by}`);
    if (data.was !== undefined && typeof data.was === "string" && levelOf(data.was) !== record.maturity)
      fault(`it was M${record.maturity}, not ${data.was}`);
    if (data.by === "person" && !GIVERS.includes(this.#roles[actor])) fault(`${actor} gives no level`);
    this.#tell(kind, record, data, fault);
  }

  #filed(id: string, { actor, data }: Entry, fault: (what: string) => void): void {
    const { gates = [], adopts = false, evidence = [], supersedes = [], amends = [], mode, mechanisms } = data as any;
    const [, year, number] = id.split("-");
    const [, year_before, before] = this.#newest?.split("-") ?? [];
    if (year === year_before && Number(number) !== Number(before) + 1) fault(`${this.#newest} was the one before`);
    this.#newest = id;
    for (const target of [...supersedes, ...amends])
      if (this.records.get(target)!.superseded_by !== null) fault(`${target} was superseded before`);
    const isHard =
      mode !== "text" || adopts || supersedes.some((one: string) => this.records.get(one)!.mode !== "text");
    if (isHard && !GIVERS.includes(this.#roles[actor])) fault(`${actor} makes or ends no hard rule`);
    for (const target of supersedes) Object.assign(this.records.get(target)!, { superseded_by: id, proposed: null });
    this.records.set(id, {
      ...{ gates, adopts, mode, mechanisms, observations: evidence.length, maturity: 0, proposed: null },
      ...{ held_down: false, violations: 0, bypasses: 0, superseded_by: null, review: null },
    });
  }

  #tell(kind: string, record: Told, data: Entry["data"], fault: (what: string) => void): void {
    const { reached, ceiling } = levelsOf(record);
    const level = levelOf(data.maturity);
    switch (kind) {
      case "doctrine.observed":
        if (data.observations !== ++record.observations) fault(`it is observation ${record.observations}`);
        return;
      case "doctrine.violated":
        return void record.violations++;
      case "doctrine.bypassed":
        if (record.mode !== "reject") fault(`it is held as ${record.mode}`);
        return void record.bypasses++;
      case "doctrine.enforced":
        if ((data.was as Told).mode !== record.mode) fault(`it was held as ${record.mode}`);
        return void Object.assign(record, { mode: data.mode, mechanisms: data.mechanisms });
      case "doctrine.proposed":
        if (level !== reached || level <= record.maturity || level === record.proposed) fault(`it reaches M${reached}`);
        if (record.adopts && !record.held_down) fault("it takes its levels by itself");
        return void (record.proposed = level);
      case "doctrine.unproposed":
        if (record.proposed === null || reached > record.maturity) fault(`it reaches M${reached}`);
        return void (record.proposed = null);
      case "doctrine.promoted":
        if (level > ceiling || level <= record.maturity) fault(`its gates allow M${ceiling}`);
        if (data.by === "gate" && (!record.adopts || record.held_down)) fault("it takes no level by itself");
        return void Object.assign(record, { maturity: level, proposed: null, held_down: false });
      case "doctrine.taken_back":
        if (level >= record.maturity) fault(`it was M${record.maturity}`);
        if (data.by === "gate" && level !== ceiling) fault(`its gates allow M${ceiling}`);
        return void Object.assign(record, { maturity: level, proposed: null, held_down: data.by === "person" });
      default:
        return this.#review(kind, record, data, fault);
    }
  }

  #review(kind: string, record: Told, data: Entry["data"], fault: (what: string) => void): void {
    if (kind === "doctrine.review_opened" && record.review !== null) fault(`${record.review} is open`);
    if (kind !== "doctrine.review_opened" && record.review !== data.ticket) fault(`${record.review} is open`);
    record.review = kind === "doctrine.review_opened" ? (data.ticket as string) : null;
  }

  /** DOC-GATE: what a survey that looks when nobody else does leaves of a record's level. */
  #surveyed(id: string, record: Told): void {
    const { reached, ceiling } = levelsOf(record);
    const { maturity, proposed, adopts, held_down } = record;
    const fault = (what: string) => void this.faults.push(`${id} is M${maturity}: ${what}`);
    if (maturity > ceiling) fault(`its gates allow M${ceiling}`);
    const isOwn = adopts && !held_down;
    if (reached > maturity && isOwn) fault(`it would take M${reached}`);
    const wanted = reached > maturity && !isOwn ? reached : null;
    if (proposed !== wanted) fault(`proposed is ${proposed}, not ${wanted}`);
  }
}
