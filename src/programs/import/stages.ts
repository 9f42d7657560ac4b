import { closeSync, openSync } from "node:fs";
import { basename } from "node:path";
import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { type Row, readLines, rowAt } from "./rows.ts";
import { type Job, sayAll } from "./sending.ts";
import { inlineProblem, rowsIn, type Source, type Survey } from "./survey.ts";
import { add, type Kind, type Tally } from "./tally.ts";

/** One import on its way: seats and namespaces, tickets in file order, links, posts in the order of time. */
export class Import {
  readonly #client: Client;
  readonly #survey: Survey;
  readonly #tally: Tally;
  readonly #said: (count: number) => void;
  #last = new Map<string, number>();

  constructor(client: Client, survey: Survey, tally: Tally, said: (count: number) => void) {
    this.#client = client;
    this.#survey = survey;
    this.#tally = tally;
    this.#said = said;
  }

  async run(stage: (name: string) => void): Promise<void> {
    stage("seats");
    await this.#defineNamespaces();
    await this.#say(this.#seats());
    stage("tickets");
    await this.#say(this.#tickets());
    this.#refuseLabelsOfNobody();
    stage("links");
    await this.#say(this.#links());
    stage("posts");
    await this.#say(this.#posts());
  }

  #say(jobs: AsyncIterable<Job> | Iterable<Job>): Promise<void> {
    return sayAll(this.#client, jobs, this.#said);
  }

