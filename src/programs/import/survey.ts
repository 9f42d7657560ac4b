import { basename } from "node:path";
import { type Issue, isEmpty, issueOf, LEFT_OUT } from "./issues.ts";
import { namespaceOf, seatNameOf } from "./names.ts";
import {
  bodyPosts,
  commentPosts,
  commentProblem,
  dependencyPosts,
  dependencyProblem,
  eventPosts,
  eventProblem,
  type Post,
} from "./posts.ts";
import { type Line, type Row, readLines } from "./rows.ts";
import { add, type Kind, type Tally } from "./tally.ts";

export type Source = { kind: "labels" | "issues" | "dependencies" | "events"; file: string };
export type Filed = { label: string; line: number };

/** Where a post's row is, so that posts can go in the order of time without being kept. */
export type Places = {
  at: number[];
  source: number[];
  offset: number[];
  bytes: number[];
  line: number[];
  nth: number[];
};

/** What a first reading of the files tells: who speaks, which namespaces there are, where the posts are. */
export class Survey {
  readonly tracker: string;
  readonly sources: readonly Source[];
  readonly seats = new Map<string, Set<string>>();
  readonly namespaces = new Set<string>();
  readonly labels = new Map<string, { filed: Filed[]; counted: boolean }>();
  readonly places: Places = { at: [], source: [], offset: [], bytes: [], line: [], nth: [] };
  /** Rows, and parts of rows, that do not go in; what hangs on them does not either. */
  readonly bad = new Set<string>();
  commands = 0;
  #tally: Tally;
  #leaf_bytes_max: number;

  constructor(tracker: string, sources: readonly Source[], tally: Tally, leaf_bytes_max: number) {
    this.tracker = tracker;
    this.sources = sources;
    this.#tally = tally;
    this.#leaf_bytes_max = leaf_bytes_max;
  }

  async read(): Promise<void> {
    for (const [index, source] of this.sources.entries())
      for await (const line of readLines(source.file)) this.#line(line, source, index);
    this.commands += this.seats.size;
  }

  issue(row: Row, changed?: (field: string) => void): Issue | string {
    const labels = typeof row.id === "string" ? (this.labels.get(row.id)?.filed ?? []) : [];
    return issueOf(
      row,
      labels.map(({ label }) => label),
      this.#leaf_bytes_max,
      changed,
    );
  }

  /** The posts that a row gives, always the same ones in the same order. */
  postsOf(row: Row, { kind }: Source, changed: (field: string) => void = () => {}): (Post & { part: string })[] {
    const shaping = { tracker: this.tracker, leaf_bytes_max: this.#leaf_bytes_max, changed };
    const whole = (posts: Post[], part = "") => posts.map((post) => ({ ...post, part }));
    if (kind === "events") return whole(eventPosts(row, shaping));
    if (kind === "dependencies") return whole(dependencyPosts(row, shaping));
    const issue = this.issue(row);
    if (kind === "labels" || typeof issue === "string") return [];
    const comments = rowsIn(row.comments).flatMap((comment, index) =>
      commentProblem(comment) ? [] : commentPosts(comment, row.id as string, index, shaping),
    );
    const dependencies = rowsIn(row.dependencies).flatMap((dependency, index) =>
      inlineProblem(dependency, row) ? [] : whole(dependencyPosts(dependency, shaping), `:${index}`),
    );
    return [...whole(bodyPosts(issue, shaping)), ...whole(comments), ...dependencies];
  }

  #line(line: Line, source: Source, index: number): void {
    const { row, number } = line;
    const { kind } = source;
    const name = basename(source.file);
    const changed = (field: string) =>
      this.#tally.mend(name, number, field, "a NUL became ␀, or half of a surrogate pair became U+FFFD");
    const problem = row === null ? line.problem! : this.#problem(row, source, number, changed);
    if (line.lossy) this.#tally.mend(name, number, "row", "bytes that are not UTF-8 became U+FFFD");
    if (problem !== null) {
      this.bad.add(`${index}:${number}`);
      return this.#tally.refuse(kind, name, number, problem);
    }
    if (kind === "labels") return;
    for (const field of Object.keys(LEFT_OUT)) if (!isEmpty(row![field])) add(this.#tally.left_out, field);
    for (const person of peopleOf(row!, kind)) this.#seat(person);
    this.commands += kind === "events" ? 0 : 1 + rowsIn(row!.dependencies).length;
    for (const [nth, { input }] of this.postsOf(row!, source, changed).entries())
      this.#place(line, index, nth, input.said_at);
  }

  #problem(row: Row, source: Source, line: number, changed: (field: string) => void): string | null {
    if (source.kind === "events") return eventProblem(row);
    if (source.kind === "dependencies") return dependencyProblem(row);
    if (source.kind === "labels") return this.#label(row, line);
    const issue = this.issue(row, changed);
    const name = basename(source.file);
    if (typeof issue === "string") {
      for (const [kind, field] of Object.entries(PARTS))
        this.#tally.refuseSilently(kind as Kind, listIn(row[field]).length);
      return issue;
    }
    this.namespaces.add(namespaceOf(row.id as string));
    for (const comment of rowsIn(row.comments)) {
      const problem = commentProblem(comment);
      if (problem) this.#tally.refuse("comments", name, line, problem);
    }
    return null;
  }

  #label({ issue_id, label }: Row, line: number): string | null {
    if (typeof issue_id !== "string" || issue_id === "") return "a label has no issue_id";
    if (typeof label !== "string" || label === "") return `a label of ${issue_id} is empty`;
    const known = this.labels.get(issue_id) ?? { filed: [], counted: false };
    known.filed.push({ label, line });
    this.labels.set(issue_id, known);
    return null;
  }

  #seat(old: string): void {
    const name = seatNameOf(old);
    const olds = this.seats.get(name) ?? new Set<string>();
    if (old !== name) olds.add(old);
    this.seats.set(name, olds);
  }

  #place({ number, offset, bytes }: Line, source: number, nth: number, said_at: string): void {
    const { places } = this;
    places.at.push(Date.parse(said_at));
    places.source.push(source);
    places.offset.push(offset);
    places.bytes.push(bytes);
    places.line.push(number);
    places.nth.push(nth);
    this.commands++;
  }
}

const PARTS = { labels: "labels", dependencies: "dependencies", comments: "comments" } as const;
const listIn = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The rows inside a row; what is no row is an empty one, and is refused as that. */
export function rowsIn(value: unknown): Row[] {
  return listIn(value).map((one) => (typeof one === "object" && one !== null ? (one as Row) : {}));
}

/** A dependency inside an issue's row must be that issue's own. */
export function inlineProblem(dependency: Row, { id }: Row): string | null {
  const problem = dependencyProblem(dependency);
  if (problem !== null || dependency.issue_id === id) return problem;
  return `a dependency inside ${id} is of another issue, ${dependency.issue_id}`;
}

function peopleOf(row: Row, kind: Source["kind"]): string[] {
  const inside = [
    ...rowsIn(row.dependencies).map((one) => one.created_by),
    ...rowsIn(row.comments).map((one) => one.author),
  ];
  const own = [row.created_by, row.assignee, row.deleted_by, ...(kind === "events" ? [row.actor] : [])];
  // An issue's own `actor` is a seat too; an agent's row has one.
  return [...own, ...(kind === "issues" ? [row.actor] : []), ...inside].filter(
    (name): name is string => typeof name === "string" && name !== "",
  );
}
