import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { shortName } from "../import/names.ts";
import { eventLine, eventProblem, valuesIn } from "../import/posts.ts";
import { readLines } from "../import/rows.ts";
import { lineOf } from "../import/texts.ts";

/** One thing that somebody did in the week. */
export type Happening = {
  at: number;
  actor: string;
  /** The old id of the ticket. */
  ticket: string;
  kind: string;
  /** The state that it brought, if it brought one, and the seat it was given to. */
  status: string | null;
  assignee: string | null;
  /** What it was, in a line. */
  line: string;
};

export type Week = {
  happenings: Happening[];
  /** Who did something, the busiest first. */
  actors: string[];
  titles: Map<string, string>;
  unread: number;
};

/** The sample that is in the package: beside the sources, or beside the one built file. */
export function sampleDirectory(): string {
  const places = ["../../../fixtures/sample/", "../fixtures/sample/"].map((at) =>
    fileURLToPath(new URL(at, import.meta.url)),
  );
  return places.find((place) => existsSync(place)) ?? places[0]!;
}

/** Reads a week from gastown-events.jsonl, with the titles of gastown-issues.jsonl if it is there. */
export async function readWeek(directory: string): Promise<Week> {
  const titles = new Map<string, string>();
  const issues = join(directory, "gastown-issues.jsonl");
  if (existsSync(issues))
    for await (const { row } of readLines(issues))
      if (typeof row?.id === "string" && typeof row.title === "string") titles.set(row.id, titleOf(row.title));
  const happenings: Happening[] = [];
  const acts = new Map<string, number>();
  let unread = 0;
  for await (const { row } of readLines(join(directory, "gastown-events.jsonl"))) {
    if (row === null || eventProblem(row) !== null) {
      unread++;
      continue;
    }
    const actor = String(row.actor || "unknown");
    const ticket = row.issue_id as string;
    const next = valuesIn(row.new_value);
    const before = valuesIn(row.old_value);
    if (!titles.has(ticket) && typeof before.title === "string") titles.set(ticket, titleOf(before.title));
    acts.set(actor, (acts.get(actor) ?? 0) + 1);
    happenings.push({
      at: Date.parse(row.created_at as string),
      actor,
      ticket,
      kind: row.event_type as string,
      status: typeof next.status === "string" ? next.status : null,
      assignee: typeof next.assignee === "string" && next.assignee !== "" ? next.assignee : null,
      line: lineOf(eventLine(row, shortName(actor)).toWellFormed().replaceAll("\0", ""), 400),
    });
  }
  happenings.sort((a, b) => a.at - b.at);
  const actors = [...acts].sort(([, a], [, b]) => b - a).map(([actor]) => actor);
  return { happenings, actors, titles, unread };
}

const titleOf = (title: string) => lineOf(title.toWellFormed().replaceAll("\0", ""), 300);
