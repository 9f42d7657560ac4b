import assert from "node:assert/strict";
import { Refusal } from "../../src/kernel/refusal.ts";

/**
 * A fleet whose machines lose the server, their clocks and their answers: what they posted, when they truly posted it,
 * and what became of it. Time is the model's own, and runs in the past: the server's receipts are always later.
 */
export type Server = {
  /** As a seat. */
  say(seat: Seat, name: string, input: object, key?: string): Promise<any>;
  ask(seat: Seat, name: string, input: object): Promise<any>;
  /** Ends the contest and carries out what waits. */
  settle(): Promise<void>;
};

export type Seat = { name: string; token: string };

export type Post = {
  n: number;
  operation: "ticket.file" | "post.append";
  provisional: string | null;
  key: string | null;
  input: { title?: string; subject?: string; namespace?: string };
  posted_at: string;
  contact_at: string | null;
  elapsed_ms: number | null;
  lost: string | null;
};

/** A filing that was spooled. */
export type Filing = { machine: Machine; post: Post; at: number; expected: string | null };

export class Machine {
  readonly seat: Seat;
  readonly spool: string;
  posts: Post[] = [];
  /** The highest number that ever left the machine, and the highest that the server said it has. */
  sent = 0;
  upto = 0;
  online = true;
  /** Of the wall clock, and how often it was set. */
  skew_ms = 0;
  clock_sets = 0;
  /** How often it had been set when each post was made. */
  clock_sets_at: number[] = [];
  contact: number | null = null;
  restarted = false;
  /** The last number that it knows of, in each namespace. */
  known = new Map<string, number>();
  /** Requests that left and have not arrived. */
  late: { input: object; key: string }[] = [];

  constructor(seat: Seat, spool: string) {
    this.seat = seat;
    this.spool = spool;
  }
}

/** Real time has passed all of the model's. */
const BEFORE_MS = 40 * 86_400_000;

export class Fleet {
  readonly server: Server;
  readonly machines: Machine[];
  readonly namespaces: readonly string[];
  readonly filings: Filing[] = [];
  readonly titles = new Set<string>();
  readonly subjects = new Map<string, string | null>();
  at = Date.now() - BEFORE_MS;
  /** How many contests for a number were judged by exact instants. */
  judged = 0;
  #tags = 0;

  constructor(server: Server, seats: readonly Seat[], namespaces: readonly string[], run: string) {
    this.server = server;
    this.machines = seats.map((seat, index) => new Machine(seat, `run-${run}-${index}`));
    // It begins in a storm: all have just looked, half are cut off, and each has a clock of its own.
    for (const [index, machine] of this.machines.entries()) {
      machine.skew_ms = (index - 2) * 3_600_000;
      machine.contact = this.at;
      machine.online = index % 2 === 1;
      for (const namespace of namespaces) machine.known.set(namespace, 0);
    }
    this.namespaces = namespaces;
  }

  /** Files at the server if it is there; what becomes of the request decides what is spooled, and under which key. */
  async file(machine: Machine, namespace: string, fate: "answered" | "unanswered" | "late"): Promise<void> {
    const title = `${machine.spool} ${this.titles.size + 1}`;
    this.titles.add(title);
    const input = { namespace, title };
    if (!machine.online || machine.posts.length > machine.upto) return this.#spool(machine, input, null);
    const key = `${machine.spool}-${this.titles.size}`;
    if (fate === "late") {
      machine.late.push({ input, key });
      return this.#spool(machine, input, key);
    }
    const { id } = await this.server.say(machine.seat, "ticket.file", input, key);
    if (fate === "unanswered") return this.#spool(machine, input, key);
    machine.known.set(namespace, numberOf(id));
    machine.contact = this.at;
    machine.restarted = false;
  }

