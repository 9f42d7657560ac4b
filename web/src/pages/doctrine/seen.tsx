import { Chip } from "../../ui/chip.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { DecisionLink, EntryLink, SeatLink, TicketLink } from "../../ui/links.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Time } from "../../ui/time.tsx";
import type { DoctrineRecord } from "./record_page.tsx";

/** What was seen of it: the evidence, and where it was broken. */
export function Sightings({ id, sightings }: Pick<DoctrineRecord, "id" | "sightings">) {
  return (
    <Panel title="Evidence">
      {sightings.length === 0 && (
        <div className="text-ink-2">
          <p className="mb-2">
            Nobody has seen it here yet. An agent that does says so with its tool{" "}
            <code className="font-mono text-sm">doctrine_observe</code>, a person by:
          </p>
          <Copyable text={`npx longwatch doctrine observe ${id} --evidence "…"`} label="Copy the command" />
        </div>
      )}
      <ul className="divide-y divide-line">
        {sightings.map(({ kind, at, by, evidence, entry }, index) => (
          <li key={`${at} ${index}`} className="py-2 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-baseline gap-x-3 text-sm text-ink-3">
              <Chip tone={kind === "violation" ? "bad" : "info"}>{kind}</Chip>
              {by && <SeatLink name={by} />}
              <span className="ml-auto">
                {entry !== null && <EntryLink seq={entry} />} <Time at={at} />
              </span>
            </div>
            <p className="mt-0.5 whitespace-pre-wrap break-words">{evidence}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** Who went past it, and by whose leave. */
export function Bypasses({ bypasses }: Pick<DoctrineRecord, "bypasses">) {
  if (bypasses.length === 0) return null;
  return (
    <Panel title="Gone past">
      <ul className="divide-y divide-line">
        {bypasses.map(({ at, by, reason, consent, decision, entry }, index) => (
          <li key={`${at} ${index}`} className="py-2 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-baseline gap-x-3 text-sm text-ink-3">
              <SeatLink name={by} />
              {consent !== null && <span>consent {consent}</span>}
              {decision !== null && <DecisionLink id={decision} />}
              <span className="ml-auto">
                {entry !== null && <EntryLink seq={entry} />} <Time at={at} />
              </span>
            </div>
            <p className="break-words">{reason}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** When it was looked at again, and what came of that. */
export function Reviews({ record: { reviews } }: { record: DoctrineRecord }) {
  if (reviews.length === 0) return null;
  return (
    <Panel title="Reviews">
      <ul className="divide-y divide-line">
        {reviews.map(({ because, ticket, opened_at, settled_at, note }) => (
          <li key={opened_at} className="py-2 first:pt-0 last:pb-0">
            <p className="flex flex-wrap items-baseline gap-x-2">
              {settled_at === null ? <Chip tone="warn">open</Chip> : <Chip tone="good">settled</Chip>}
              {ticket && <TicketLink id={ticket} />}
              <Time at={opened_at} className="ml-auto text-sm text-ink-3" />
            </p>
            <p className="break-words text-sm text-ink-2">{because}</p>
            {note && <p className="break-words">{note}</p>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
