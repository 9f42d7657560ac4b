import { ago, useNow } from "./clock.ts";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** `2026-11-21 21:52:58 UTC`, as paper says it (app.css). */
export const utcOf = (instant: Date): string => `${instant.toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** An instant as an age; the reader's own time and UTC on hover. */
export function Time({ at, className }: { at: string | null | undefined; className?: string }) {
  const now = useNow();
  if (!at) return <span className="text-ink-3">never</span>;
  const instant = new Date(at);
  const utc = utcOf(instant);
  return (
    <time dateTime={at} data-utc={utc} title={`${local.format(instant)}\n${utc}`} className={className}>
      {ago(instant.getTime(), now)}
    </time>
  );
}
