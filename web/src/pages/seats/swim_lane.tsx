import { Link } from "@tanstack/react-router";
import type { Timeline } from "../../api/pictures.ts";
import { State } from "../../ui/chip.tsx";
import { duration } from "../../ui/clock.ts";
import { SeatLink } from "../../ui/links.tsx";

type Seat = Timeline["seats"][number];
type Stretch = Seat["stretches"][number];

/** How each state looks: by its height too, for those who tell no colours apart. */
export const looks: Readonly<Record<Stretch["state"], { word: string; bar: string }>> = {
  busy: { word: "busy", bar: "h-4 bg-accent" },
  idle: { word: "idle", bar: "h-1.5 bg-good" },
  blocked: { word: "blocked", bar: "h-4 bg-warn opacity-70" },
  dead: { word: "not heard", bar: "h-0.5 bg-bad" },
};

const moment = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });
/** Narrower than this nobody sees it. */
const WIDTH_MIN = 0.15;

/** How long a seat was in each state, in seconds. */
export function totals({ stretches }: Seat): Record<Stretch["state"], number> {
  const sums = { busy: 0, idle: 0, blocked: 0, dead: 0 };
  for (const { state, from, until } of stretches) sums[state] += (Date.parse(until) - Date.parse(from)) / 1000;
  return sums;
}

/** One seat's lane: its stretches from left to right; each leads to the entry that says so. */
export function SwimLane({ seat, from, until }: { seat: Seat; from: number; until: number }) {
  const share = (at: number) => ((Math.max(at, from) - from) / (until - from)) * 100;
  const told = Object.entries(totals(seat))
    .filter(([, seconds]) => seconds > 0)
    .map(([state, seconds]) => `${looks[state as Stretch["state"]].word} ${duration(seconds)}`);
  return (
    <li className="flex flex-col gap-1 border-t border-line py-1.5 md:flex-row md:items-center md:gap-4 md:py-1">
      <div className="flex w-full shrink-0 items-center justify-between gap-2 overflow-hidden md:w-60">
        <span className="min-w-0 truncate text-sm" title={seat.name}>
          <SeatLink name={seat.name} />
        </span>
        <State state={seat.state} />
      </div>
      <p className="sr-only">{told.join(", ") || "nothing in this time"}</p>
      <div aria-hidden className="relative h-6 w-full min-w-0 shrink-0 rounded md:w-auto md:flex-1 md:shrink bg-sunken">
        {share(Date.parse(seat.known_from)) > 0 && (
          <span
            className="absolute inset-y-0 left-0 text-2xs leading-6 text-ink-3"
            style={{ width: `${share(Date.parse(seat.known_from))}%` }}
          >
            too many changes to show
          </span>
        )}
        {seat.stretches.map((stretch) => (
          <Bar key={`${stretch.from} ${stretch.state}`} {...stretch} share={share} />
        ))}
      </div>
    </li>
  );
}

function Bar({ state, from, until, entry, share }: Stretch & { share: (at: number) => number }) {
  const [left, right] = [share(Date.parse(from)), share(Date.parse(until))];
  const { word, bar } = looks[state];
  const place = {
    className: "absolute inset-y-0 flex items-center",
    style: { left: `${left}%`, width: `${Math.max(WIDTH_MIN, right - left)}%` },
    title:
      `${word} for ${duration((Date.parse(until) - Date.parse(from)) / 1000)}, ` +
      `from ${moment.format(new Date(from))}${entry === null ? "" : ` (entry #${entry})`}`,
  };
  const shape = <span className={`w-full rounded-sm ${bar}`} />;
  if (entry === null) return <span {...place}>{shape}</span>;
  return (
    <Link to={`/ledger/${entry}` as string} tabIndex={-1} preload={false} {...place}>
      {shape}
    </Link>
  );
}
