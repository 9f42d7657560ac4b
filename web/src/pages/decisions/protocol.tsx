import { Copyable } from "../../ui/copyable.tsx";
import { duration } from "../../ui/clock.ts";
import { SeatLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";
import type { Decision } from "./recorded.ts";

type Way = NonNullable<Decision["protocol"]>;

/** What a denial said to do instead: in a sentence, as a command, and by whom. */
export function Protocol({ protocol: { do: sentence, command, offers, free_at } }: { protocol: Way }) {
  return (
    <>
      <p className="mb-2 break-words">{sentence}</p>
      <Copyable text={command} label="Copy the command" />
      {free_at !== null && (
        <p className="mt-2 text-sm text-ink-2">
          The first seat is free <Time at={free_at} />.
        </p>
      )}
      {offers.length > 0 && <Offers offers={offers} />}
    </>
  );
}

function Offers({ offers }: { offers: Way["offers"] }) {
  return (
    <div className="mt-3">
      <h4 className="mb-1 text-sm text-ink-3">
        {offers.length === 1 ? "The seat offered" : "Seats offered, best first"}
      </h4>
      <ol className="divide-y divide-line">
        {offers.map(({ rank, seat, lane, idle_seconds, held_until }) => (
          <li key={seat} className="flex flex-wrap items-baseline gap-x-3 py-1.5">
            <span className="w-4 tabular-nums text-ink-3">{rank}</span>
            <SeatLink name={seat} />
            <span className="ml-auto text-sm text-ink-3">
              {lane !== null && `${lane}, `}idle for {duration(idle_seconds)} then
              {held_until !== null && ", held for the asker"}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
