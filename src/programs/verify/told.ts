import type { Report } from "../../rooms/ledger/index.ts";

const count = (number: number) => number.toLocaleString("en");

/** The report for people. */
export function told(report: Report, seconds: number): string {
  const { whole, entries, size, origin, root, first_broken, first_broken_max, reason } = report;
  const lines: string[] = [];
  if (whole) lines.push(`whole: ${count(entries)} entries are as they were written`);
  else {
    const exact = first_broken === first_broken_max;
    const where = exact ? `entry ${first_broken}` : `one of the entries ${first_broken} to ${first_broken_max}`;
    lines.push(`broken: the first broken entry is ${where}`, `  ${reason}`);
  }
  lines.push(
    size > 0
      ? `signed: ${count(size)} of them, by ${origin}`
      : "signed: nothing; no checkpoint with a signature that counts was found right",
    ...(whole && size < entries ? [uncovered(size + 1, entries)] : []),
    `checkpoints compared: ${count(report.anchors_checked)}`,
  );
  for (const { name, at } of report.cosignatures) lines.push(`witnessed: by ${name}, ${at}`);
  for (const { origin: lost, kept, signed } of report.lost)
    lines.push(`lost: ${lost} had signed ${count(signed)} entries when it was frozen, ${count(kept)} of them are here`);
  const { completeness } = report;
  if (completeness) lines.push(...completenessLines(completeness));
  if (whole) lines.push(`root: ${root}`);
  lines.push(`${seconds} s`);
  return lines.map((line) => `${line}\n`).join("");
}

function uncovered(first: number, last: number): string {
  const entries = first === last ? `entry ${count(first)}` : `entries ${count(first)} to ${count(last)}`;
  return `unsigned: ${entries}; the chain fits, and nothing else proves them, since no checkpoint covers them`;
}

function completenessLines(completeness: NonNullable<Report["completeness"]>): string[] {
  const { producers, recorded, dropped, missing, gaps } = completeness;
  if (producers === 0) return [];
  const sum =
    `complete: ${count(recorded)} numbers recorded and ${count(dropped)} recorded as lost, ` +
    `in ${count(producers)} epochs of producers`;
  if (missing === 0) return [sum];
  const ranges = gaps.map(({ producer, epoch, first, last }) => `  ${producer}, epoch ${epoch}: ${first} to ${last}`);
  return [`incomplete: nothing tells of ${count(missing)} numbers`, ...ranges];
}
