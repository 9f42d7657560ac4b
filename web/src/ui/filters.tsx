import { Search, X } from "lucide-react";
import { type ReactNode, useDeferredValue, useEffect, useEffectEvent, useState } from "react";

/** Whoever types has paused: until then the list stays as it is. */
const PAUSE_MS = 350;

const field =
  "flex shrink-0 items-center gap-2 rounded-md border border-line-2 bg-card px-2.5 focus-within:border-accent";

const line =
  "mb-4 flex flex-wrap items-center gap-2 " +
  "max-md:-mx-4 max-md:flex-nowrap max-md:overflow-x-auto max-md:px-4 max-md:py-1";

/** The line of filters above a list. */
export function Filters({ children }: { children: ReactNode }) {
  return (
    <search data-print="no" className={line}>
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
  const [typed, setTyped] = useState(value ?? "");
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setTyped(value ?? "");
  }
  const tell = useEffectEvent(() => {
    const wanted = typed.trim() || undefined;
    if (wanted !== value) onChange(wanted);
  });
  useEffect(() => {
    const timer = setTimeout(() => tell(), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label className={field}>
      <Search aria-hidden className="size-4 text-ink-3" />
      <input
        aria-label={label}
        placeholder={label}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
        className="w-44 bg-transparent py-1.5 text-sm outline-none placeholder:text-ink-3"
      />
      {typed !== "" && (
        <button
          type="button"
          aria-label={`Clear ${label}`}
          onClick={() => {
            setTyped("");
            onChange(undefined);
          }}
          className="text-ink-3 hover:text-ink"
        >
          <X aria-hidden className="size-3.5" />
        </button>
      )}
    </label>
  );
}

/** More choices than these, as every seat of a large fleet, are made when what is in sight is painted. */
const CHOICES_AT_ONCE = 50;

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
  // What an address asks for is told, also where nothing has it: else a view would be filtered in silence.
  const known = value === undefined || choices.includes(value) ? choices : [...choices, value];
  const areMany = choices.length > CHOICES_AT_ONCE;
  const areDue = useDeferredValue(true, !areMany);
  const made = areDue ? known : known.filter((choice) => choice === value);
  return (
    <label className={`${field} text-sm`}>
      <span className="text-ink-3">{label}</span>
      <select
        value={value ?? ""}
        onChange={({ target }) => onChange((target.value || undefined) as Value | undefined)}
        className={`bg-card py-1.5 pr-1 outline-none ${areMany ? "w-56" : ""}`}
      >
        <option value="">all</option>
        {made.map((choice) => (
          <option key={choice} value={choice}>
            {choice.replaceAll("_", " ")}
          </option>
        ))}
      </select>
    </label>
  );
}
