import { useRouterState } from "@tanstack/react-router";
import { usePrinting } from "../ui/printing.ts";
import { utcOf } from "../ui/time.tsx";

/** On paper alone: which page this is, and when it was as it says. Whoever holds the sheet can look it up. */
export function Letterhead() {
  const printed_at = usePrinting();
  const href = useRouterState({ select: ({ location }) => location.href });
  if (printed_at === null) return null;
  return (
    <p className="mb-4 flex flex-wrap justify-between gap-x-6 border-b border-line-2 pb-2 text-sm">
      <span className="font-semibold">Longwatch</span>
      <span className="font-mono wrap-anywhere">{`${location.origin}${href}`}</span>
      <span>as of {utcOf(printed_at)}</span>
    </p>
  );
}
