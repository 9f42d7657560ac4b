import { closureOf, type Missing } from "../closure/closure.ts";
import { ClosureFailure } from "../closure/git.ts";
import type { Plan } from "./plan.ts";
import type { Workspace } from "./workspace.ts";

/** As deploy.report_closure takes it. */
export type Lacking = {
  kind: Missing["kind"] | "other";
  name: string;
  needed_by: string | null;
  commit: string | null;
};

export type Checked = {
  /** Changed paths whose needs were looked at. */
  checked: number;
  missing: Lacking[];
  /** Commits of the source with which it is whole; null when it is whole, or when there are none. */
  whole_with: string[] | null;
  not_checked: { path: string; why: string }[];
};

const MISSING_MAX = 1000;
const CHARACTERS_MAX = 500;

/** What the patch of a plan needs and its result lacks. What could not be computed is missing too: it does not pass. */
export async function checked(workspace: Workspace, plan: Plan, signal: AbortSignal): Promise<Checked> {
  const { base, sha, source_sha, commits, picked } = plan;
  // What is served first has nothing that it could be a patch of.
  if (base === null) return { checked: 0, missing: [], whole_with: null, not_checked: [] };
  try {
    const one = picked ? null : await workspace.squashed(base, sha!);
    const closure = await closureOf({
      repository: workspace.scratch,
      source: source_sha ?? one ?? sha!,
      commits: one === null ? commits : [one],
      base,
      signal,
    });
    const conflicts = closure.conflicts.map((path) => other(`${path} does not merge, or not into what parses`));
    const missing = [...closure.missing.map(lackingOf), ...conflicts];
    const isWhole = missing.length === 0;
    return {
      checked: sha === null ? 0 : await workspace.changed(base, sha),
      missing: missing.slice(0, MISSING_MAX),
      whole_with: isWhole || !picked ? null : closure.whole_with,
      not_checked: closure.not_checked,
    };
  } catch (error) {
    if (!(error instanceof ClosureFailure) || error.problem === "stopped") throw error;
    const missing = [other(`what the patch needs could not be found out: ${error.message}`)];
    return { checked: 0, missing, whole_with: null, not_checked: [] };
  }
}

const other = (name: string): Lacking => ({ kind: "other", name: cut(name), needed_by: null, commit: null });

function lackingOf({ kind, name, needed_by: { file, line }, found_in }: Missing): Lacking {
  const needed_by = cut(line === null ? file : `${file}:${line}`);
  return { kind, name: cut(name), needed_by, commit: found_in?.commit ?? null };
}

const cut = (text: string) => [...text].slice(0, CHARACTERS_MAX).join("");
