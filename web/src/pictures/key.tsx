import type { ReactNode } from "react";

/** What a line of a picture is of, and what it says where the pointer is. */
export function Key({ colour, name, children }: { colour: string; name: string; children: ReactNode }) {
  return (
    <span className="flex items-baseline gap-1.5">
      <span aria-hidden className={`h-0.5 w-3 self-center ${colour}`} />
      {name} <b className="font-medium tabular-nums text-ink">{children}</b>
    </span>
  );
}
