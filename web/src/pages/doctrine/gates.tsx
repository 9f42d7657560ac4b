import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX } from "lucide-react";
import { asked } from "../../api/queries.ts";
import { Panel } from "../../ui/panel.tsx";
import { Dated } from "../../ui/dated.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";

/** What each level needs, and what the ledger says of it now. No word of anybody stands for a gate. */
export function Gates({ id }: { id: string }) {
  const { data, error } = useQuery(asked("/v1/doctrine/evaluate", { id }));
  return (
    <Panel title="Gates" aside={data && `they reach ${data.reached}`}>
      {error && <ProblemNote isPart error={error} />}
      {data?.gates.length === 0 && (
        <p className="text-ink-2">It names no gate: up to M2 a person judges, and nobody can give it more.</p>
      )}
      <ul className="flex flex-col gap-3">
        {data?.gates.map(({ level, gate, holds, because }) => {
          const Mark = holds ? CircleCheck : CircleX;
          return (
            <li key={gate} className="flex gap-2.5">
              <Mark aria-hidden className={`mt-0.5 size-4.5 shrink-0 ${holds ? "text-good" : "text-bad"}`} />
              <div className="min-w-0">
                <p>
                  <span className="font-medium">M{level}</span> {holds ? "holds" : "does not hold"}
                </p>
                <p className="break-words text-sm text-ink-2">
                  <Dated text={lengths(because)} />
                </p>
                <code className="break-words font-mono text-xs text-ink-3">{gate}</code>
              </div>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

/** `P7D`, as a gate's window is written, in words. */
function lengths(text: string): string {
  return text.replaceAll(/\bP(\d+)D\b/g, (_, days: string) => (days === "1" ? "24 hours" : `${days} days`));
}
