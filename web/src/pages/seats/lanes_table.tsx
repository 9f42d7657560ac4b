import { useState } from "react";
import type { Timeline } from "../../api/pictures.ts";
import { duration } from "../../ui/clock.ts";
import { EntryLink, SeatLink } from "../../ui/links.tsx";
import { looks, totals } from "./swim_lane.tsx";

const states = ["busy", "idle", "blocked", "dead"] as const;

/** The lanes in numbers, made when somebody looks. */
export function LanesTable({ seats }: { seats: Timeline["seats"] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="mt-3 text-sm" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="cursor-pointer text-ink-3 hover:text-ink">As a table</summary>
      {isOpen && <Numbers seats={seats} />}
    </details>
  );
}

/** How long each seat was what, and the entry that told of its last change. */
function Numbers({ seats }: { seats: Timeline["seats"] }) {
  return (
    <div className="mt-1 overflow-x-auto" tabIndex={0} role="region" aria-label="How long each seat was what">
      <table className="w-full text-right tabular-nums">
        <thead className="text-ink-3">
          <tr>
            <th scope="col" className="text-left font-normal">
              Seat
            </th>
            {[...states.map((state) => looks[state].word), "last change"].map((name) => (
              <th key={name} scope="col" className="font-normal">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {seats.map((seat) => {
            const sums = totals(seat);
            const entry = seat.stretches.findLast((one) => one.entry !== null)?.entry ?? null;
            return (
              <tr key={seat.name} className="border-t border-line">
                <th scope="row" className="text-left font-normal">
                  <SeatLink name={seat.name} />
                </th>
                {states.map((state) => (
                  <td key={state} className="whitespace-nowrap pl-4">
                    {sums[state] === 0 ? "–" : duration(sums[state])}
                  </td>
                ))}
                <td className="pl-4">{entry !== null && <EntryLink seq={entry} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
