/** How far a picture looks back, by its name. */
export type Span = { hours: number; name: string };

type SpanChoiceProps = { spans: readonly Span[]; hours: number; onChange: (hours: number) => void };

/** Chooses how far back. On paper it is of no use. */
export function SpanChoice({ spans, hours, onChange }: SpanChoiceProps) {
  return (
    <div role="radiogroup" aria-label="How far back" className="mb-2 flex gap-1 text-sm" data-print="no">
      {spans.map((span) => (
        <button
          key={span.hours}
          type="button"
          role="radio"
          aria-checked={hours === span.hours}
          onClick={() => onChange(span.hours)}
          className="rounded px-2 py-0.5 text-ink-2 aria-checked:bg-accent-soft aria-checked:text-accent"
        >
          {span.name}
        </button>
      ))}
    </div>
  );
}
