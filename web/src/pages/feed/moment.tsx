import { X } from "lucide-react";

const field =
  "flex shrink-0 items-center gap-2 rounded-md border border-line-2 bg-card px-2.5 text-sm focus-within:border-accent";

/** A moment to look back from, in the reader's own time. */
export function Moment({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  return (
    <label className={field}>
      <span className="text-ink-3">Back from</span>
      <input
        type="datetime-local"
        value={value === undefined ? "" : local(new Date(value))}
        onChange={({ target }) => onChange(target.value === "" ? undefined : new Date(target.value).toISOString())}
        className="bg-card py-1.5 outline-none"
      />
      {value !== undefined && (
        <button type="button" aria-label="Back from now" onClick={() => onChange(undefined)}>
          <X aria-hidden className="size-3.5 text-ink-3" />
        </button>
      )}
    </label>
  );
}

function local(instant: Date): string {
  const minutes = instant.getTime() - instant.getTimezoneOffset() * 60_000;
  return new Date(minutes).toISOString().slice(0, 16);
}
