import type { Checked } from "./patch.ts";
import type { Protection } from "./jail.ts";

export const outcomes = [
  "landed",
  "rolled_back",
  "failed",
  "refused",
  "lost",
  "served_already",
  "passed",
  "planned",
] as const;

/** What came of it, for people and for programs. */
export type Report = {
  outcome: (typeof outcomes)[number];
  environment: string;
  deploy: number | null;
  /** What was to be served. */
  sha: string | null;
  /** What the health URL names at the end; null when nobody looked, or it names nothing. */
  served_release: string | null;
  closure: (Checked & { forced_by: number | null; command: string | null }) | null;
  verify: { ok: boolean; how: string; milliseconds: number } | null;
  down_from: string | null;
  downtime_milliseconds: number | null;
  cause: string | null;
  /** The failure record that was opened. */
  failure: number | null;
  protections: readonly Protection[];
};

export function reportOf(
  outcome: Report["outcome"],
  { environment, deploy = null, sha }: { environment: string; deploy?: number | null; sha: string | null },
  more: Partial<Report> = {},
): Report {
  return {
    ...{ outcome, environment, deploy, sha, served_release: null, closure: null, verify: null },
    ...{ down_from: null, downtime_milliseconds: null, cause: null, failure: null, protections: [] },
    ...more,
  };
}
