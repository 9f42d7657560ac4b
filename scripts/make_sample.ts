import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Makes fixtures/sample: a week of an invented fleet in the form of the real records, for the demo and the tests of the
 * import. The same run gives the same files; nobody in them exists.
 */
const directory = fileURLToPath(new URL("../fixtures/sample/", import.meta.url));
const TICKETS = 48;
const WEEK_MINUTES = 7 * 24 * 60;
const BEGIN = Date.parse("2026-01-05T08:00:00Z");

const crew = ["alder", "birch", "cedar", "elm", "fir", "hazel"].map((name) => `yard/crew/${name}`);
const hands = `amber basalt chalk coral flint garnet granite iris jade jasper lapis marble onyx opal pearl quartz ruby
  sable slate topaz umber`
  .split(/\s+/)
  .map((name) => `yard/hands/${name}`);
const seats = ["mayor", "yard/refinery", "yard/witness", "deacon", ...crew, ...hands];

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = randomFrom(20260105);
const whole = (most: number) => Math.floor(random() * most);
const pick = <One>(list: readonly One[]): One => list[whole(list.length)]!;

const VERBS = ["Teach", "Mend", "Measure", "Shorten", "Write down", "Test", "Replace", "Watch"];
const THINGS = [
  "the crane's timetable",
  "the lamp at pier two",
  "the tide table",
  "the rope store's list",
  "the night bell",
];
const ENDS = [
  "because it fails at low water",
  "for the spring fleet",
  "so that two may use it",
  "before the inspection",
];
const REASONS = [
  "Done and tried out at the pier.",
  "Landed on main.",
  "Already so; nothing to do.",
  "Done, with a test.",
];

type Issue = Record<string, unknown> & { id: string; status: string; created_at: string };
type Event = { at: number; issue_id: string; event_type: string; actor: string; [field: string]: unknown };

const issues: Issue[] = [];
const events: Event[] = [];
const instant = (minutes: number) => new Date(BEGIN + minutes * 60_000).toISOString().replace(".000Z", "Z");

function happen(at: number, issue: Issue, event_type: string, actor: string, values: Partial<Event> = {}): void {
  const { id, title, status, priority, issue_type, assignee, created_at, created_by } = issue;
  const old = { id, title, status, priority, issue_type, assignee, created_at, created_by };
  const told = event_type === "status_changed" || event_type === "updated" || event_type === "reopened";
  events.push({
    at,
    issue_id: id,
    event_type,
    actor,
    old_value: told ? JSON.stringify(old) : "",
    new_value: "",
    comment: null,
    ...values,
  });
}

function setStatus(at: number, issue: Issue, actor: string, status: string, assignee?: string): void {
  const next = assignee === undefined ? { status } : { assignee, status };
  happen(at, issue, "status_changed", actor, { new_value: JSON.stringify(next) });
  Object.assign(issue, next, { updated_at: instant(at) });
}

function close(at: number, issue: Issue, actor: string): void {
  const reason = pick(REASONS);
  happen(at, issue, "closed", actor, { new_value: reason });
  Object.assign(issue, { status: "closed", closed_at: instant(at), updated_at: instant(at), close_reason: reason });
}

