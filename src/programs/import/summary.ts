import { LEFT_OUT } from "./issues.ts";
import { kinds, type Tally } from "./tally.ts";

/** The summary as data: what `--json` prints. */
export function summaryOf(tally: Tally, about: { from: string; server: string; seconds: number }) {
  const { counts, by_state, by_type, by_dependency_type, by_event_type, dangling, out_of_order } = tally;
  const read = kinds.filter((kind) => counts[kind].read > 0);
  return {
    ...about,
    complete: tally.refused_count === 0,
    counts: Object.fromEntries(read.map((kind) => [kind, counts[kind]])),
    ...{ by_state, by_type, by_dependency_type, by_event_type, dangling, out_of_order },
    namespaces_defined: tally.namespaces_defined,
    left_out: Object.entries(tally.left_out).map(([field, count]) => ({ field, count, reason: LEFT_OUT[field] })),
    mended: tally.mended,
    refused: tally.refused,
    unlisted: tally.unlisted,
  };
}
export type Summary = ReturnType<typeof summaryOf>;

const NAMES: Record<string, string> = {
  dependency_posts: "who linked, when",
  further_parts: "parts of long texts",
};

/** The summary for a person. */
export function told(summary: Summary): string {
  const lines = [`\nFrom ${summary.from} into ${summary.server}, in ${summary.seconds.toFixed(1)} s\n`];
  lines.push(row(["", "read", "imported", "already here", "refused"]));
  for (const [kind, { read, imported, here, refused }] of Object.entries(summary.counts))
    lines.push(row([NAMES[kind] ?? kind, ...[read, imported, here, refused].map(String)]));
  lines.push("");
  for (const [name, counts] of [
    ["tickets by state there", summary.by_state],
    ["tickets by type", summary.by_type],
    ["dependencies by type", summary.by_dependency_type],
    ["events by type", summary.by_event_type],
  ] as const) {
    const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
    if (sorted.length > 0) lines.push(`${name}: ${sorted.map(([one, count]) => `${one} ${count}`).join(", ")}`);
  }
  if (summary.dangling > 0) lines.push(`dependencies on tickets that are not here, kept as named: ${summary.dangling}`);
  if (summary.namespaces_defined.length > 0) lines.push(`namespaces defined: ${summary.namespaces_defined.join(", ")}`);
  for (const { field, count, reason } of summary.left_out) lines.push(`left out: ${field} (${count} rows): ${reason}`);
  if (summary.mended.length > 0)
    lines.push(`${summary.mended.length} texts held what no text may hold and were mended; see above.`);
  if (summary.out_of_order > 0)
    lines.push(`${summary.out_of_order} tickets got a number below that of the row before.`);
  lines.push(
    summary.complete ? "Everything that was read is here." : "What was refused is listed above; the rest is here.",
  );
  return `${lines.join("\n")}\n`;
}

const row = ([name, ...numbers]: string[]) => `  ${name!.padEnd(20)}${numbers.map((one) => one.padStart(13)).join("")}`;
