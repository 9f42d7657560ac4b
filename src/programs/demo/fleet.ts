import { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { seatNameOf, shortName } from "../import/names.ts";

/** A role for each kind of worker of the old yard. */
const ROLES: readonly (readonly [RegExp, string])[] = [
  [/mayor/, "coordinator"],
  [/refinery/, "gatekeeper"],
  [/witness/, "sentinel"],
  [/deacon|dog/, "steward"],
  [/crew/, "strategist"],
];

/** A session's beat has to come at least every two minutes. */
const BEAT_MS = 20_000;

export type Claim = { id: string; claim_token: string };

/** What the whole fleet did and was refused. */
export class Record {
  readonly done: { [command: string]: number } = {};
  readonly refused: { [code: string]: number } = {};
  readonly answers_ms: number[] = [];

  get commands(): number {
    return this.answers_ms.length;
  }

  get refusals(): number {
    return Object.values(this.refused).reduce((sum, count) => sum + count, 0);
  }
}

/** One seat with a session of its own: its token, its connections, its claims. */
export class Seat {
  readonly name: string;
  /** By the old id of the ticket. */
  readonly claims = new Map<string, Claim>();
  readonly #client: Client;
  readonly #record: Record;

  constructor(name: string, client: Client, record: Record) {
    this.name = name;
    this.#client = client;
    this.#record = record;
  }

  /** Says a command. Null when the rules refused it, which is counted: that is what the demo is to show. */
  async say<Output>(command: string, input: object): Promise<Output | null> {
    const began = performance.now();
    try {
      const output = await this.#client.say<Output>(command, input);
      count(this.#record.done, command);
      return output;
    } catch (error) {
      if (!(error instanceof Refusal) || !isRule(error)) throw error;
      count(this.#record.refused, error.code);
      return null;
    } finally {
      this.#record.answers_ms.push(performance.now() - began);
    }
  }

  async beat(): Promise<void> {
    await this.#client.say("seat.beat", {
      status: this.claims.size > 0 ? "busy" : "idle",
      output: this.claims.size > 0,
    });
  }

  close(): void {
    this.#client.close();
  }
}

function isRule({ kind }: Refusal): boolean {
  return kind === "conflict" || kind === "missing" || kind === "denied" || kind === "invalid" || kind === "oversized";
}

function count(counts: { [name: string]: number }, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** The seats of the week, each adopted by a session of its own. */
export class Fleet {
  readonly seats: Seat[] = [];
  readonly record = new Record();
  readonly #operator: Client;
  readonly #of = new Map<string, Seat>();
  #beats: NodeJS.Timeout | undefined;

  constructor(operator: Client) {
    this.#operator = operator;
  }

  /** Adopts a seat for each of the first actors; when there are more actors than seats, a seat acts for several. */
  async adopt(actors: readonly string[], seats_max: number): Promise<void> {
    const wanted = actors.slice(0, seats_max);
    for (const [index, actor] of wanted.entries()) {
      // A name without dots has no short form, which could stand in the way of a real seat's.
      const short = seatNameOf(shortName(actor)).replace(/[^A-Za-z0-9_-]/g, "-");
      const name = `demo-${String(index + 1).padStart(2, "0")}-${short}`;
      const role = ROLES.find(([pattern]) => pattern.test(actor))?.[1] ?? "implementer";
      const { token } = await this.#operator.say<{ token: string }>("seat.adopt", { name, role, token_days: 1 });
      const client = new Client({ url: this.#operator.url.href, token, retryFor_seconds: 5 });
      this.seats.push(new Seat(name, client, this.record));
    }
    for (const [index, actor] of actors.entries()) this.#of.set(actor, this.seats[index % this.seats.length]!);
    this.#beats = setInterval(() => {
      for (const seat of this.seats) seat.beat().catch(() => {});
    }, BEAT_MS);
    this.#beats.unref();
  }

  /** The seat that lives an actor's week. Somebody who was only named is whoever comes first. */
  of(actor: string): Seat {
    return this.#of.get(actor) ?? this.seats[0]!;
  }

  holderOf(ticket: string): Seat | undefined {
    return this.seats.find((seat) => seat.claims.has(ticket));
  }

  /** Gives back what is still claimed and ends the sessions. Answers how many claims there were. */
  async leave(): Promise<number> {
    clearInterval(this.#beats);
    const held = this.seats.flatMap((seat) => [...seat.claims.values()].map((claim) => ({ seat, claim })));
    await Promise.all(
      held.map(({ seat, claim }) => seat.say("ticket.release", { ...claim, reason: "the demo's week is over" })),
    );
    for (const seat of this.seats) {
      await this.#operator.say("seat.retire", { seat: seat.name });
      seat.close();
    }
    return held.length;
  }
}
