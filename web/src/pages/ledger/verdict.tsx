import { Loader, ShieldAlert, ShieldCheck, ShieldQuestion } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../../api/client.ts";
import { Time } from "../../ui/time.tsx";
import type { Verification } from "../../verify/verification.ts";

const shape = "flex flex-wrap items-center gap-x-4 gap-y-3 rounded-xl border px-5 py-4";

type Props = {
  verified: Verification | undefined;
  /** Why nothing could be asked. */
  error: Error | null;
  children?: ReactNode;
};

/** The one sentence that somebody looks for on this page: whether the ledger can be believed. */
export function Verdict({ verified, error, children }: Props) {
  if (verified === undefined && error)
    return (
      <section aria-label="Verdict" role="status" className={`${shape} border-warn/40 bg-warn-soft`}>
        <ShieldQuestion aria-hidden className="size-9 shrink-0 text-warn" strokeWidth={1.5} />
        <Words title="Nothing is verified">
          {error instanceof ApiError ? `${error.problem.detail} ${error.problem.hint ?? ""}` : error.message}
        </Words>
      </section>
    );
  if (verified === undefined)
    return (
      <section aria-label="Verdict" className={`${shape} border-line bg-card`}>
        <Loader aria-hidden className="size-8 animate-spin text-ink-3" strokeWidth={1.5} />
        <Words title="This browser is verifying the ledger…">It takes a moment.</Words>
      </section>
    );
  const { outcome, signed, at } = verified;
  if (outcome === "bad")
    return (
      <section aria-label="Verdict" role="alert" className={`${shape} border-2 border-bad bg-bad-soft`}>
        <ShieldAlert aria-hidden className="size-10 shrink-0 text-bad" strokeWidth={1.75} />
        <Words title="This ledger is broken" tone="text-bad">
          What this server shows contradicts what was signed. Believe nothing of it until somebody knows why.
        </Words>
        {children}
      </section>
    );
  if (outcome === "none")
    return (
      <section aria-label="Verdict" className={`${shape} border-line bg-card`}>
        <ShieldQuestion aria-hidden className="size-8 shrink-0 text-ink-3" strokeWidth={1.5} />
        <Words title="Nothing is signed yet">
          The first checkpoint comes within a minute of the server’s start. If none does, longwatch doctor says why.
        </Words>
      </section>
    );
  const isGood = outcome === "good";
  const Mark = isGood ? ShieldCheck : ShieldQuestion;
  return (
    <section
      aria-label="Verdict"
      role="status"
      className={`${shape} ${isGood ? "border-good/30 bg-good-soft" : "border-warn/40 bg-warn-soft"}`}
    >
      <Mark aria-hidden className={`size-9 shrink-0 ${isGood ? "text-good" : "text-warn"}`} strokeWidth={1.5} />
      <Words title={isGood ? "Verified in this browser" : "Not everything could be checked"}>
        {isGood && signed !== null && (
          <>
            <span className="tabular-nums">{signed.size.toLocaleString("en")}</span> entries are signed, and what this
            server shows fits the signature.{" "}
          </>
        )}
        Checked <Time at={at} />.
      </Words>
      {children}
    </section>
  );
}

function Words({ title, tone = "", children }: { title: string; tone?: string; children: ReactNode }) {
  return (
    <div className="min-w-0 flex-1 basis-64">
      <p className={`text-lg font-semibold tracking-tight ${tone}`}>{title}</p>
      <p className="text-sm text-ink-2">{children}</p>
    </div>
  );
}
