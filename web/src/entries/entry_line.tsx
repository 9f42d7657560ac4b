import type { Entry } from "../live/stream.ts";
import { EntryLink, SeatLink, TicketLink } from "../ui/links.tsx";
import { Time } from "../ui/time.tsx";
import { sentence } from "./sentence.ts";
import { markOf } from "./marks.ts";

/** Entries of these are about a ticket by its id. */
const OF_TICKETS = /^(ticket|post|dispatch|substance|deliverable|collision|ruling)\./;

function Subject({ entry: { kind, subject, actor }, isAbout }: { entry: Entry; isAbout: string | undefined }) {
  if (subject === null || subject === isAbout || subject === actor) return null;
  if (OF_TICKETS.test(kind)) return <TicketLink id={subject} />;
  return /^(seat|role|token)\./.test(kind) ? (
    <SeatLink name={subject} />
  ) : (
    <span className="text-ink-2">{subject}</span>
  );
}

/** An entry as a line: who, what, about which ticket, when; and its number, which proves it. */
export function EntryLine({ entry, isAbout }: { entry: Entry; isAbout?: string }) {
  const { icon: Mark, tone } = markOf(entry);
  const { actor, at, seq } = entry;
  return (
    <div className="flex items-start gap-3">
      <Mark aria-hidden className={`mt-1 size-4 shrink-0 ${tone}`} strokeWidth={1.75} />
      <p className="min-w-0 flex-1 break-words">
        <SeatLink name={actor} /> <span>{sentence(entry)}</span> <Subject entry={entry} isAbout={isAbout} />
      </p>
      <span className="flex shrink-0 items-baseline gap-3 text-sm text-ink-3">
        <EntryLink seq={seq} />
        <Time at={at} className="w-16 text-right" />
      </span>
    </div>
  );
}
