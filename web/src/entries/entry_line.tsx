import { memo } from "react";
import type { Entry } from "../live/stream.ts";
import { DecisionLink, DeployLink, EntryLink, SeatLink, TicketLink } from "../ui/links.tsx";
import { Time } from "../ui/time.tsx";
import { sentence } from "./sentence.ts";
import { markOf } from "./marks.ts";

/** Entries of these are about a ticket by its id. */
const OF_TICKETS = /^(ticket|post|dispatch|substance|deliverable|collision|ruling)\./;

/** The decision that an entry tells of, by its number. */
function decisionOf({ kind, data }: Entry): number | null {
  const id = kind === "policy.decided" ? data.id : /^(approval|escalation)\./.test(kind) ? data.decision : null;
  return typeof id === "number" ? id : null;
}

function Subject({ entry, isAbout }: { entry: Entry; isAbout: string | undefined }) {
  const { kind, subject, actor, data } = entry;
  const decision = decisionOf(entry);
  if (decision !== null) return <DecisionLink id={decision} />;
  if (kind.startsWith("question.")) return null;
  if (subject === null || subject === isAbout || subject === actor) return null;
  if (OF_TICKETS.test(kind) || subject === data.ticket) return <TicketLink id={subject} />;
  const deploy = /^deploy\./.test(kind) && /^deploy-(\d+)$/.exec(subject);
  if (deploy) return <DeployLink id={Number(deploy[1])} />;
  return /^(seat\.|token\.|role\.(un)?deputized$)/.test(kind) ? (
    <SeatLink name={subject} />
  ) : (
    <span className="text-ink-2">{subject}</span>
  );
}

const proof = "flex shrink-0 items-baseline gap-3 text-sm text-ink-3 max-md:flex-col max-md:items-end max-md:gap-0";

type LineProps = { entry: Entry; isAbout?: string };

/**
 * An entry as a line: who, what, about which ticket, when; and its number, which proves it. An entry never changes, and
 * a busy feed grows 5 times a second: what is there already is not made anew.
 */
export const EntryLine = memo(function EntryLine({ entry, isAbout }: LineProps) {
  const { icon: Mark, tone } = markOf(entry);
  const { actor, at, seq } = entry;
  return (
    <div className="flex items-start gap-3">
      <Mark aria-hidden className={`mt-1 size-4 shrink-0 ${tone}`} strokeWidth={1.75} />
      <p className="min-w-0 flex-1 wrap-anywhere">
        <SeatLink name={actor} /> <span>{sentence(entry)}</span> <Subject entry={entry} isAbout={isAbout} />
      </p>
      <span className={proof}>
        <EntryLink seq={seq} />
        <Time at={at} className="w-16 text-right" />
      </span>
    </div>
  );
});