  async #defineNamespaces(): Promise<void> {
    const { namespaces } = await this.#client.ask<{ namespaces: { prefix: string }[] }>("namespace.list");
    const known = new Set(namespaces.map(({ prefix }) => prefix));
    for (const prefix of this.#survey.namespaces) {
      if (known.has(prefix)) continue;
      await this.#client.say("namespace.define", { prefix, format: `${prefix}-NNNN` });
      this.#tally.namespaces_defined.push(prefix);
    }
  }

  *#seats(): Generator<Job> {
    for (const [name, olds] of this.#survey.seats) {
      const alias = [...olds].filter((old) => old.length <= 120 && !old.includes("\0") && old.isWellFormed());
      const done = (answer: { imported: boolean } | Refusal) => {
        if (answer instanceof Refusal) this.#tally.refuse("seats", "seats", 0, `${name}: ${answer.message}`);
        else this.#tally.imported("seats", answer.imported);
      };
      yield { command: "seat.import", input: { name, alias } as Job["input"], done };
    }
  }

  async *#tickets(): AsyncGenerator<Job> {
    const index = this.#survey.sources.findIndex(({ kind }) => kind === "issues");
    const { file } = this.#survey.sources[index]!;
    for await (const { row, number } of readLines(file)) {
      if (row === null || this.#survey.bad.has(`${index}:${number}`)) continue;
      const issue = this.#survey.issue(row);
      if (typeof issue === "string") continue;
      const { ticket, status } = issue;
      const done = (answer: { id: string; imported: boolean } | Refusal) => {
        const refused = answer instanceof Refusal;
        this.#countLabels(row, refused ? null : answer.imported);
        if (refused) {
          this.#survey.bad.add(`${index}:${number}`);
          return this.#tally.refuse("issues", basename(file), number, answer.message);
        }
        this.#tally.imported("issues", answer.imported);
        add(this.#tally.by_state, status);
        add(this.#tally.by_type, ticket.type);
        if (answer.imported && answer.id !== ticket.alias) this.#checkOrder(ticket.namespace, answer.id);
      };
      yield { command: "ticket.import", input: ticket, done };
    }
  }

  /** Labels are a part of their ticket and share its lot. Null: it was refused. */
  #countLabels(row: Row, isNew: boolean | null): void {
    const filed = this.#survey.labels.get(row.id as string);
    const inside = Array.isArray(row.labels) ? row.labels.length : 0;
    const count = inside + (filed && !filed.counted ? filed.filed.length : 0);
    if (filed) filed.counted = true;
    if (isNew === null) this.#tally.refuseSilently("labels", count);
    else this.#tally.imported("labels", isNew, count);
  }

  #refuseLabelsOfNobody(): void {
    const source = this.#survey.sources.find(({ kind }) => kind === "labels");
    for (const [issue_id, { filed, counted }] of this.#survey.labels)
      for (const { line } of counted ? [] : filed)
        this.#tally.refuse("labels", basename(source!.file), line, `there is no issue ${issue_id} in this import`);
  }

  /** Numbers that are not the old ones must follow the order of the file; should they not, the summary says so. */
  #checkOrder(namespace: string, id: string): void {
    const number = Number(/\d+$/.exec(id)?.[0] ?? 0);
    if (number < (this.#last.get(namespace) ?? 0)) this.#tally.out_of_order++;
    this.#last.set(namespace, number);
  }

  async *#links(): AsyncGenerator<Job> {
    for (const [index, { kind, file }] of this.#survey.sources.entries()) {
      if (kind !== "issues" && kind !== "dependencies") continue;
      const name = basename(file);
      for await (const { row, number } of readLines(file)) {
        const place = `${index}:${number}`;
        if (row === null) continue;
        if (kind === "dependencies" && !this.#survey.bad.has(place)) yield this.#link(row, name, number, place);
        if (kind !== "issues") continue;
        const dependencies = rowsIn(row.dependencies);
        // A row that was refused before it was sent has its parts counted already.
        if (this.#survey.bad.has(place)) {
          if (typeof this.#survey.issue(row) !== "string")
            this.#tally.refuseSilently("dependencies", dependencies.length);
          continue;
        }
        for (const [nth, dependency] of dependencies.entries()) {
          const problem = inlineProblem(dependency, row);
          if (problem === null) yield this.#link(dependency, name, number, `${place}:${nth}`);
          else this.#tally.refuse("dependencies", name, number, problem);
        }
      }
    }
  }

  #link(row: Row, file: string, line: number, place: string): Job {
    const { issue_id: id, depends_on_id: target, type } = row as Record<string, string>;
    const done = (answer: { target: string; linked: boolean } | Refusal) => {
      if (answer instanceof Refusal) {
        this.#survey.bad.add(place);
        return this.#tally.refuse("dependencies", file, line, answer.message);
      }
      this.#tally.imported("dependencies", answer.linked);
      add(this.#tally.by_dependency_type, type!);
      // A target that is here is answered by its id here.
      if (answer.target === target) this.#tally.dangling++;
    };
    // `dangling` keeps what history holds: targets that are not here, and circles of tickets that wait for each other.
    return { command: "ticket.link", input: { id, target, type, dangling: true } as Job["input"], done };
  }

  *#posts(): Generator<Job> {
    const { places, sources } = this.#survey;
    const order = Uint32Array.from(places.at.keys()).sort((a, b) => places.at[a]! - places.at[b]! || a - b);
    const files = sources.map(({ file }) => openSync(file, "r"));
    try {
      for (const at of order) {
        const source = places.source[at]!;
        const row = rowAt(files[source]!, places.offset[at]!, places.bytes[at]!);
        const job = this.#post(row, sources[source]!, places.line[at]!, places.nth[at]!, source);
        if (job) yield job;
      }
    } finally {
      for (const fd of files) closeSync(fd);
    }
  }

  #post(row: Row, source: Source, line: number, nth: number, index: number): Job | null {
    const { kind, input, part } = this.#survey.postsOf(row, source)[nth]!;
    const place = `${index}:${line}`;
    if (this.#survey.bad.has(place) || this.#survey.bad.has(`${place}${part}`)) {
      this.#tally.refuseSilently(kind, 1);
      return null;
    }
    const file = basename(source.file);
    const done = (answer: { imported: boolean } | Refusal) => {
      if (answer instanceof Refusal) return this.#tally.refuse(kind as Kind, file, line, answer.message);
      this.#tally.imported(kind, answer.imported);
      if (kind === "events") add(this.#tally.by_event_type, String(row.event_type));
    };
    return { command: "post.import", input, done };
  }
}
