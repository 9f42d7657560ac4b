import pg from "pg";
import { prepareValue } from "pg/lib/utils.js";
import type { Statement } from "./sql.ts";

/**
 * Several statements in one round trip: each is bound and executed, and one Sync ends them all, so that PostgreSQL
 * answers once. The first of them may leave while the rest is still being made: PostgreSQL works on them meanwhile.
 * pg's own pipeline sends a Sync with every query; each then costs both sides a wake-up, which is most of what a small
 * batch costs (measured: 500 µs of this process for a batch of one, with six of them).
 *
 * It is a Submittable, pg's seam for this (pg-cursor is one); connection, authentication and pool stay pg's.
 */

/** What is known of one connection: the statements that it has prepared, with the fields they answer, once told. */
type Prepared = { fields: Map<string, Field[] | null>; flight: Flight | null };
type Field = { name: string; parse: (text: string) => unknown };

/** The part of pg's connection that a Submittable is handed. */
type Connection = {
  stream: { writable: boolean; cork(): void; uncork(): void };
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: unknown[]; valueMapper(value: unknown): unknown }): void;
  describe(message: { type: "P"; name: string }): void;
  execute(message: object): void;
  sync(): void;
  on(event: "parseComplete", listener: () => void): void;
};

export type Rows = { rows: Record<string, unknown>[]; command: string };

type Waiting = {
  statement: Statement;
  values: unknown[];
  fields: Field[] | null;
  result: Rows;
  resolve(rows: Rows): void;
  reject(error: unknown): void;
};

const known = new WeakMap<Connection, Prepared>();

export class Flight {
  #waiting: Waiting[] = [];
  /** How many of them are on the wire. */
  #written = 0;
  /** The statement that PostgreSQL is answering. */
  #at = 0;
  #parsing: string[] = [];
  #connection: Connection | null = null;
  #prepared: Prepared | null = null;
  #complete = false;
  #failure: Error | null = null;
  #over: () => void = () => {};
  /** Resolves when the last answer is in, good or bad. */
  readonly done: Promise<void> = new Promise((resolve) => {
    this.#over = resolve;
  });

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Takes a statement along. Values are serialised here, so that one that cannot be breaks nobody else's. */
  add(statement: Statement, values: readonly unknown[]): Promise<Rows> {
    const serialised = values.map((value) => prepareValue(value));
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(notDone(this.#failure));
      const result = { rows: [], command: "" };
      this.#waiting.push({ statement, values: serialised, fields: null, result, resolve, reject });
    });
  }

  /** Called by pg when the connection is ready. What there is already leaves; the rest with `complete`. */
  submit(connection: Connection): null {
    this.#connection = connection;
    this.#prepared = known.get(connection) ?? meet(connection);
    this.#prepared.flight = this;
    this.#write();
    return null;
  }

  /** Nothing more comes along: PostgreSQL is asked for its answers. */
  complete(): void {
    this.#complete = true;
    if (this.#connection) this.#write();
    if (this.#failure) this.#end();
  }

  #write(): void {
    const connection = this.#connection!;
    if (!connection.stream.writable) return;
    connection.stream.cork();
    for (; this.#written < this.#waiting.length && !this.#failure; this.#written++)
      this.#bind(connection, this.#waiting[this.#written]!);
    if (this.#complete) connection.sync();
    connection.stream.uncork();
  }

  #bind(connection: Connection, one: Waiting): void {
    const { name, text } = one.statement;
    const told = this.#prepared!.fields.get(name);
    one.fields = told ?? null;
    if (told === undefined && !this.#parsing.includes(name)) {
      connection.parse({ name, text });
      this.#parsing.push(name);
    }
    connection.bind({ statement: name, values: one.values, valueMapper: (value) => value });
    if (one.fields === null) connection.describe({ type: "P", name: "" });
    connection.execute({});
  }

  /**
   * PostgreSQL has prepared the next of the statements that were new to the connection. It may still refuse the values
   * that came with it, and then never told what it answers.
   */
  parsed(): void {
    const name = this.#parsing.shift();
    if (name !== undefined) this.#prepared!.fields.set(name, null);
  }

  handleRowDescription({ fields }: { fields: { name: string; dataTypeID: number }[] }): void {
    const one = this.#waiting[this.#at]!;
    one.fields = fields.map(({ name, dataTypeID }) => ({ name, parse: pg.types.getTypeParser(dataTypeID, "text") }));
    this.#prepared!.fields.set(one.statement.name, one.fields);
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const one = this.#waiting[this.#at]!;
    const row: Record<string, unknown> = {};
    for (const [index, { name, parse }] of one.fields!.entries()) {
      const text = fields[index]!;
      row[name] = text === null ? null : parse(text);
    }
    one.result.rows.push(row);
  }

  handleCommandComplete({ text }: { text: string }): void {
    const one = this.#waiting[this.#at++]!;
    if (one.fields === null) this.#prepared!.fields.set(one.statement.name, []);
    one.result.command = text.split(" ", 1)[0]!;
    one.resolve(one.result);
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: "" });
  }

  handleReadyForQuery(): void {
    this.#end();
  }

  /** One statement failed, or the connection is gone: what came after it was not done. */
  handleError(error: Error): void {
    this.#failure = error;
    for (const [offset, { reject }] of this.#waiting.slice(this.#at).entries())
      reject(offset === 0 ? error : notDone(error));
    // One that is not complete still has to ask for its end, or the connection would never be ready again.
    if (this.#complete) this.#end();
  }

  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}

  #end(): void {
    if (this.#prepared?.flight === this) this.#prepared.flight = null;
    this.#over();
  }
}

function meet(connection: Connection): Prepared {
  const prepared: Prepared = { fields: new Map(), flight: null };
  known.set(connection, prepared);
  connection.on("parseComplete", () => prepared.flight?.parsed());
  return prepared;
}

/** As PostgreSQL says of statements behind one that failed. */
function notDone(cause: Error): Error {
  const error = new Error("an earlier statement of the transaction failed", { cause });
  return Object.assign(error, { code: "25P02" });
}
