import { CircleCheck, CircleHelp, CircleX, Info, type LucideIcon } from "lucide-react";
import type { Outcome, Step } from "../../verify/checks.ts";

/** How an outcome looks, and its word. */
const looks: Readonly<Record<Outcome, { icon: LucideIcon; tone: string; word: string }>> = {
  good: { icon: CircleCheck, tone: "text-good", word: "Holds" },
  noted: { icon: Info, tone: "text-info", word: "Noted" },
  unable: { icon: CircleHelp, tone: "text-warn", word: "Not checked" },
  bad: { icon: CircleX, tone: "text-bad", word: "Broken" },
};

/** What is wrong is not looked for. */
function worstFirst(steps: readonly Step[]): readonly Step[] {
  return [...steps.filter(({ outcome }) => outcome === "bad"), ...steps.filter(({ outcome }) => outcome !== "bad")];
}

/** The checks one by one: what was found, and what it means. */
export function Steps({ label, steps }: { label: string; steps: readonly Step[] }) {
  return (
    <ol aria-label={label} className="-mx-3 flex flex-col divide-y divide-line">
      {worstFirst(steps).map(({ name, outcome, found, means }) => {
        const { icon: Mark, tone, word } = looks[outcome];
        return (
          <li key={name} className={`flex gap-3 px-3 py-3 ${outcome === "bad" ? "rounded-lg bg-bad-soft" : ""}`}>
            <Mark aria-hidden className={`mt-0.5 size-5 shrink-0 ${tone}`} strokeWidth={1.75} />
            <div className="min-w-0 max-w-prose">
              <p className="font-medium">
                {name} <span className={`ml-1 text-sm font-normal ${tone}`}>{word}</span>
              </p>
              <p className="break-words">{found}</p>
              <p className="break-words text-sm text-ink-2">{means}</p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
