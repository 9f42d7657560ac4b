import type { ReactNode } from "react";
import { Chip } from "../../ui/chip.tsx";
import type { Tone } from "../../ui/tone.ts";

type Props = { what: string; tone: Tone; age: ReactNode; about: ReactNode; children: ReactNode };

/** One thing that waits, in a line: what it is, what it is about, since when, and what can be done with it. */
export function WaitingLine({ what, tone, age, about, children }: Props) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1.5 py-2.5 first:pt-0 last:pb-0">
      <span className="shrink-0 sm:w-22">
        <Chip tone={tone}>{what}</Chip>
      </span>
      <span className="min-w-0 break-words max-sm:order-1 max-sm:basis-full sm:flex-1">{about}</span>
      <span className="shrink-0 text-right text-sm text-ink-3 max-sm:ml-auto sm:w-18">{age}</span>
      <span className="flex gap-2 max-sm:order-2 sm:w-40 sm:justify-end">{children}</span>
    </li>
  );
}
