import { CircleCheck, CircleX } from "lucide-react";
import { Chip } from "../../ui/chip.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Time } from "../../ui/time.tsx";
import { HeldBy } from "./held_by.tsx";
import type { DoctrineRecord } from "./record_page.tsx";

const modes = {
  text: "It is only said.",
  warn: "Who breaks it is told.",
  reject: "What breaks it is refused.",
} as const;

/** The honest status: what really holds it, when that last did anything, and who has read it. */
export function Standing({ record }: { record: DoctrineRecord }) {
  const { held_by, mode, mechanisms, last_fired_at, last_violated_at, readers, sunset_on, past_sunset } = record;
  return (
    <Panel title="How it stands">
      <p>
        <HeldBy by={held_by} /> <span className="text-ink-2">{modes[mode]}</span>
      </p>
      {mechanisms.length > 0 && (
        <ul className="mt-3 flex flex-col gap-2">
          {mechanisms.map(({ name, exists, fired, last_fired_at: at }) => {
            const Mark = exists ? CircleCheck : CircleX;
            return (
              <li key={name} className="flex gap-2.5">
                <Mark aria-hidden className={`mt-0.5 size-4.5 shrink-0 ${exists ? "text-good" : "text-bad"}`} />
                <div className="min-w-0">
                  <code className="break-all font-mono text-sm">{name}</code>
                  <p className="text-sm text-ink-2">
                    {exists
                      ? fired === 0
                        ? "is there; has not fired"
                        : `fired ${fired} times, last `
                      : "is not there"}
                    {exists && fired > 0 && <Time at={at} />}
                  </p>
                </div>
              </li>
            );
          })}
        </ul>
      )}
      <dl className="mt-4 grid grid-cols-[8rem_minmax(0,1fr)] gap-x-4 gap-y-1.5 border-t border-line pt-3">
        <dt className="text-ink-3">Last fired</dt>
        <dd>
          <Time at={last_fired_at} />
        </dd>
        <dt className="text-ink-3">Last violated</dt>
        <dd>
          <Time at={last_violated_at} />
        </dd>
        <dt className="text-ink-3">Read by</dt>
        <dd>
          {readers === 0 ? "nobody yet" : `${readers} ${readers === 1 ? "seat" : "seats"}, in exactly these words`}
        </dd>
        <dt className="text-ink-3">Observations</dt>
        <dd className="tabular-nums">{record.observations}</dd>
        <dt className="text-ink-3">Looked at again</dt>
        <dd>{record.review_on ?? "when a trigger says so"}</dd>
        {sunset_on !== null && (
          <>
            <dt className="text-ink-3">Ends on</dt>
            <dd>
              {sunset_on} {past_sunset && <Chip tone="bad">past</Chip>}
            </dd>
          </>
        )}
      </dl>
    </Panel>
  );
}
