import type { z } from "zod";
import { operations } from "../../rooms/ledger/index.ts";
import { count, type Finding, lasting, ok, pointer, problem } from "./finding.ts";

export type Coverage = z.output<typeof operations.coverage.output>;

/** The verifier begins 2 s after the start and has its turn every minute. */
const VERIFIED_SECONDS_MAX = 120;
/** The whole is checked daily. */
const WHOLE_HOURS_MAX = 25;
/** AUD-LAG. */
const LAG_SECONDS_MAX = 60;

/** How the caller's ledger is: verified, signed, witnessed, copied. */
export function ledgerFindings(coverage: Coverage, tenant: string, up_seconds: number): Finding[] {
  return [verifiedFinding(coverage, up_seconds), signingFinding(coverage, tenant), ...outsiderFindings(coverage)];
}

function verifiedFinding({ entries, covered, broken, last_whole_at, at }: Coverage, up_seconds: number): Finding {
  const next = pointer("A broken ledger");
  if (broken !== null) {
    const { first_broken: first, first_broken_max: last, reason, found_at } = broken;
    const where = first === last ? `entry ${first} is broken` : `one of the entries ${first} to ${last} is broken`;
    return problem("ledger", `${where}: ${reason}; found ${found_at}`, next);
  }
  const whole_seconds = last_whole_at === null ? null : (Date.parse(at) - Date.parse(last_whole_at)) / 1000;
  const isLate = whole_seconds === null ? up_seconds > VERIFIED_SECONDS_MAX : whole_seconds > WHOLE_HOURS_MAX * 3_600;
  const figure = `${count(entries)} entries, ${percent(covered)} of them hashed anew in the last 24 h`;
  const whole = whole_seconds === null ? "never the whole at once" : `the whole ${lasting(whole_seconds)} ago`;
  if (!isLate) return ok("ledger", `${figure}, ${whole}`);
  return problem("ledger", `${figure}, ${whole}`, "The server's log says why its verifier does not get to it.");
}

/** Rounded down: a hundred percent is all of them. */
function percent(covered: number): string {
  return `${(Math.floor(covered * 1000) / 10).toFixed(covered === 1 ? 0 : 1)} %`;
}

function signingFinding({ anchored, signer }: Coverage, tenant: string): Finding {
  const { size, lag_entries, lag_seconds } = anchored;
  const covered =
    lag_entries === 0
      ? "every entry is covered by a checkpoint"
      : `${count(lag_entries)} have no checkpoint so far, the oldest for ${lasting(lag_seconds)}`;
  const isBehind = lag_seconds > LAG_SECONDS_MAX;
  const late = `${covered}; 60 s are allowed`;
  if (signer?.refused)
    return problem(
      "signing",
      `refused (${signer.refused.code}): ${signer.refused.reason}`,
      pointer(signer.refused.code === "ledger.restored" ? "After a restored backup" : "A broken ledger"),
    );
  if (signer?.state === "elsewhere" && isBehind)
    return problem(
      "signing",
      `the key of this log is not in this server's data directory; ${late}`,
      `Start the server that has signer/${tenant}.*.keys in its data directory, or copy that file here.`,
    );
  if (isBehind) return problem("signing", late, "The server's log says why: `signing failed`.");
  const who = signer === null || signer.state === "elsewhere" ? "another server signs" : `as ${signer.origin ?? "?"}`;
  return ok("signing", `${who}: ${count(size)} entries; ${covered}`);
}

function outsiderFindings({ signer }: Coverage): Finding[] {
  const findings: Finding[] = [];
  for (const { name, size, since, reason } of signer?.witnesses ?? [])
    findings.push(
      since === null
        ? ok("witness", `${name} cosigned ${size === null ? "nothing so far" : `${count(size)} entries`}`)
        : problem(
            "witness",
            `${name} does not cosign since ${since}: ${reason}`,
            "It is asked again by itself. Ask its operator, or take it out of LONGWATCH_WITNESSES.",
          ),
    );
  if (signer?.s3)
    findings.push(
      signer.s3.since === null
        ? ok("bucket", `has a copy of every checkpoint but ${count(signer.s3.behind)}`)
        : problem(
            "bucket",
            `does not answer since ${signer.s3.since}: ${signer.s3.reason}`,
            "It is filled by itself when it does. LONGWATCH_S3 and the keys to it are what to look at.",
          ),
    );
  return findings;
}
