import type { Strength } from "./clis/cli.ts";
import type { Asked } from "./asked.ts";
import type { Trust } from "./codex_trust.ts";
import { isChange, type Planned } from "./edits.ts";
import type { Trial } from "./self_test.ts";

/** What became of a connection, for people and as JSON. */
export type Report = {
  target: string;
  scope: string;
  state: string;
  seat: { name: string; role: string; how: string } | null;
  url: string;
  settings: string;
  files: { path: string; what: string; changed: boolean }[];
  trust: Trust | null;
  trials: Trial[];
  strength: Strength;
  notes: string[];
  exit: number;
};

const TRUST: Record<Trust, string> = {
  trusted: "Codex trusts the hook from now on.",
  "trusted already": "Codex trusts the hook.",
  "no codex":
    "Codex does not trust the hook yet and will skip it: `codex` is not on PATH. Put it there and say this again, or " +
    "open codex, say /hooks, and trust it.",
};

export function told(report: Report): string {
  const { target, scope, state, seat, url, settings, files, trust, trials, strength, notes, exit } = report;
  const who = seat ? ` as ${seat.name} (${seat.role})` : ", as whom each project says";
  return `${[
    `${target}, ${scope}: ${state}${who}, at ${url}`,
    "",
    ...columns([
      ...files.map(({ path, what, changed }) => [changed ? "wrote" : "kept", path, what]),
      ["", settings, "the seat's token, for nobody else to read"],
    ]),
    ...(trust ? ["", TRUST[trust]] : []),
    "",
    "Tried with the hook as it stands there:",
    ...columns(
      trials.map(({ name, call, wanted, got }) => [got === wanted ? "ok" : "FAILED", name, call, verdict(got)]),
    ),
    ...trials
      .filter(({ wanted, got }) => wanted !== got)
      .flatMap(({ said }) => said.split("\n").map((one) => `    ${one}`)),
    "",
    "What gets around it:",
    ...columns(strength.dodges.map(({ way, works }) => [works ? "yes" : "no", way])),
    `Stronger: ${strength.stronger}`,
    ...(notes.length > 0 ? ["", ...notes] : []),
    "",
    exit === 0
      ? `Take it back: longwatch disconnect ${target}${scopeFlag(scope)}`
      : "It is NOT guarded as it should be.",
  ].join("\n")}\n`;
}

/** What would be written. */
export function toldPlan({ target, scope, json }: Asked, plans: readonly Planned[], settings: string): string {
  const files = plans.map((plan) => ({ path: plan.path, what: plan.what, changed: isChange(plan) }));
  if (json) return `${JSON.stringify({ target, scope, state: "planned", files, settings })}\n`;
  const rows = files.map(({ path, what, changed }) => [changed ? "would write" : "would keep", path, what]);
  return `${[`${target}, ${scope}: nothing was written.`, "", ...columns(rows)].join("\n")}\n`;
}

export function toldDisconnected(
  { target, scope, json, dry_run }: Asked,
  changes: readonly Planned[],
  { left, seat }: { left: readonly string[]; seat: string | null },
): string {
  const state = changes.length === 0 ? "not connected" : dry_run ? "planned" : "disconnected";
  const files = changes.map(({ path, after }) => ({ path, removed: after === null }));
  if (json) return `${JSON.stringify({ target, scope, state, files, left, seat })}\n`;
  const rows = files.map(({ path, removed }) => [removed ? "removed" : "wrote", path]);
  return `${[
    `${target}, ${scope}: ${state}`,
    ...columns(rows),
    ...left.map((path) => `${path} is from before and no longer needed; delete it when you have looked.`),
    ...(seat ? [`The seat's token holds on: longwatch seat retire --seat ${seat} ends it.`] : []),
  ].join("\n")}\n`;
}

const verdict = (got: Trial["got"]): string => (got === "deny" ? "denied" : "passed");
const scopeFlag = (scope: string): string => (scope === "project" ? "" : ` --scope ${scope}`);

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2].map((at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd());
}
