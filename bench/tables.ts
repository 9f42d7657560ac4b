import type { AnchoringRow } from "./anchoring.ts";
import type { DecidingRow } from "./deciding.ts";
import type { FilingRow } from "./filing.ts";
import type { HookRow } from "./guard.ts";
import { FEW, type HistoryRow, MANY } from "./history.ts";
import type { Reached } from "./sessions.ts";
import type { StartupRow } from "./startup.ts";
import { ENTRIES, type VerifyingRow } from "./verifying.ts";

/** The tables of bench/results.md: each figure beside its limit, and whether the limit holds. */

function verdict(ratio: number, bound: number, better: "more" | "less"): string {
  const holds = better === "more" ? ratio >= bound : ratio <= bound;
  const limit = `${better === "more" ? "at least" : "at most"} ${bound}`;
  return `${ratio.toFixed(2)} (${limit}: ${holds ? "holds" : "**missed**"})`;
}

const FILING_COLUMNS = [
  "sessions",
  "one row",
  "the same rows",
  "file, door",
  "file, HTTP",
  "HTTP with keys",
  "claim, door",
  "÷ one row: door",
  "HTTP",
  "÷ the same rows: door",
  "HTTP",
];

export function filingTable(rows: FilingRow[]): string {
  const count = (value: number | null) => (value === null ? "–" : Math.round(value).toLocaleString("en"));
  const ms = ({ p50_ms, p99_ms }: { p50_ms: number; p99_ms: number }) => `${p50_ms.toFixed(1)}, ${p99_ms.toFixed(1)}`;
  const over = (value: number, limit: number | null) => (limit === null ? "–" : (value / limit).toFixed(2));
  const cells = rows.map(({ sessions, one_row, same_rows, door, http, http_keyed, claim }) =>
    [
      sessions,
      count(one_row),
      count(same_rows),
      `${count(door.per_second)} (${ms(door)})`,
      `${count(http.per_second)} (${ms(http)})`,
      `${count(http_keyed.per_second)} (${ms(http_keyed)})`,
      `${count(claim.per_second)} (${ms(claim)})`,
      over(door.per_second, one_row),
      over(http.per_second, one_row),
      over(door.per_second, same_rows),
      over(http.per_second, same_rows),
    ].join(" | "),
  );
  const at = (sessions: number) => rows.find((row) => row.sessions === sessions)!;
  const [one, many] = [at(1), at(32)];
  const verdicts =
    one.one_row === null || many.one_row === null
      ? "pgbench is not installed (Debian: postgresql-contrib), so there is no limit line."
      : [
          "Through the door at 32 sessions, against one bare row: " +
            `${verdict(many.door.per_second / many.one_row, 2, "more")}.`,
          `Over HTTP at 32 sessions: ${verdict(many.http.per_second / many.one_row, 1, "more")}.`,
          `Over HTTP at 1 session: ${verdict(one.http.per_second / one.one_row, 0.4, "more")}.`,
        ].join("\n");
  return `## Filing and claiming, operations a second (p50, p99 in ms)

A filing is a reserved number, a ticket, a ledger entry with its hash, and one durable acknowledgement. The limits are
pgbench's, on the same server with the same durability: one bare row a transaction, and the rows that a filing writes (a
ticket's and an entry's, with the same indexes and checks, but without number, hash and chain).

| ${FILING_COLUMNS.join(" | ")} |
|${FILING_COLUMNS.map(() => "---").join("|")}|
${cells.map((row) => `| ${row} |`).join("\n")}

${verdicts}`;
}

export function anchoringTable({ alone, signed, ratio, anchors }: AnchoringRow): string {
  const count = (value: number) => Math.round(value).toLocaleString("en");
  return `## What signing costs

| filing at 32 sessions, a second | with a signer at work | ratio, median of the rounds' |
|---|---|---|
| ${count(alone)} | ${count(signed)}, ${count(anchors)} checkpoints signed | ${verdict(ratio, 0.95, "more")} |`;
}

/** What a guard may wait for the decision point, of the time that an agent waits for its guard. */
const DECISION_P99_MS = 5;

