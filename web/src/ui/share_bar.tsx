import { fully, type Tone } from "./tone.ts";

export type Share = { name: string; count: number; tone: Tone };

/** Parts of a whole as one bar, with their numbers beneath; the bar is for the eye, the list for everybody. */
export function ShareBar({ shares }: { shares: readonly Share[] }) {
  const there = shares.filter(({ count }) => count > 0);
  return (
    <>
      <div aria-hidden className="flex h-2.5 gap-px overflow-hidden rounded-full bg-sunken">
        {there.map(({ name, count, tone }) => (
          <span key={name} className={fully[tone]} style={{ flexGrow: count }} />
        ))}
      </div>
      <ul className="mt-3 grid grid-cols-2 gap-x-6 gap-y-1 sm:grid-cols-3">
        {there.map(({ name, count, tone }) => (
          <li key={name} className="flex items-baseline gap-2">
            <span aria-hidden className={`size-2 shrink-0 rounded-full ${fully[tone]}`} />
            <span className="text-ink-2">{name}</span>
            <span className="ml-auto font-medium tabular-nums">{count.toLocaleString("en")}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
