import { Check, Circle, LoaderCircle, Minus, X } from "lucide-react";
import type { Entry } from "../../live/stream.ts";
import { EntryLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";
import type { Deploy } from "./deploy_page.tsx";

const names: Readonly<Record<string, string>> = {
  claimed: "Claim",
  closure: "Closure",
  verify: "Verify",
  deploy: "Deploy",
  health: "Health",
  rollback: "Rollback",
  recover: "Recovery",
};

const looks = {
  done: { icon: Check, word: "done", style: "border-good bg-good-soft text-good", line: "bg-good" },
  now: { icon: LoaderCircle, word: "now", style: "border-accent bg-accent-soft text-accent", line: "bg-line-2" },
  ended: { icon: X, word: "ended here", style: "border-bad bg-bad-soft text-bad", line: "bg-line-2" },
  ahead: { icon: Circle, word: "to come", style: "border-line-2 bg-card text-ink-3", line: "bg-line-2" },
  unsaid: { icon: Minus, word: "no word of it", style: "border-line-2 bg-card text-ink-3", line: "bg-line-2" },
  never: { icon: Minus, word: "not reached", style: "border-line-2 bg-sunken text-ink-3", line: "bg-line-2" },
} as const;

/** A deploy's stages as a line, with when each began and the entry that says so. */
export function Stages({ deploy, entries }: { deploy: Deploy; entries: readonly Entry[] | undefined }) {
  const begun = new Map<string, Entry>();
  for (const entry of entries ?? []) {
    // What was refused has no entry but this one for the stage at which it was.
    const stage = entry.kind === "deploy.refused" ? deploy.stage : stageOf(entry);
    if (stage !== null) begun.set(stage, entry);
  }
  const line = ["claimed", "closure", "verify", "deploy", "health"];
  if (begun.has("rollback") || deploy.stage === "rollback") line.push("rollback");
  if (begun.has("recover") || deploy.stage === "recover") line.push("recover");
  return (
    <ol aria-label="Stages" className="flex flex-col gap-y-3 rounded-xl border border-line bg-card p-5 md:flex-row">
      {line.map((stage, index) => {
        const entry = begun.get(stage);
        const isTold = entries === undefined || entry !== undefined;
        const { icon: Mark, word, style, line: stroke } = looks[lookOf(deploy, line, index, isTold)];
        return (
          <li
            key={stage}
            aria-current={word === "now" ? "step" : undefined}
            className="relative flex min-w-0 flex-1 gap-3 md:flex-col md:gap-1.5"
          >
            {index < line.length - 1 && (
              <span aria-hidden className={`absolute left-9 right-2 top-3.5 h-0.5 max-md:hidden ${stroke}`} />
            )}
            <span className={`flex size-7 shrink-0 items-center justify-center rounded-full border ${style}`}>
              <Mark aria-hidden className={`size-4 ${word === "now" ? "animate-spin" : ""}`} />
            </span>
            <div className="min-w-0 text-sm">
              <p className="font-medium">
                {names[stage]} <span className="font-normal text-ink-3">{word}</span>
              </p>
              {entry && (
                <p className="text-ink-3">
                  <Time at={entry.at} /> <EntryLink seq={entry.seq} />
                </p>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

/** The stage that an entry says was come to. */
function stageOf({ kind, data }: Entry): string | null {
  if (kind === "deploy.begun") return "claimed";
  if (kind.startsWith("deploy.closure_")) return "closure";
  if (kind === "deploy.recovered" || kind === "deploy.recovering") return "recover";
  return kind === "deploy.advanced" && typeof data.stage === "string" ? data.stage : null;
}

/** How a stage looks. Only what an entry tells of is done: a deploy without a verify command verified nothing. */
function lookOf({ state, stage }: Deploy, line: readonly string[], index: number, isTold: boolean): keyof typeof looks {
  const at = line.indexOf(stage);
  const passed = isTold ? "done" : "unsaid";
  if (state === "landed") return passed;
  // Going back began where the stage before it had failed.
  if (index < at) return line[index + 1] === "rollback" ? "ended" : passed;
  if (index > at) return state === "running" ? "ahead" : "never";
  if (state === "running") return "now";
  return state === "rolled_back" && stage === "rollback" ? "done" : "ended";
}
