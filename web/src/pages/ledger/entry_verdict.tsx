import { Clock, Loader, RefreshCw, ShieldAlert, ShieldCheck, ShieldQuestion } from "lucide-react";
import { Button } from "../../ui/button.tsx";
import type { EntryProof } from "./entry_proof.ts";

const looks = {
  good: { icon: ShieldCheck, tone: "text-good", box: "border-good/30 bg-good-soft", title: "Proven in this browser" },
  noted: { icon: ShieldCheck, tone: "text-good", box: "border-good/30 bg-good-soft", title: "Proven in this browser" },
  waiting: { icon: Clock, tone: "text-info", box: "border-info/30 bg-info-soft", title: "Not signed yet" },
  unable: { icon: ShieldQuestion, tone: "text-warn", box: "border-warn/40 bg-warn-soft", title: "Not proven" },
  bad: { icon: ShieldAlert, tone: "text-bad", box: "border-2 border-bad bg-bad-soft", title: "This entry is broken" },
} as const;

const about = {
  good: "It is what was written and signed, at this place of the ledger.",
  noted: "It is what was written and signed, at this place of the ledger.",
  waiting: "The next checkpoint covers it, within a minute. This page waits for it.",
  unable: "Something could not be asked or checked; the proof says what.",
  bad: "What this server shows contradicts what was signed. Do not rely on it; the proof says what does not hold.",
} as const;

/** Whether the entry can be believed. */
export function EntryVerdict(props: { proof: EntryProof | undefined; isBusy: boolean; onAgain: () => void }) {
  const { proof, isBusy, onAgain } = props;
  const shape = "flex flex-wrap items-center gap-x-4 gap-y-3 rounded-xl border px-5 py-4";
  if (proof === undefined)
    return (
      <section aria-label="Verdict" className={`${shape} border-line bg-card`}>
        <Loader aria-hidden className="size-7 animate-spin text-ink-3" strokeWidth={1.5} />
        <p className="text-lg font-semibold tracking-tight">This browser is proving the entry…</p>
      </section>
    );
  const { icon: Mark, tone, box, title } = looks[proof.outcome];
  return (
    <section aria-label="Verdict" role={proof.outcome === "bad" ? "alert" : "status"} className={`${shape} ${box}`}>
      <Mark aria-hidden className={`size-8 shrink-0 ${tone}`} strokeWidth={1.5} />
      <div className="min-w-0 flex-1 basis-64">
        <p className={`text-lg font-semibold tracking-tight ${proof.outcome === "bad" ? "text-bad" : ""}`}>{title}</p>
        <p className="text-sm text-ink-2">{about[proof.outcome]}</p>
      </div>
      <Button disabled={isBusy} onClick={onAgain}>
        <RefreshCw aria-hidden className={`size-4 ${isBusy ? "animate-spin" : ""}`} /> Prove again
      </Button>
    </section>
  );
}
