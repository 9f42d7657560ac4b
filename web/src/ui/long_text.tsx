import { useState } from "react";
import { usePrinting } from "./printing.ts";

/** Longer than this, what stands below would be out of reach. */
const LINES_MAX = 40;
const CHARACTERS_MAX = 4_000;

/** A text as somebody wrote it: all of it when asked for, and on paper. */
export function LongText({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  const isOnPaper = usePrinting() !== null;
  const beginning = text.split("\n", LINES_MAX).join("\n").slice(0, CHARACTERS_MAX);
  const isLong = beginning.length < text.length;
  const shown = isWhole || isOnPaper ? text : beginning;
  return (
    <>
      <p dir="auto" className="whitespace-pre-wrap break-words">
        {shown}
        {shown.length < text.length && "…"}
      </p>
      {isLong && (
        <button
          type="button"
          data-print="no"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
          className="mt-2 text-sm text-accent hover:underline"
        >
          {isWhole ? "Show its beginning only" : `Show all ${text.length.toLocaleString("en")} characters`}
        </button>
      )}
    </>
  );
}
