import { useLiveness } from "../live/stream.ts";

const words = {
  live: { text: "Live", dot: "bg-good" },
  connecting: { text: "Connecting…", dot: "bg-ink-3" },
  away: { text: "No connection; what you see may be old", dot: "bg-bad animate-pulse" },
} as const;

/** Says whether the page shows what is now. */
export function LiveMark() {
  const { text, dot } = words[useLiveness()];
  return (
    <span role="status" className="flex items-center gap-2">
      <span aria-hidden className={`size-2 rounded-full ${dot}`} />
      {text}
    </span>
  );
}
