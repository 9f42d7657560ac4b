import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { file, type Filing } from "./filings.ts";
import type { Incident, TimedStep } from "./incident.ts";
import { filled } from "./templates.ts";

/** Numbers that were given before are reserved this many at a time. */
const AT_ONCE = 100;

/** What came of a step, under the rules of today and in history. */
export type Outcome = {
  line: number;
  at: string | null;
  /** Null where only a span or nothing is known. */
  instant: string | null;
  doubts: string[];
  seat: string;
  what: string;
  policy: string;
  then: string | null;
  differs: boolean;
  /** False when the file says that another outcome was to be expected. */
  as_recorded: boolean;
  hint: string | null;
};

export type Played = {
  case: string;
  title: string;
  kind: string;
  record: string;
  outcomes: Outcome[];
  differs: boolean;
  as_recorded: boolean;
  /** Whether the tables are what the ledger tells, and the ledger is whole. */
  sound: boolean;
};

/** Plays one incident in a tenant of its own. */
export async function play(incident: Incident, first: Client, tenant: string): Promise<Played> {
  const { token } = await first.say<{ token: string }>("tenant.open", { name: tenant, token_days: 1 });
  const stage = new Stage(incident, new Client({ url: first.url.href, token, retryFor_seconds: 5 }));
  try {
    await stage.prepare();
    const outcomes = await stage.run();
    const { differences } = await stage.operator.ask<{ differences: number }>("ticket.drift");
    const { whole } = await stage.operator.ask<{ whole: boolean }>("ledger.verify");
    return {
      ...{ case: incident.case, title: incident.title, kind: incident.kind, record: incident.record, outcomes },
      differs: outcomes.some((one) => one.differs),
      as_recorded: outcomes.every((one) => one.as_recorded),
      sound: differences === 0 && whole,
    };
  } finally {
    stage.close();
  }
}

type Said = { outcome: string; hint: string | null; output: unknown };

class Stage {
  readonly operator: Client;
  readonly #incident: Incident;
  #began = Date.now();
  /** The sessions, by the seats' whole names; `$label` is a sub-agent's. */
  readonly #sessions = new Map<string, Client>();
  readonly #outputs = new Map<string, Record<string, unknown>>();

  constructor(incident: Incident, operator: Client) {
    this.#incident = incident;
    this.operator = operator;
  }

  async prepare(): Promise<void> {
    const { namespaces, seats } = this.#incident;
    for (const [prefix, given] of Object.entries(namespaces)) {
      await this.operator.say("namespace.define", { prefix, format: `${prefix}-NNNN` });
      const reserve = () => this.operator.say("ticket.reserve", { namespace: prefix, title: "Given before" });
      for (let done = 0; done < given; done += AT_ONCE)
        await Promise.all(Array.from({ length: Math.min(AT_ONCE, given - done) }, reserve));
    }
    for (const { name, role, alias } of seats) {
      if (alias.length > 0) await this.operator.say("seat.import", { name, role, alias });
      const { token } = await this.operator.say<{ token: string }>("seat.adopt", { name, role, token_days: 1 });
      this.#sessions.set(name, this.#session(token));
    }
  }

