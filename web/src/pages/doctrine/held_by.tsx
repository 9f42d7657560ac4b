import { Chip } from "../../ui/chip.tsx";
import type { Tone } from "../../ui/tone.ts";
import type { holdings } from "./search.ts";

const words: Readonly<Record<(typeof holdings)[number], { tone: Tone; text: string }>> = {
  "text only": { tone: "quiet", text: "text only" },
  "a running mechanism": { tone: "good", text: "mechanism" },
  "a mechanism that is not there": { tone: "bad", text: "mechanism missing" },
};

/** How a rule is really held, whatever it says of itself. */
export function HeldBy({ by }: { by: (typeof holdings)[number] }) {
  const { tone, text } = words[by];
  return <Chip tone={tone}>{text}</Chip>;
}

const sure = ["nobody knows yet", "seen", "seen again", "it held", "it held for long"];

/** How sure the fleet is, from M0 to M4, for the eye as bars and for everybody as its name. */
export function Maturity({ level, proposed }: { level: string; proposed?: string | null }) {
  const reached = Number(level.slice(1));
  return (
    <span className="inline-flex items-center gap-2" title={sure[reached]}>
      <span aria-hidden className="flex gap-0.5">
        {[1, 2, 3, 4].map((one) => (
          <span key={one} className={`h-3 w-1.5 rounded-sm ${one <= reached ? "bg-accent" : "bg-line-2"}`} />
        ))}
      </span>
      <span className="tabular-nums">{level}</span>
      {proposed && <Chip tone="warn">{proposed} waits</Chip>}
    </span>
  );
}
