import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { type Job, sayAll } from "../import/sending.ts";
import { clean, partsOf } from "../import/texts.ts";
import type { Read } from "./lines.ts";
import { type FeedRecord, identityOfWords, inputOf, inputOfWords, lineOf, type PostInput, recordOf } from "./record.ts";

/** What became of a piece. A refused one is told with its line; everything else goes in. */
export type Told = {
  imported(isNew: boolean, count: number): void;
  refused(line: number, reason: string): void;
  mended(line: number, field: string): void;
};

export type Found = { line: number; read: Read };

const PAGE_ENTRIES = 500;

/** Brings posts of feed files in by `post.import`, each once, whatever file and how often it is read. */
export class Bringer {
  readonly #client: Client;
  readonly #told: Told;
  readonly #leaf_bytes_max: number;
  /** How often the same words were met: said twice, they are two posts. */
  readonly #met = new Map<string, number>();
  readonly #tickets = new Map<string, boolean>();
  /** Posts of the server itself, as far as they were looked at. */
  #page: { after: number; upto: number; lines: Map<number, string> } = { after: 0, upto: 0, lines: new Map() };

  private constructor(client: Client, leaf_bytes_max: number, told: Told) {
    this.#client = client;
    this.#leaf_bytes_max = leaf_bytes_max;
    this.#told = told;
  }

  static async of(client: Client, told: Told): Promise<Bringer> {
    const { leaf_bytes_max } = await client.ask<{ leaf_bytes_max: number }>("ledger.head");
    return new Bringer(client, leaf_bytes_max, told);
  }

  /** Counts what was brought in before, so that the same words after it are known to be others. */
  pass(read: Read): void {
    if ("words" in read) this.#nth(read);
  }

  async bring(found: AsyncIterable<Found> | Iterable<Found>, said: (count: number) => void = () => {}): Promise<void> {
    await sayAll(this.#client, this.#jobs(found), said);
  }

  async *#jobs(found: AsyncIterable<Found> | Iterable<Found>): AsyncGenerator<Job> {
    for await (const { line, read } of found) {
      if ("nothing" in read) continue;
      if ("problem" in read) this.#told.refused(line, read.problem);
      else if ("record" in read && (await this.#isOwn(read.record))) this.#told.imported(false, 1);
      else yield* this.#posts(line, await this.#inputs(line, read));
    }
  }

  *#posts(line: number, inputs: PostInput[]): Generator<Job> {
    const [first] = inputs;
    for (const input of inputs)
      yield {
        command: "post.import",
        input,
        done: (answer: { imported: boolean } | Refusal) => {
          // By its name it has the same words; only the ticket that they are about was found then and is not now.
          const here = answer instanceof Refusal && answer.code === "import.contradicts" && isByContent(input);
          if (answer instanceof Refusal && !here) return this.#told.refused(line, reasonOf(answer));
          if (input === first) this.#told.imported(!here && (answer as { imported: boolean }).imported, 1);
        },
      };
  }

  async #inputs(line: number, read: Exclude<Read, { problem: string } | { nothing: true }>): Promise<PostInput[]> {
    const { item, ...input } = "record" in read ? inputOf(read.record) : this.#ofWords(line, read);
    if (item === undefined || (await this.#isTicket(item))) return this.#parts({ ...input, item });
    // A ledger's own post keeps its item beside its words; what was written by hand keeps it as a marker.
    const marked = input.original !== undefined || input.body.includes(item) || input.subject.includes(item);
    return this.#parts(marked ? input : { ...input, body: `ITEM: ${item}\n${input.body}` });
  }

  #ofWords(line: number, read: Extract<Read, { words: unknown }>): PostInput {
    const { words } = read;
    const mended = (field: string) => this.#told.mended(line, field);
    const subject = clean(words.subject, "subject", mended);
    const body = clean(words.body, "body", mended);
    const author = clean(words.author, "author", mended);
    const item = words.item === undefined ? undefined : clean(words.item, "item", mended);
    return inputOfWords({ ...words, author, item, subject, body }, this.#nth(read));
  }

  #nth({ words }: Extract<Read, { words: unknown }>): number {
    const identity = identityOfWords(words);
    const nth = (this.#met.get(identity) ?? 0) + 1;
    this.#met.set(identity, nth);
    return nth;
  }

  /** What is longer than an entry goes on in further posts. */
  #parts({ body: whole, ...input }: PostInput): PostInput[] {
    if (input.original !== undefined) return [{ ...input, body: whole }];
    const bodies = partsOf(whole, input, this.#leaf_bytes_max);
    return bodies.map((body, index) => {
      if (index === 0) return { ...input, body };
      const subject = `${input.subject.slice(0, 450).toWellFormed()} (part ${index + 1} of ${bodies.length})`;
      return { ...input, source_ref: `${input.source_ref}/${index + 1}`, subject, body };
    });
  }

  async #isTicket(id: string): Promise<boolean> {
    const known = this.#tickets.get(id);
    if (known !== undefined) return known;
    const found = await this.#client.ask("ticket.show", { id }).then(
      () => true,
      (error) => {
        if (error instanceof Refusal && (error.kind === "missing" || error.kind === "invalid")) return false;
        throw error;
      },
    );
    this.#tickets.set(id, found);
    return found;
  }

  /** True when the post stands in this server's own ledger under its number: its own export came back. */
  async #isOwn(record: FeedRecord): Promise<boolean> {
    const { seq } = record;
    if (seq <= this.#page.after || seq > this.#page.upto) {
      const input = { posts: true, after: seq - 1, limit: PAGE_ENTRIES };
      const { entries, head } = await this.#client.ask<{ entries: FeedRecord[]; head: number }>("feed.read", input);
      const upto = entries.length < PAGE_ENTRIES ? Math.max(head, seq) : entries.at(-1)!.seq;
      const lines = new Map(entries.map((entry) => [entry.seq, lineOf(recordOf(entry))]));
      this.#page = { after: seq - 1, upto, lines };
    }
    return this.#page.lines.get(seq) === lineOf(record);
  }
}

function isByContent({ source_ref }: PostInput): boolean {
  return /^feed:[0-9a-f]{64}/.test(source_ref);
}

function reasonOf({ message, fields }: Refusal): string {
  return fields.length > 0 ? fields.map((one) => `${one.field}: ${one.message}`).join("; ") : message;
}
