import { type Liveness, useLiveness } from "../live/stream.ts";

const words: Readonly<Record<Liveness, { text: string; dot: string }>> = {
  live: { text: "Live", dot: "bg-good" },
  connecting: { text: "Connecting…", dot: "bg-ink-3" },
  away: { text: "No connection; what you see may be old", dot: "bg-bad animate-pulse" },
};

/** Says whether the page shows what is now. */
export function LiveMark() {
  const { text, dot } = words[useLiveness()];
  return (
    <span role="status" className="flex items-center gap-2">
      <span aria-hidden className={`size-2 shrink-0 rounded-full ${dot}`} />
      {text}
    </span>
  );
}

/** On a phone, where the mark has no room: only when it matters. */
export function AwayNote() {
  if (useLiveness() !== "away") return null;
  return <p className="mb-4 rounded-md bg-bad-soft px-3 py-2 text-sm text-bad md:hidden">{words.away.text}</p>;
}
