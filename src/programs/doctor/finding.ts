/** What one look of the doctor came to. What is a problem has a next step. */
export type Finding =
  | { check: string; state: "ok" | "skipped"; told: string; next: null }
  | { check: string; state: "problem"; told: string; next: string };

export const ok = (check: string, told: string): Finding => ({ check, state: "ok", told, next: null });
export const skipped = (check: string, told: string): Finding => ({ check, state: "skipped", told, next: null });
export const problem = (check: string, told: string, next: string): Finding => ({
  check,
  state: "problem",
  told,
  next,
});

/** Seconds in the unit that a person would say. */
export function lasting(seconds: number): string {
  const units: [name: string, seconds: number][] = [
    ["days", 86_400],
    ["h", 3_600],
    ["min", 60],
  ];
  // Two of a unit before it is used: 90 minutes tell more than one hour.
  for (const [name, length] of units) if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${name}`;
  return `${Math.max(0, Math.round(seconds))} s`;
}

export const count = (number: number): string => number.toLocaleString("en");

export const pointer = (section: string): string => `docs/operating.md, "${section}"`;
