import * as fs from "node:fs";
import { join } from "node:path";
import { parseUrl } from "../client/client.ts";
import { contactNow, isOfThisBoot, readContact, sinceContact, writeContact } from "./contact.ts";
import { Journal, lostPost, type Spooled } from "./journal.ts";
import type { Operation, Outcome, Post } from "./lines.ts";
import { expectedId } from "./numbers.ts";
import { preparePlace, refusalOf, syncDirectory } from "./own_place.ts";
import { WAITING } from "./place.ts";
import { rememberIds } from "./seen.ts";

/** Who files where: a journal belongs to one token at one server. */
export type Whose = { place: string; url: string; token: string; seat?: string | null | undefined };

/** What the server answered: which posts it has, what became of some, and when that was by its clock, if it said so. */
export type Answered = { received_upto: number; outcomes: readonly Outcome[]; answered_at: string | null };

/** As namespaces are called; what is filed in any other expects no number. */
export const PREFIX: RegExp = /^[A-Z][A-Z0-9]{0,11}$/;

/** A tag's letters, as base32 has them; eight are forty bits: no two spools meet under one expected number. */
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const TAG_LETTERS = 8;

function marksIn(place: string, end: string): string[] {
  const names = fs.existsSync(place) ? fs.readdirSync(place).filter((name) => name.endsWith(end)) : [];
  return names.sort().map((name) => name.slice(0, -end.length));
}

/** The posts of one seat that wait on this machine for their server. */
export class Spool {
  readonly mark: string;
  readonly origin: string;
  readonly seat: string | null;
  readonly #place: string;
  readonly #journal: Journal;

  private constructor(place: string, mark: string, origin: string, seat: string | null) {
    [this.#place, this.mark, this.origin, this.seat] = [place, mark, origin, seat];
    this.#journal = new Journal(join(place, `${mark}.jsonl`), { origin, seat });
  }

  static of({ place, url, token, seat = null }: Whose): Spool {
    const { origin } = parseUrl(url);
    // The name of the file tells whose it is to whoever has the token, and tells nobody the token.
    const hash = process.getBuiltinModule("node:crypto").createHash("sha256").update(`${origin}\n${token}`);
    return new Spool(place, hash.digest("hex").slice(0, 16), origin, seat);
  }

  /** Every spool that lies there, whoever's. */
  static all(place: string): Spool[] {
    return marksIn(place, ".jsonl").map((mark) => Spool.#known(place, mark));
  }

  /** The token's own, and what waits of the same seat from under an earlier token. */
  static mine(whose: Whose): Spool[] {
    const own = Spool.of(whose);
    if (!whose.seat) return [own];
    const others = marksIn(whose.place, WAITING).filter((mark) => mark !== own.mark);
    const same = others.flatMap((mark) => {
      try {
        const spool = Spool.#known(whose.place, mark);
        return spool.origin === own.origin && spool.seat === whose.seat ? [spool] : [];
      } catch (error) {
        // `spool status` tells of one that cannot be read; it must not hold up what can.
        refusalOf(error);
        return [];
      }
    });
    return [own, ...same];
  }

  /** Takes down the signs of journals that somebody deleted: each command of this account would look behind them. */
  static settleDeleted(place: string): void {
    for (const mark of marksIn(place, WAITING))
      if (!fs.existsSync(join(place, `${mark}.jsonl`))) new Spool(place, mark, "", null).settle();
  }

  static #known(place: string, mark: string): Spool {
    const { origin, seat } = new Spool(place, mark, "", null).read();
    return new Spool(place, mark, origin, seat);
  }

  get path(): string {
    return this.#journal.path;
  }

  /** Whether something may wait, by one look. */
  get waits(): boolean {
    return fs.existsSync(this.#waiting);
  }

  get #waiting(): string {
    return join(this.#place, `${this.mark}${WAITING}`);
  }

  get #contact(): string {
    return join(this.#place, `${this.mark}.contact.json`);
  }

  read(): Spooled {
    return this.#journal.read();
  }

  /** Keeps a post. When this returns, it is on the disk. */
  post(operation: Operation, input: Record<string, unknown>, key: string): Post {
    preparePlace(this.#place);
    const provisional = this.#provisional(operation, input);
    const posted_at = new Date().toISOString();
    const about = { ...sinceContact(readContact(this.#contact)), posted_at };
    let kept: Post | undefined;
    this.#journal.append(({ last }) => {
      this.#hoist();
      kept = { n: last + 1, operation, provisional, input, key, ...about, lost: null };
      return [{ kind: "post", post: kept }];
    });
    return kept!;
  }

  /**
   * Writes down what the server answered of the spool that it knows by this name, and gives what is news. Without
   * anything left to wait for, nobody has to look here again.
   */
  answered(name: string, { received_upto: upto, outcomes, answered_at }: Answered): Outcome[] {
    let fresh: Outcome[] = [];
    this.#journal.note((before) => {
      // Another process found meanwhile that it is a copy, and gave it a name of its own.
      if (before.spool !== name) return [];
      if (upto < before.received_upto) this.#hoist();
      fresh = outcomes.filter(({ n }) => !before.outcomes.has(n));
      return [
        ...(upto === before.received_upto ? [] : [{ kind: "received" as const, upto }]),
        ...fresh.map((outcome) => ({ kind: "outcome" as const, outcome })),
      ];
    });
    if (answered_at !== null) writeContact(this.#contact, contactNow(answered_at));
    const ids = fresh.map(({ id }) => id);
    rememberIds(this.#place, this.origin, ids);
    this.settle();
    return fresh;
  }

  /** Takes the sign down when nothing waits: a process may have been killed before it did. */
  settle(): void {
    if (this.waits) this.#journal.settle(this.#waiting);
  }

  /** The posts from this one on are another spool's than the one of that name. */
  part(name: string | null, from: number): void {
    this.#journal.part(name, from);
  }

  /** The server cannot take the words of a post at all: its number is handed in without them. */
  drop(n: number, reason: string): void {
    this.#journal.append(() => [{ kind: "post", post: lostPost(n, reason) }]);
  }

  /** A name for the server to know it by, before the first post. */
  begin(): string {
    const { spool } = this.read();
    if (spool !== null) return spool;
    preparePlace(this.#place);
    this.#journal.append(() => []);
    return this.read().spool!;
  }

  /** When the server last answered, by its clock. */
  get contact_at(): string | null {
    return readContact(this.#contact)?.answered_at ?? null;
  }

  /** Whether its posts could say how old they are. */
  get knowsTheTime(): boolean {
    return isOfThisBoot(readContact(this.#contact));
  }

  #provisional(operation: Operation, { namespace, reservation, reserve }: Record<string, unknown>): string | null {
    const asks = operation === "ticket.file" && reservation === undefined ? namespace : reserve;
    if (typeof asks !== "string" || !PREFIX.test(asks)) return null;
    const bytes: Uint8Array = process.getBuiltinModule("node:crypto").randomBytes(TAG_LETTERS);
    const tag = [...bytes].map((byte) => LETTERS[byte % LETTERS.length]).join("");
    return `${expectedId(this.#place, this.origin, asks)}~${tag}`;
  }

  /** Before the post is there, under its lock: whoever looks may find too much waiting, never too little. */
  #hoist(): void {
    if (this.waits) return;
    fs.closeSync(fs.openSync(this.#waiting, "a", 0o600));
    syncDirectory(this.#place);
  }
}
