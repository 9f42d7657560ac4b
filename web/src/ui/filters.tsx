import { Search, X } from "lucide-react";
import type { ReactNode } from "react";

const field = "flex items-center gap-2 rounded-md border border-line-2 bg-card px-2.5 focus-within:border-accent";

/** The line of filters above a list. */
export function Filters({ children }: { children: ReactNode }) {
  return (
    <search className="mb-4 flex flex-wrap items-center gap-2" data-print="no">
      {children}
    </search>
  );
}

/** A text to look for; it stands in the page's address, so that the view can be linked. */
export function TextFilter({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  return (
    <label className={field}>
      <Search aria-hidden className="size-4 text-ink-3" />
      <input
        aria-label={label}
        placeholder={label}
        value={value ?? ""}
        onChange={({ target }) => onChange(target.value || undefined)}
        className="w-44 bg-transparent py-1.5 text-sm outline-none placeholder:text-ink-3"
      />
      {value !== undefined && (
        <button
          type="button"
          aria-label={`Clear ${label}`}
          onClick={() => onChange(undefined)}
          className="text-ink-3 hover:text-ink"
        >
          <X aria-hidden className="size-3.5" />
        </button>
      )}
    </label>
  );
}

/** One of a few, or all of them. */
export function ChoiceFilter<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: Value | undefined;
  choices: readonly Value[];
  onChange: (value: Value | undefined) => void;
}) {
  return (
    <label className={`${field} text-sm`}>
      <span className="text-ink-3">{label}</span>
      <select
        value={value ?? ""}
        onChange={({ target }) => onChange((target.value || undefined) as Value | undefined)}
        className="bg-card py-1.5 pr-1 outline-none"
      >
        <option value="">all</option>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice.replaceAll("_", " ")}
          </option>
        ))}
      </select>
    </label>
  );
}
