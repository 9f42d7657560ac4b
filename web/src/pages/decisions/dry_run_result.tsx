import { Link } from "@tanstack/react-router";
import type { QueryOutput } from "../../api/client.ts";
import { SeatLink } from "../../ui/links.tsx";
import { Outcome } from "./outcome.tsx";

type Result = QueryOutput<"/v1/policy/dry_run">;

/** So many are shown at once. */
const OPEN_MAX = 5;

const times = (count: number) => (count === 1 ? "1 decision" : `${count.toLocaleString("en")} decisions`);

/** Whether anything that was decided would come out otherwise. */
export const changesAny = ({ allowed, denied }: Result) => allowed + denied > 0;

/** `Of the newest 42 decisions: 3 denied then would be allowed, 1 allowed then would be denied.` */
export function inShort({ examined, allowed, denied, reworded }: Result): string {
  if (examined === 0) return "Nothing was decided yet that it could be tried over.";
  const parts = [
    allowed > 0 && `${allowed} denied then would be allowed`,
    denied > 0 && `${denied} allowed then would be denied`,
    reworded > 0 && `${reworded} would be told with other reasons`,
  ].filter(Boolean);
  return `Of the newest ${times(examined)}: ${parts.length > 0 ? parts.join(", ") : "each would come out the same"}.`;
}

/** What a proposed policy would have decided otherwise. */
export function DryRunResult({ result }: { result: Result }) {
  const { allowed, denied, changes } = result;
  return (
    <section aria-label="What would change" aria-live="polite" className="border-t border-line pt-4">
      <p className="mb-2 text-lg font-semibold tracking-tight">
        {!changesAny(result)
          ? "Nothing would come out otherwise."
          : `${times(allowed + denied)} would come out otherwise.`}
      </p>
      <p className="mb-3 text-ink-2">{inShort(result)}</p>
      <ul aria-label="Changed decisions" className="divide-y divide-line">
        {alike(changes).map((group) => (
          <Alike key={group[0]!.decision} group={group} />
        ))}
      </ul>
      {changes.length < allowed + denied && (
        <p className="pt-2 text-sm text-ink-3">The first {changes.length} are shown.</p>
      )}
    </section>
  );
}

type Change = Result["changes"][number];

/** Changes of one action that come out alike for the same reasons are told as one. */
function alike(changes: readonly Change[]): Change[][] {
  const key = ({ action, was, would_be }: Change) => JSON.stringify([action, was.effect, would_be]);
  return [...Map.groupBy(changes, key).values()];
}

function Alike({ group }: { group: readonly Change[] }) {
  const { action, was, would_be } = group[0]!;
  return (
    <li className="py-2.5">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-medium first-letter:uppercase">{action.replaceAll("_", " ")}</span>
        <span className="text-ink-3">{times(group.length)}</span>
        <span className="ml-auto flex items-center gap-1.5 text-sm text-ink-3">
          <Outcome effect={was.effect} /> would be <Outcome effect={would_be.effect} />
        </span>
      </p>
      <p className="break-words text-sm text-ink-2">{would_be.reasons.join(" ")}</p>
      <details className="mt-1" open={group.length <= OPEN_MAX}>
        <summary className="w-fit cursor-pointer text-sm text-accent">Which</summary>
        <ul className="mt-1 flex flex-col gap-1">
          {group.map(({ decision, resource, subject }) => (
            <li key={decision} className="flex flex-wrap gap-x-3">
              <Link to="/decisions/$id" params={{ id: String(decision) }} className="text-accent hover:underline">
                {resource}
              </Link>
              <SeatLink name={subject} />
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}
