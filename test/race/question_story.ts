import type { Entry } from "../../src/rooms/ledger/index.ts";

/** A question as the entries before tell it. */
type Question = {
  state: "open" | "answered" | "done" | "withdrawn";
  topic: string;
  goes_to: string;
  asker: string;
  words: string;
  ticket: string | null;
  blocks: boolean;
  probe: string | null;
  relabels: number;
  asked_at: string;
  closed_at: string | null;
};
/** `waits_for`: the question by which it is blocked, if it is one. */
type Ticket = { state: string; waits_for: number | null };
/** What the next entry has to be. */
type Due = { kinds: readonly string[]; subject: string | null };

const ENDS: Record<string, "answered" | "done" | "withdrawn"> = {
  "question.answered": "answered",
  "question.closed": "done",
  "question.withdrawn": "withdrawn",
};
/** Said by the server in between: they are about other tickets, or about what a ticket was before. */
const BESIDE = new Set(["ticket.lapsed"]);

/**
 * What is wrong with a ledger's story of questions: one that waits twice, is decided twice, by who asked it or by who
 * may not, or is closed by a probe that is not true; a ticket that does not wait for the question that blocks it, goes
 * on while another still blocks it, or is left waiting for none.
 */
export class QuestionStory {
  readonly questions = new Map<number, Question>();
  readonly tickets = new Map<string, Ticket>();
  readonly faults: string[] = [];
  readonly #roles: Readonly<Record<string, string>>;
  readonly #routes: Readonly<Record<string, string>>;
  #due: Due[] = [];

  constructor(entries: Iterable<Entry>, { roles, routes }: Record<"roles" | "routes", Record<string, string>>) {
    this.#roles = roles;
    this.#routes = routes;
    for (const entry of entries) {
      if (BESIDE.has(entry.kind)) this.#tellTicket(entry);
      else this.#next(entry);
    }
    this.#end();
  }

  #next(entry: Entry): void {
    const { seq, kind, subject } = entry;
    const fault = (what: string) => void this.faults.push(`${seq} ${kind} ${subject}: ${what}`);
    const due = this.#due.shift();
    if (due && !(due.kinds.includes(kind) && due.subject === subject)) {
      fault(`${due.kinds.join(" or ")} of ${due.subject} was due`);
      this.#due = [];
    }
    if (kind === "question.asked") this.#asked(entry, fault);
    else if (kind === "question.rerouted") this.#rerouted(entry, fault);
    else if (ENDS[kind]) this.#ended(entry, fault);
    else if (kind.startsWith("ticket.")) {
      const isByQuestion = /^question \d+ is /.test(String(entry.data.reason));
      if (kind === "ticket.unblocked" && isByQuestion && !due) fault("no question that blocked it was closed");
      this.#tellTicket(entry);
    }
  }

  #asked({ actor, at, data }: Entry, fault: (what: string) => void): void {
    const { id, topic, goes_to, question: words, ticket = null, blocks, probe = null } = data as any;
    const same = [...this.questions.values()].filter((one) => one.words === words && one.ticket === ticket);
    if (same.some(({ state }) => state !== "withdrawn")) fault("it waits or was decided already");
    if (goes_to !== this.#routes[topic]) fault(`${topic} goes to ${this.#routes[topic]}, not to ${goes_to}`);
    if (this.#isDone(probe)) fault("its probe is true");
    const told = { topic, goes_to, asker: actor, words, ticket, blocks, probe, asked_at: at };
    this.questions.set(id, { ...told, state: "open", relabels: 0, closed_at: null });
    if (blocks && this.#waitsFor(ticket) === null)
      this.#due.push({ kinds: ["ticket.blocked", "ticket.released"], subject: ticket });
  }

  #rerouted({ actor, data }: Entry, fault: (what: string) => void): void {
    const { id, topic, goes_to } = data as any;
    const told = this.questions.get(id)!;
    if (told.state !== "open") fault(`it was ${told.state}`);
    if (told.topic === topic) fault("it was about that already");
    if (goes_to !== this.#routes[topic]) fault(`${topic} goes to ${this.#routes[topic]}, not to ${goes_to}`);
    if (this.#roles[actor] === "strategist" && told.goes_to === "operator" && goes_to === "strategist")
      fault("a strategist took it from the operator");
    Object.assign(told, { topic, goes_to, relabels: told.relabels + 1 });
  }

  #ended({ kind, actor, at, data }: Entry, fault: (what: string) => void): void {
    const told = this.questions.get(data.id as number)!;
    const role = this.#roles[actor];
    if (told.state !== "open") fault(`it was ${told.state}`);
    Object.assign(told, { state: ENDS[kind], closed_at: at });
    if (kind === "question.answered") {
      if (actor === told.asker) fault("who asked it decided it");
      if (role !== "operator" && role !== told.goes_to) fault(`it is for the ${told.goes_to} to decide, not ${actor}`);
    }
    if (kind === "question.withdrawn" && actor !== told.asker && !["operator", "coordinator"].includes(role!))
      fault(`${told.asker} asked it, not ${actor}`);
    if (kind === "question.closed" && !this.#isDone(told.probe)) fault("its probe is not true");
    if (told.blocks && this.#waitsFor(told.ticket) !== null && !this.#isBlocked(told.ticket!))
      this.#due.push({ kinds: ["ticket.unblocked"], subject: told.ticket });
    if (kind === "question.answered") this.#due.push({ kinds: ["post.appended"], subject: told.ticket });
  }

  #tellTicket({ subject, data: { state, reason } }: Entry): void {
    if (typeof state !== "string") return;
    const [, number] = /^question (\d+): /.exec(String(reason)) ?? [];
    this.tickets.set(subject!, { state, waits_for: state === "blocked" && number ? Number(number) : null });
  }

  #waitsFor(ticket: string | null): number | null {
    return ticket === null ? null : this.tickets.get(ticket)!.waits_for;
  }

  #isBlocked(ticket: string): boolean {
    return [...this.questions.values()].some((one) => one.ticket === ticket && one.blocks && one.state === "open");
  }

  /** Of a probe that asks for a ticket's state. */
  #isDone(probe: string | null): boolean {
    const [, ticket, state] = /^ticket (\S+) is (\S+)$/.exec(probe ?? "") ?? [];
    return ticket !== undefined && this.tickets.get(ticket)?.state === state;
  }

  #end(): void {
    for (const { kinds, subject } of this.#due) this.faults.push(`${kinds.join(" or ")} of ${subject} is due`);
    for (const [id, { waits_for }] of this.tickets)
      if (waits_for !== null && !this.#isBlocked(id)) this.faults.push(`${id} waits for no question`);
    for (const [id, { state, probe }] of this.questions)
      if (state === "open" && this.#isDone(probe)) this.faults.push(`question ${id} is done and open`);
  }
}
