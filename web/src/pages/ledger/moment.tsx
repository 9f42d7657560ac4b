const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** An instant in full, for a record: the reader's own time, and UTC to the millisecond as it was written. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at}>
      {local.format(new Date(at))} <span className="wrap-anywhere font-mono text-sm text-ink-3">{at}</span>
    </time>
  );
}
