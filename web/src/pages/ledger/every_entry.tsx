import { useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { Broken } from "../../verify/bytes.ts";
import type { Signed, Step } from "../../verify/checks.ts";
import { hashEveryEntry } from "../../verify/every_entry.ts";
import { Steps } from "./outcome.tsx";

type State = { done: number; of: number; step: Step | null };

/** Hashes the whole ledger in the page, for whoever does not want to believe in samples. */
export function EveryEntry({ tenant, signed }: { tenant: string; signed: Signed }) {
  const [state, setState] = useState<State | null>(null);
  const stop = useRef<AbortController>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const start = async () => {
    const { signal } = (stop.current = new AbortController());
    const of = signed.size;
    setState({ done: 0, of, step: null });
    const onProgress = (done: number) => setState({ done, of, step: null });
    const ended = await hashEveryEntry(tenant, signed, { signal, onProgress }).then(
      () => allHold(of),
      (error: unknown) => notAll(error),
    );
    setState(signal.aborted ? null : { done: of, of, step: ended });
  };
  const isRunning = state !== null && state.step === null;
  return (
    <div className="mt-4 border-t border-line pt-4">
      {state?.step && (
        <div role={state.step.outcome === "bad" ? "alert" : "status"} className="mb-3">
          <Steps label="Every entry" steps={[state.step]} />
        </div>
      )}
      {isRunning ? (
        <div className="flex items-center gap-3">
          <progress
            aria-label="Entries hashed"
            max={state.of}
            value={state.done}
            className="h-2 flex-1 overflow-hidden rounded-full accent-accent"
          />
          <span className="text-sm tabular-nums text-ink-2">
            {state.done.toLocaleString("en")} of {state.of.toLocaleString("en")}
          </span>
          <Button onClick={() => stop.current?.abort()}>Stop</Button>
        </div>
      ) : (
        <div className="flex flex-wrap items-center gap-3">
          <Button onClick={() => void start()}>Hash all {signed.size.toLocaleString("en")} entries here</Button>
          <p className="text-sm text-ink-3">The steps above take samples. This leaves none out.</p>
        </div>
      )}
    </div>
  );
}

function allHold(size: number): Step {
  return {
    name: "Every entry",
    outcome: "good",
    found: `${size.toLocaleString("en")} entries, each hashed in this page, give exactly the root that was signed.`,
    means: "Not one byte of any of them is other than when it was signed.",
  };
}

function notAll(error: unknown): Step {
  const isBroken = error instanceof Broken;
  const found = error instanceof ApiError ? `${error.problem.detail} ${error.problem.hint ?? ""}` : String(error);
  return {
    name: "Every entry",
    outcome: isBroken ? "bad" : "unable",
    found: isBroken ? error.message : found,
    means: isBroken
      ? "At least one entry is not what was signed. longwatch ledger verify names the first."
      : "The rest was not asked for. Start it again.",
  };
}
