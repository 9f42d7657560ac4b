import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Refusal } from "../../kernel/refusal.ts";
import { backupOf, digestOf, type Edit, isChange, type Planned, planned } from "./edits.ts";

/**
 * What was connected at one place, so that it can be undone to the byte: a file that nobody touched since gets its
 * old bytes back. It lies beside the settings; without it ours is still found and taken out by what it is.
 */
type Kept = {
  path: string;
  existed: boolean;
  /** The digest of what we wrote; null when somebody else wrote between two of our writes. */
  after: string | null;
};
type Connection = { files: Kept[]; directories: string[] };
export type Connections = Record<string, Connection>;

const VERSION = 1;

export const recordBeside = (settings: string): string => join(dirname(settings), "connected.json");

export function connectionsIn(path: string): Connections {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return {};
  }
  try {
    return (JSON.parse(text) as { connections: Connections }).connections ?? {};
  } catch {
    throw new Refusal("conflict", "connect.malformed", `${path} is not JSON.`, {
      hint: "Delete it: what Longwatch wrote is found without it, too.",
    });
  }
}

/** The plan that writes the record. */
export function recorded(path: string, connections: Connections): Planned[] {
  const empty = Object.keys(connections).length === 0;
  const text = `${JSON.stringify({ version: VERSION, connections }, null, 2)}\n`;
  return planned([{ path, what: "the record", change: () => (empty ? null : text), mode: 0o600 }]);
}

/** What else has to be written so that the plans can be undone, and how they are remembered. */
export function undoable(
  plans: readonly Planned[],
  removal: readonly Edit[],
  name: string,
  known: Connections,
): { backups: Planned[]; connection: Connection } {
  const earlier = known[name] ?? { files: [], directories: [] };
  const others = Object.entries(known).flatMap(([other, { files }]) => (other === name ? [] : files));
  const files = new Map(earlier.files.map((kept) => [kept.path, kept]));
  // Where nothing would be taken out there is nothing of ours: those are bytes to come back to.
  const removals = new Map(planned(removal).map((plan) => [plan.path, isChange(plan)]));
  const backups: Planned[] = [];
  for (const plan of plans) {
    const { path, before, after } = plan;
    // A file that two connections need belongs to both, and the later one to leave takes it out.
    const shared = others.find((kept) => kept.path === path);
    if (!isChange(plan)) {
      if (shared && !files.has(path)) files.set(path, shared);
      continue;
    }
    const kept = files.get(path) ?? shared;
    const digest = after === null ? null : digestOf(after);
    // What its own program writes for us is taken back by its bytes alone.
    const holds_ours = removals.get(path) ?? files.has(path);
    if (before === null || !holds_ours) {
      files.set(path, { path, existed: before !== null, after: digest });
      if (before !== null) backups.push(backupPlan(plan, before));
    } else {
      const ours = kept?.after === digestOf(before);
      files.set(path, { path, existed: kept?.existed ?? true, after: ours ? digest : null });
    }
  }
  const directories = [...new Set([...earlier.directories, ...missingFor(plans)])];
  return { backups, connection: { files: [...files.values()], directories } };
}

function backupPlan({ path, mode_before, owner }: Planned, bytes: Buffer): Planned {
  const backup = backupOf(path);
  const before = existsSync(backup) ? readFileSync(backup) : null;
  return { path: backup, what: "the bytes before", before, after: bytes, mode: mode_before, mode_before, owner };
}

function missingFor(plans: readonly Planned[]): string[] {
  const missing = new Set<string>();
  for (const { path } of plans) for (let at = dirname(path); !existsSync(at); at = dirname(at)) missing.add(at);
  return [...missing];
}

/** Takes a connection back: to the bytes of before where nobody wrote since, else by taking ours out. */
export function undone(
  removal: readonly Edit[],
  name: string,
  known: Connections,
): { plans: Planned[]; left: string[] } {
  const kept = new Map((known[name]?.files ?? []).map((one) => [one.path, one]));
  const others = new Set(
    Object.entries(known).flatMap(([other, { files }]) => (other === name ? [] : files.map(({ path }) => path))),
  );
  const plans: Planned[] = [];
  const left: string[] = [];
  // Some were written by the CLI's own program for us: those come back whole or stay.
  const byOthers = [...kept.keys()].map((path): Edit => ({ path, what: "as it was", change: (before) => before }));
  for (const plan of planned([...removal, ...byOthers])) {
    const { path, before } = plan;
    if (others.has(path)) continue;
    const was = kept.get(path);
    const backup = backupOf(path);
    const untouched = was !== undefined && before !== null && was.after === digestOf(before);
    if (untouched && !was.existed) plans.push({ ...plan, after: null });
    else if (untouched && existsSync(backup)) {
      const bytes = readFileSync(backup);
      const mode = statSync(backup).mode & 0o7777;
      plans.push({ ...plan, after: bytes, mode }, { ...plan, path: backup, before: bytes, after: null, mode });
    } else {
      const nothing = plan.after !== null && ["", "{}"].includes(plan.after.toString().replaceAll(/\s/g, ""));
      plans.push(was?.existed === false && nothing ? { ...plan, after: null } : plan);
      if (was?.existed && existsSync(backup)) left.push(backup);
    }
  }
  return { plans, left };
}