/** One ticket's life, with what goes wrong in a fleet: two who take it, two who close it, one that comes back. */
function live(number: number): void {
  const older = number < 10;
  const born = older ? 0 : whole(WEEK_MINUTES - 12 * 60);
  const filer = pick(["mayor", "mayor", ...crew]);
  const issue: Issue = {
    id: `sy-${(number * 7919 + 46_656).toString(36)}`,
    title: `${pick(VERBS)} ${pick(THINGS)} ${pick(ENDS)}`,
    description: `Found on the round of ${instant(born).slice(0, 10)}.\n\nDone when the next round finds it in order.`,
    status: "open",
    priority: whole(5),
    issue_type: pick(["task", "task", "task", "bug", "feature", "chore"]),
    created_at: older ? instant(-whole(5_000) - 60) : instant(born),
    updated_at: instant(born),
    created_by: filer,
    assignee: null,
  };
  issues.push(issue);
  if (!older) happen(born, issue, "created", filer);
  if (number % 6 === 0) happen(born + 1, issue, "label_added", filer, { comment: "Added label: spring" });
  if (number % 12 === 11) return;
  const taken = born + 5 + whole(180);
  const hand = pick(hands);
  setStatus(taken, issue, "mayor", "hooked", hand);
  // Two dispatchers in the same second: only one of the two gets it.
  if (number % 8 === 3) setStatus(taken, issue, "deacon", "hooked", pick(hands));
  const told = taken + 10 + whole(120);
  happen(told, issue, "updated", hand, { new_value: JSON.stringify({ notes: "Half of it is done." }) });
  issue.notes = "Half of it is done.";
  if (number % 9 === 4) {
    setStatus(told + 20, issue, hand, "blocked");
    return;
  }
  if (number % 10 === 7) setStatus(told + 30, issue, "mayor", "open", "");
  const ended = told + 60 + whole(240);
  if (number % 10 === 7) setStatus(ended - 20, issue, "mayor", "in_progress", pick(hands));
  close(ended, issue, String(issue.assignee || hand));
  if (number % 5 === 2) happen(ended, issue, "closed", "yard/refinery", { new_value: "Merged." });
  if (number % 7 === 5)
    happen(ended + 3, issue, "updated", "yard/witness", { new_value: JSON.stringify({ notes: "Seen." }) });
  if (number % 16 !== 9) return;
  happen(ended + 30, issue, "reopened", "mayor", { new_value: JSON.stringify({ status: "open" }) });
  Object.assign(issue, { status: "open", closed_at: null, close_reason: "" });
  setStatus(ended + 35, issue, "mayor", "in_progress", hand);
  close(ended + 200, issue, hand);
}

for (let number = 0; number < TICKETS; number++) live(number);
// Everybody of the fleet is heard of.
for (const [index, seat] of seats.entries())
  if (!events.some(({ actor }) => actor === seat))
    happen(60 * (index + 1), issues[index]!, "updated", seat, { new_value: JSON.stringify({ notes: "Read it." }) });

events.sort((a, b) => a.at - b.at);
const link = (from: number, to: string, type: string) => ({
  issue_id: issues[from]!.id,
  depends_on_id: to,
  type,
  created_at: issues[from]!.created_at,
  created_by: issues[from]!.created_by,
});
const dependencies = [
  // The one that waits is never taken in the week, so that the demo's week and the import's agree.
  link(11, issues[4]!.id, "blocks"),
  link(23, issues[13]!.id, "blocks"),
  link(12, issues[0]!.id, "parent-child"),
  link(13, issues[0]!.id, "parent-child"),
  link(14, issues[2]!.id, "discovered-from"),
  link(15, issues[3]!.id, "related"),
  link(35, "sy-gone", "blocks"),
];
const labels = issues
  .filter((_, number) => number % 6 === 0)
  .map(({ id }) => ({ issue_id: id, label: "spring" }))
  .concat({ issue_id: issues[1]!.id, label: "pier" });

function write(name: string, rows: readonly object[]): void {
  writeFileSync(`${directory}${name}`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  console.log(`${String(rows.length).padStart(4)} rows  ${name}`);
}

mkdirSync(directory, { recursive: true });
write("gastown-issues.jsonl", issues);
write(
  "gastown-events.jsonl",
  events.map(({ at, ...event }, index) => ({ ...event, created_at: instant(at), id: index + 1 })),
);
write("gastown-dependencies.jsonl", dependencies);
write("gastown-labels.jsonl", labels);
/** The same tickets as a beads export, which holds everything in one row, with states that the week does not have. */
const states = ["tombstone", "deferred", "pinned", "hooked"];
write(
  "beads-issues.jsonl",
  issues.map((issue, number) => {
    const id = issue.id.replace("sy-", "sb-");
    const own = dependencies.filter(({ issue_id }) => issue_id === issue.id);
    const status = number >= 44 ? states[number - 44]! : issue.status;
    const deleted = { deleted_at: issue.updated_at, deleted_by: "mayor", delete_reason: "a duplicate" };
    const comment = { id: 1, issue_id: id, author: "mayor", text: "Is it done?", created_at: issue.updated_at };
    return {
      ...issue,
      id,
      status,
      ...(status === "tombstone" ? deleted : {}),
      ...(number % 16 === 0 ? { comments: [comment] } : {}),
      ...(number % 6 === 0 ? { labels: ["spring"] } : {}),
      dependencies: own.map((one) => ({
        ...one,
        issue_id: id,
        depends_on_id: one.depends_on_id.replace("sy-", "sb-"),
      })),
    };
  }),
);
