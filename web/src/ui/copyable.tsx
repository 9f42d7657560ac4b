import { Check, Copy } from "lucide-react";
import { useRef, useState } from "react";

const SHOWN_MS = 1_500;

/** A command or an address to take along. Where the browser lets no page copy, it is marked for the reader to do so. */
export function Copyable({ text, label = "Copy" }: { text: string; label?: string }) {
  const [state, setState] = useState<"copied" | "marked" | null>(null);
  const code = useRef<HTMLElement>(null);
  const copy = async () => {
    const isCopied = (await written(text)) || (code.current !== null && copyMarked(code.current));
    setState(isCopied ? "copied" : "marked");
    if (isCopied) setTimeout(() => setState(null), SHOWN_MS);
  };
  const Mark = state === "copied" ? Check : Copy;
  return (
    <div className="rounded-md border border-line bg-sunken py-2 pl-3 pr-2">
      <div className="flex items-start gap-2">
        <code ref={code} className="min-w-0 flex-1 whitespace-pre-wrap break-words font-mono text-sm select-all">
          {text.split(/(\s+)/).map((part, index) => (index % 2 === 0 ? <Word key={index}>{part}</Word> : part))}
        </code>
        <button
          type="button"
          onClick={() => void copy()}
          aria-label={state === "copied" ? "Copied" : label}
          title={label}
          className="rounded p-1 text-ink-3 hover:text-ink"
        >
          <Mark aria-hidden className={`size-4 ${state === "copied" ? "text-good" : ""}`} />
        </button>
      </div>
      <p role="status" className={state === "marked" ? "mt-1 text-sm text-warn" : "sr-only"}>
        {state === "copied" && "Copied"}
        {state === "marked" && "This browser lets no page copy here. It is marked: press Ctrl C, or ⌘ C on a Mac."}
      </p>
    </div>
  );
}

/** One that no line ends within: “--” at one's end is another flag than the reader is to type. */
function Word({ children }: { children: string }) {
  return <span className="inline-block max-w-full">{children}</span>;
}

/** Whether the browser took it: it may ask its reader first, and has no clipboard on plain HTTP away from localhost. */
async function written(text: string): Promise<boolean> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  return clipboard === undefined
    ? false
    : clipboard.writeText(text).then(
        () => true,
        () => false,
      );
}

/** Marks the text, and copies it the old way, which no browser has to offer but all do. */
function copyMarked(element: HTMLElement): boolean {
  getSelection()?.selectAllChildren(element);
  return document.execCommand("copy");
}