  #spool(machine: Machine, input: { namespace: string; title: string }, key: string | null): void {
    const last = machine.known.get(input.namespace);
    const number = last === undefined ? null : last + 1;
    if (number !== null) machine.known.set(input.namespace, number);
    const expected = number === null ? null : `${input.namespace}-${String(number).padStart(4, "0")}`;
    const provisional = `${expected ?? `${input.namespace}-?`}~${this.#tag()}`;
    const post = this.#append(machine, { operation: "ticket.file", provisional, key, input });
    this.filings.push({ machine, post, at: this.at, expected });
  }

  /** A narrative about the machine's latest filing, by the only name that it has for it. */
  narrate(machine: Machine): void {
    const cited = machine.posts.findLast(({ provisional }) => provisional !== null)?.provisional ?? null;
    const subject = `${machine.spool} says ${this.subjects.size + 1}`;
    this.subjects.set(subject, cited);
    const input = { subject, body: cited === null ? "About nothing" : `About ${cited}` };
    this.#append(machine, { operation: "post.append", provisional: null, key: null, input });
  }

  #append(machine: Machine, post: Pick<Post, "operation" | "provisional" | "key" | "input">): Post {
    const { contact, restarted, skew_ms } = machine;
    const one: Post = {
      n: machine.posts.length + 1,
      ...post,
      posted_at: new Date(this.at + skew_ms).toISOString(),
      contact_at: contact === null ? null : new Date(contact).toISOString(),
      elapsed_ms: contact === null || restarted ? null : this.at - contact,
      lost: null,
    };
    machine.posts.push(one);
    machine.clock_sets_at.push(machine.clock_sets);
    return one;
  }

  /** The machine dies while it writes: what never left it is torn, and stays as a number with nothing behind it. */
  tear(machine: Machine): void {
    const last = machine.posts.at(-1);
    if (!last || last.n <= machine.sent || last.lost !== null) return;
    Object.assign(last, { lost: "the last line was torn", input: {}, key: null, provisional: null });
    const index = this.filings.findIndex(({ post }) => post === last);
    if (index >= 0) this.filings.splice(index, 1);
    machine.restarted = true;
  }

  async handIn(machine: Machine, count: number, fate: "answered" | "unanswered" | "twice" | "again"): Promise<void> {
    if (!machine.online) return;
    const from = fate === "again" ? Math.max(0, machine.upto - count) : machine.upto;
    const posts = machine.posts.slice(from, from + count);
    machine.sent = Math.max(machine.sent, posts.at(-1)?.n ?? 0);
    const sent_at = new Date(Date.now() + machine.skew_ms).toISOString();
    const input = { spool: machine.spool, posts, sent_at };
    const say = () => this.server.say(machine.seat, "spool.hand_in", input);
    const [answer] = fate === "twice" ? await Promise.all([say(), say()]) : [await say()];
    if (fate === "unanswered") return;
    machine.upto = Math.max(machine.upto, answer.received_upto);
    machine.contact = this.at;
    machine.restarted = false;
    for (const { id } of answer.settled) if (id !== null) this.#learn(machine, id);
  }

  /** Everybody has just looked, and the server is away for all. */
  async storm(): Promise<void> {
    for (const machine of this.machines) {
      await this.look(machine);
      machine.online = false;
    }
  }

  /** Asks for the next number, as a program does that may lose the server soon. */
  async look(machine: Machine): Promise<void> {
    if (!machine.online || machine.posts.length > machine.upto) return;
    for (const namespace of this.namespaces) {
      const { next_id } = await this.server.ask(machine.seat, "namespace.protocol", { namespace });
      machine.known.set(namespace, numberOf(next_id) - 1);
    }
    machine.contact = this.at;
    machine.restarted = false;
  }

  #learn(machine: Machine, id: string): void {
    const namespace = id.slice(0, id.indexOf("-"));
    if (this.namespaces.includes(namespace))
      machine.known.set(namespace, Math.max(machine.known.get(namespace) ?? 0, numberOf(id)));
  }

  /** A request arrives that nobody waits for any more. */
  async arrive(machine: Machine): Promise<void> {
    const request = machine.late.shift();
    if (!request) return;
    await this.server.say(machine.seat, "ticket.file", request.input, request.key).catch((error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
    });
  }

  /** Everybody is back, and everything is handed in and carried out. */
  async heal(): Promise<void> {
    for (const machine of this.machines) {
      machine.online = true;
      while (machine.upto < machine.posts.length) await this.handIn(machine, 150, "answered");
      while (machine.late.length > 0) await this.arrive(machine);
    }
    await this.server.settle();
  }

  #tag(): string {
    const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    let [tag, rest] = ["", ++this.#tags];
    for (let n = 0; n < 6; n++, rest = Math.floor(rest / 32)) tag += alphabet[rest % 32];
    return tag;
  }
}

export const numberOf = (id: string) => Number(id.slice(id.lastIndexOf("-") + 1));
