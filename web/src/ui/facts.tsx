import type { ReactNode } from "react";

/** What a thing is called and what it says: a line each. */
export type Fact = readonly [name: string, value: ReactNode];

const widths = { narrow: "grid-cols-[6rem_minmax(0,1fr)]", wide: "grid-cols-[7.5rem_minmax(0,1fr)]" } as const;

/** Facts as a list of two columns; `wide` is for longer names. */
export function Facts({ facts, names = "narrow" }: { facts: readonly Fact[]; names?: keyof typeof widths }) {
  return (
    <dl className={`grid ${widths[names]} gap-x-4 gap-y-1.5`}>
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">{name}</dt>
          <dd className="break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
