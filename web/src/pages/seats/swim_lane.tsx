import { Link } from "@tanstack/react-router";
import { type PointerEvent, useState } from "react";
import type { Timeline } from "../../api/pictures.ts";
import { State } from "../../ui/chip.tsx";
import { duration } from "../../ui/clock.ts";
import { SeatLink } from "../../ui/links.tsx";
import { barsOf, HEIGHT, type Span, stretchAt, WIDTH } from "./bars.ts";

type Seat = Timeline["seats"][number];
type Stretch = Seat["stretches"][number];

/** How each state looks: by its height too, for those who tell no colours apart. */
export const looks: Readonly<Record<Stretch["state"], { word: string; bar: string; fill: string }>> = {
  busy: { word: "busy", bar: "h-4 bg-accent", fill: "fill-accent" },
  idle: { word: "idle", bar: "h-1.5 bg-good", fill: "fill-good" },
  blocked: { word: "blocked", bar: "h-4 bg-warn opacity-70", fill: "fill-warn opacity-70" },
  dead: { word: "not heard", bar: "h-0.5 bg-bad", fill: "fill-bad" },
};

const moment = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });

/** How long a seat was in each state, in seconds. */
export function totals({ stretches }: Seat): Record<Stretch["state"], number> {
  const sums = { busy: 0, idle: 0, blocked: 0, dead: 0 };
  for (const { state, from, until } of stretches) sums[state] += (Date.parse(until) - Date.parse(from)) / 1000;
  return sums;
}

/** One seat's lane: its stretches from left to right; each leads to the entry that says so. */
export function SwimLane({ seat, ...span }: { seat: Seat } & Span) {
  const unknown = (Date.parse(seat.known_from) - span.from) / (span.until - span.from);
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
        {unknown > 0 && (
          <span
            className="absolute inset-y-0 left-0 text-2xs leading-6 text-ink-3"
            style={{ width: `${unknown * 100}%` }}
          >
            too many changes to show
          </span>
        )}
        <Bars stretches={seat.stretches} span={span} />
      </div>
    </li>
  );
}

/**
 * A seat that worked for hours has a thousand stretches: they are drawn, and the one that the pointer is on (else the
 * newest) lends the lane its words and its link. A link for each held every press up for a tenth of a second.
 */
function Bars({ stretches, span }: { stretches: readonly Stretch[]; span: Span }) {
  const [pointed, setPointed] = useState<Stretch | "newest" | undefined>("newest");
  const point = ({ currentTarget, clientX }: PointerEvent) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    setPointed(stretchAt(stretches, span, (clientX - left) / width));
  };
  const shown = pointed === "newest" ? stretches.at(-1) : pointed;
  const entry = shown?.entry ?? null;
  return (
    <Link
      to={`/ledger/${entry}` as string}
      disabled={entry === null}
      tabIndex={-1}
      preload={false}
      title={shown && titleOf(shown)}
      onPointerDown={point}
      onPointerMove={point}
      onPointerLeave={() => setPointed("newest")}
      className="absolute inset-0"
    >
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        shapeRendering="crispEdges"
        className="size-full"
        data-moves
      >
        {[...barsOf(stretches, span)].map(([state, path]) => (
          <path key={state} d={path} className={looks[state].fill} />
        ))}
      </svg>
    </Link>
  );
}

function titleOf({ state, from, until, entry }: Stretch): string {
  const seconds = (Date.parse(until) - Date.parse(from)) / 1000;
  const proof = entry === null ? "" : ` (entry #${entry})`;
  return `${looks[state].word} for ${duration(seconds)}, from ${moment.format(new Date(from))}${proof}`;
}
