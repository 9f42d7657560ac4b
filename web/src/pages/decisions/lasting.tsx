const spans = [
  { seconds: 3600, name: "an hour" },
  { seconds: 8 * 3600, name: "8 hours" },
  { seconds: 86_400, name: "a day" },
  { seconds: 7 * 86_400, name: "a week" },
] as const;

/** How long a grant may be used. It is used up by the first act. */
export function Lasting({ value, onChange }: { value: number; onChange: (seconds: number) => void }) {
  return (
    <label className="mt-2 block text-sm">
      May be used once, within{" "}
      <select
        value={value}
        onChange={({ target }) => onChange(Number(target.value))}
        className="rounded border border-line-2 bg-card px-1.5 py-0.5"
      >
        {spans.map(({ seconds, name }) => (
          <option key={seconds} value={seconds}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