  async run(): Promise<Outcome[]> {
    this.#began = Date.now();
    const outcomes: Outcome[] = [];
    const { steps } = this.#incident;
    for (let index = 0; index < steps.length;) {
      const filings = steps.slice(index).findIndex((step) => step.file === undefined);
      const together = steps.slice(index, filings === -1 ? undefined : index + Math.max(filings, 1));
      outcomes.push(...(together[0]!.file ? await this.#file(together) : [await this.#step(together[0]!)]).flat());
      index += together.length;
    }
    return outcomes;
  }

  close(): void {
    for (const session of [...this.#sessions.values(), this.operator]) session.close();
  }

  #session(token: string): Client {
    return new Client({ url: this.operator.url.href, token, retryFor_seconds: 5 });
  }

  /** Filings that follow each other were made by seats that did not see each other: they contend for the numbers. */
  async #file(steps: readonly TimedStep[]): Promise<Outcome[][]> {
    const filings: Filing[] = [];
    for (const { seat, instant, file: filing } of steps) {
      const name = await this.#nameOf(seat);
      // What has no time of its own came behind what it was written behind.
      const at = instant ?? (filings.at(-1)?.at ?? 0) + 1;
      filings.push({ seat: name, session: this.#sessions.get(name) ?? this.operator, at, ...filing! });
    }
    const ids = await file(filings, this.operator);
    return Promise.all(
      steps.map(async (step, index) => {
        this.#keep(step, { id: ids[index] });
        const what = `files ${step.file!.number} “${step.file!.title}”`;
        return [await this.#outcome(step, filings[index]!.seat, what, { outcome: ids[index]!, hint: null })];
      }),
    );
  }

  async #step(step: TimedStep): Promise<Outcome[]> {
    const { wait_seconds, holder } = step;
    if (wait_seconds !== undefined) {
      await sleep(wait_seconds * 1000);
      return [];
    }
    const seat = await this.#nameOf(step.seat);
    const said = holder === undefined ? await this.#say(step, seat) : await this.#holderOf(holder);
    this.#keep(step, said.output);
    const what = holder === undefined ? (step.say ?? step.ask ?? "post.append") : `${holder} is whose?`;
    if (!step.before) return [await this.#outcome(step, seat, what, said)];
    if (said.outcome.startsWith("refused")) throw new Error(`${this.#at(step)} cannot prepare: ${said.outcome}`);
    return [];
  }

  async #say(step: TimedStep, seat: string): Promise<Said> {
    const session = this.#sessions.get(seat) ?? this.operator;
    const around = { outputs: this.#outputs, instant: step.instant, began: this.#began };
    const input = filled(step.post ?? step.input, around) as Record<string, unknown>;
    try {
      const output = step.ask
        ? await session.ask(step.ask, input)
        : await session.say(step.say ?? "post.append", input);
      const outcome = step.answer === undefined ? "accepted" : String(at(output, step.answer));
      return { outcome, hint: null, output };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { outcome: `refused ${error.code}`, hint: error.message, output: { ...error.facts } };
    }
  }

  async #holderOf(number: string): Promise<Said> {
    const shown = await this.operator.ask<{ filer: string; title: string }>("ticket.show", { id: number });
    return { outcome: shown.filer, hint: `“${shown.title}”`, output: shown };
  }

  #keep(step: TimedStep, output: unknown): void {
    if (step.label === undefined) return;
    const kept = { ...(output as Record<string, unknown>), at: step.instant === null ? null : iso(step.instant) };
    this.#outputs.set(step.label, kept);
    const { token } = kept as { token?: unknown };
    if (typeof token === "string") this.#sessions.set(`$${step.label}`, this.#session(token));
  }

  async #outcome(
    step: TimedStep,
    seat: string,
    what: string,
    { outcome, hint }: Omit<Said, "output">,
  ): Promise<Outcome> {
    const { then = null, policy } = step;
    const isExact = step.from !== null && step.from === step.to;
    return {
      ...{ line: step.line, at: step.at ?? null, instant: isExact ? iso(step.from!) : null, doubts: step.doubts },
      ...{ seat: this.#told(seat), what: step.what ?? what, policy: outcome, then, hint },
      differs: then !== null && (await this.#meant(then)) !== (await this.#meant(outcome)),
      as_recorded: policy === undefined || (await this.#meant(policy)) === (await this.#meant(outcome)),
    };
  }

  /** A sub-agent is told by its name. */
  #told(seat: string): string {
    return seat.startsWith("$") ? String(this.#outputs.get(seat.slice(1))?.seat) : seat;
  }

  /** Seats are the same in each form of their names. */
  async #meant(words: string): Promise<string> {
    return /\s/.test(words) ? words : this.#nameOf(words).catch(() => words);
  }

  async #nameOf(seat: string): Promise<string> {
    if (seat === "operator" || seat.startsWith("$")) return seat;
    const found = await this.operator
      .ask<{ name: string }>("seat.find", { name: seat })
      .catch((error: unknown) => error);
    if (!(found instanceof Refusal)) return (found as { name: string }).name;
    // A short name may be several seats'; in an incident it is one of those that were there.
    const candidates = (found.facts.candidates as string[] | undefined) ?? [];
    const there = candidates.filter((name) => this.#sessions.has(name));
    if (there.length === 1) return there[0]!;
    throw found;
  }

  #at = ({ line }: TimedStep) => `${this.#incident.file}:${line}`;
}

const iso = (milliseconds: number) => new Date(milliseconds).toISOString();

function at(output: unknown, path: string): unknown {
  return path.split(".").reduce((value: any, key) => value?.[key], output) ?? "nothing";
}
