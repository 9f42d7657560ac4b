import { ago, useNow } from "./clock.ts";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** An instant as an age; the reader's own time and UTC on hover. */
export function Time({ at, className }: { at: string | null | undefined; className?: string }) {
  const now = useNow();
  if (!at) return <span className="text-ink-3">never</span>;
  const instant = new Date(at);
  return (
    <time dateTime={at} title={`${local.format(instant)}\n${instant.toISOString()} UTC`} className={className}>
      {ago(instant.getTime(), now)}
    </time>
  );
}
