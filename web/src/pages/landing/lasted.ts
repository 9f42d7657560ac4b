import { duration } from "../../ui/clock.ts";

/**
 * A length of time to the millisecond: `815 ms`, `12.045 s`, `3 min 2.100 s`, `2 h 0 min 1.000 s`. What still grows is
 * told in whole seconds.
 */
export function lasted(milliseconds: number, isGrowing = false): string {
  if (isGrowing) return duration(milliseconds / 1_000);
  if (milliseconds < 1_000) return `${milliseconds} ms`;
  const [hours, minutes] = [Math.floor(milliseconds / 3_600_000), Math.floor(milliseconds / 60_000) % 60];
  const seconds = ((milliseconds % 60_000) / 1_000).toFixed(3);
  if (hours > 0) return `${hours} h ${minutes} min ${seconds} s`;
  return minutes > 0 ? `${minutes} min ${seconds} s` : `${seconds} s`;
}
