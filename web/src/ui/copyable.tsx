import { Check, Copy } from "lucide-react";
import { useState } from "react";

const SHOWN_MS = 1_500;

/** A command or an address to take along. */
export function Copyable({ text, label = "Copy" }: { text: string; label?: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  const Mark = isCopied ? Check : Copy;
  return (
    <div className="flex items-start gap-2 rounded-md border border-line bg-sunken py-2 pl-3 pr-2">
      <code className="min-w-0 flex-1 whitespace-pre-wrap break-words font-mono text-sm">{text}</code>
      <button
        type="button"
        onClick={copy}
        aria-label={isCopied ? "Copied" : label}
        className="rounded p-1 text-ink-3 hover:text-ink"
      >
        <Mark aria-hidden className={`size-4 ${isCopied ? "text-good" : ""}`} />
      </button>
    </div>
  );
}