export function decidingTable(row: DecidingRow): string {
  const line = (what: string, { per_second, p50_ms, p99_ms }: Reached) => {
    const held = `at most ${DECISION_P99_MS}: ${p99_ms <= DECISION_P99_MS ? "holds" : "**missed**"}`;
    const count = Math.round(per_second).toLocaleString("en");
    return `| ${what} | ${count} | ${p50_ms.toFixed(1)} | ${p99_ms.toFixed(1)} (${held}) |`;
  };
  const limit = row.insert_paced;
  const insert = limit ? `| ${limit.p50_ms.toFixed(1)} | ${limit.p99_ms.toFixed(1)} |` : "| – | – |";
  return `## Decisions, 64 askers

A fleet of 200 seats. One decision in four is a denial with ranked, re-checked and held seats; each is durable in the
ledger and in the log of decisions before it is answered. At a pace, each asker asks every 100 ms, answered or not. The
first line is the machine's own: pgbench inserting one bare durable row at the same pace.

| | decisions a second | p50, ms | p99, ms |
|---|---|---|---|
| one bare row, at the same pace (pgbench) | 640 ${insert}
${line("at the door, at a pace", row.door_paced)}
${line("over HTTP (AuthZEN), at a pace, as the asker sees it", row.http_paced)}
${line("the same in the server, from a request's arrival to its answer written", row.served_paced)}
${line("at the door, each at once after its answer", row.door)}
${line("over HTTP (AuthZEN), each at once after its answer", row.http)}`;
}

export function historyTable(row: HistoryRow): string {
  const few = FEW.toLocaleString("en");
  const many = MANY.toLocaleString("en");
  const raw = row.raw_sha256_seconds;
  const against = (what: string, floor_ms: number, measured_ms: number, bound: number) => [
    what,
    `${floor_ms.toFixed(2)} ms`,
    `${measured_ms.toFixed(2)} ms`,
    verdict(measured_ms / floor_ms, bound, "less"),
  ];
  const rows = [
    against(`reading the queue, ${few} and ${many} entries`, row.queue_few_ms, row.queue_many_ms, 1.5),
    against("filing, into an empty namespace and one of 100,000 tickets", row.filing_empty_ms, row.filing_full_ms, 1.2),
    against(
      "a quiet tenant's p99, alone and beside 64 sessions of another",
      row.quiet_p99_ms,
      row.beside_load_p99_ms,
      3,
    ),
    [
      `raw SHA-256 of ${many} entries, and verifying them from the database`,
      `${raw.toFixed(2)} s`,
      `${row.verify_seconds.toFixed(2)} s`,
      (row.verify_seconds / raw).toFixed(1),
    ],
  ];
  return `## What history costs

| | | | ratio |
|---|---|---|---|
${rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`;
}

export function startupTable(row: StartupRow): string {
  const idle = row.idle_megabytes === null ? "–" : `${Math.round(row.idle_megabytes)} MB (at most 250)`;
  return `## Starting, memory, the command line

| | |
|---|---|
| first start, with a new database | ${row.first_start_seconds.toFixed(2)} s |
| warm start | ${row.warm_start_seconds.toFixed(2)} s (at most 3) |
| idle memory, PostgreSQL included | ${idle} |
| \`longwatch queue read\` against a running server | ${row.cli_ms.toFixed(1)} ms |
| \`node -e 0\` | ${row.node_ms.toFixed(1)} ms |
| ratio | ${verdict(row.cli_ms / row.node_ms, 1, "less")} |`;
}

/** The last row is the limit. */
export function guardTable(rows: HookRow[]): string {
  const limit = rows.at(-1)!;
  const lines = rows.map(({ what, median_ms, p95_ms }) => {
    const ratio = median_ms / limit.median_ms;
    return `| ${what} | ${median_ms.toFixed(1)} ms | ${p95_ms.toFixed(1)} ms | ${verdict(ratio, 1, "less")} |`;
  });
  return `## The guard, before each tool call of an agent

The whole hook as a CLI runs it: its command line in a shell, the launcher, the start, reading the call, the question to
the server where there is one, the answer. Beside it, in the same rounds, an empty program of the same Node.

| | median | p95 | hook ÷ node |
|---|---|---|---|
${lines.slice(0, -1).join("\n")}
| ${limit.what} | ${limit.median_ms.toFixed(1)} ms | ${limit.p95_ms.toFixed(1)} ms | |`;
}

export function verifyingTable(row: VerifyingRow): string {
  const { megabytes, hash_seconds, create_hash_seconds, verify_seconds } = row;
  const against = (what: string, seconds: number) =>
    `| ${what} | ${seconds.toFixed(2)} s | ${verdict(verify_seconds / seconds, 3, "less")} |`;
  return `## Verifying an export without a server

${ENTRIES.toLocaleString("en")} signed entries, ${Math.round(megabytes)} MB, with a checkpoint for each 256: verified in
${verify_seconds.toFixed(2)} s. Beside it, in the same run, SHA-256 over each entry's bytes read from the same file.

| SHA-256 alone | | verifying ÷ hashing |
|---|---|---|
${against("`crypto.createHash`, as most programs hash", create_hash_seconds)}
${against("`crypto.hash`, the quickest that Node has", hash_seconds)}`;
}
