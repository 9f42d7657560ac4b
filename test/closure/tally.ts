import { rmSync } from "node:fs";
import { join } from "node:path";
import { closureOf } from "../../src/closure/closure.ts";
import { type Branched, landed, picksOf } from "./histories.ts";
import { faultsIn } from "./truth.ts";

export type Tally = {
  of: string;
  picks: number;
  conflicting: number;
  broken: number;
  whole: number;
  /** Broken picks that were refused for names alone: a look at files would pass them. */
  by_names: number;
  /** Broken picks that passed. */
  missed: string[];
  /** Whole picks that were refused. */
  refused: string[];
  /** Offered as whole, and broken by the truth. */
  not_whole: string[];
  /** Refused picks for which nothing whole was found, and for which something was. */
  without_offer: number;
  with_offer: number;
};

export function emptyTally(of: string): Tally {
  const counts = { picks: 0, conflicting: 0, broken: 0, whole: 0, by_names: 0, without_offer: 0, with_offer: 0 };
  return { of, ...counts, missed: [], refused: [], not_whole: [] };
}

/** Holds what closureOf says of random picks against what other programs say of the trees that they make. */
export async function reckon(
  tally: Tally,
  { repository, commits }: Branched,
  sources: string,
  count: number,
  random: () => number,
): Promise<void> {
  const directory = join(repository.path, ".git", "landed");
  const faultsOf = async (picked: readonly string[]) => {
    const at = landed(repository, picked, directory);
    return at === null ? null : faultsIn(at, sources);
  };
  // What is wrong at either end of the branch is nobody's pick's fault.
  const known = new Set([...(await faultsIn(repository.path, sources)), ...((await faultsOf([])) ?? [])]);
  for (const pick of picksOf(commits, count, random)) {
    const all = await faultsOf(pick);
    const closure = await closureOf({ repository: repository.path, source: "feature", commits: pick, base: "main" });
    if (all === null || closure.conflicts.length > 0) {
      tally.conflicting++;
      if ((all === null) !== closure.conflicts.length > 0)
        tally.missed.push(`conflict seen by one only: ${pick.join()}`);
      continue;
    }
    tally.picks++;
    const faults = [...all].filter((one) => !known.has(one));
    const lacks = closure.missing.map(({ kind, name, needed_by }) => `${kind} ${name} for ${needed_by.file}`);
    if (faults.length > 0) tally.broken++;
    else tally.whole++;
    if (faults.length > 0 && closure.missing.every(({ kind }) => kind === "export")) tally.by_names++;
    if (faults.length > 0 && lacks.length === 0) tally.missed.push(faults.slice(0, 3).join("; "));
    if (faults.length === 0 && lacks.length > 0) tally.refused.push(lacks.slice(0, 3).join("; "));
    if (lacks.length === 0) continue;
    if (closure.whole_with === null) tally.without_offer++;
    else tally.with_offer++;
    const offered = closure.whole_with === null ? null : await faultsOf(closure.whole_with);
    const left = [...(offered ?? [])].filter((one) => !known.has(one));
    if (closure.whole_with !== null && (offered === null || left.length > 0))
      tally.not_whole.push(left.slice(0, 3).join("; ") || "conflicts");
  }
  rmSync(directory, { recursive: true, force: true });
}

export function told(tallies: readonly Tally[]): string {
  const head = "history                  picks  broken  whole  missed  wrongly refused  offers  none  conflicting";
  const rows = tallies.map((one) =>
    [
      one.of.padEnd(24),
      String(one.picks).padStart(5),
      String(one.broken).padStart(7),
      String(one.whole).padStart(6),
      String(one.missed.length).padStart(7),
      String(one.refused.length).padStart(16),
      String(one.with_offer).padStart(7),
      String(one.without_offer).padStart(5),
      String(one.conflicting).padStart(12),
    ].join(" "),
  );
  return [head, ...rows].join("\n");
}
