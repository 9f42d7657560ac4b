import { Circle, CircleCheck } from "lucide-react";
import { Chip } from "../../ui/chip.tsx";
import { Time } from "../../ui/time.tsx";
import type { Ticket } from "./ticket_page.tsx";

const stages = [
  { stage: "code_complete", name: "Code complete" },
  { stage: "merged", name: "Merged" },
  { stage: "deployed", name: "Deployed" },
  { stage: "observed", name: "Observed" },
] as const;

/** Done is a chain of receipts: each stage with its evidence, or that it is missing. */
export function Receipts({ ticket: { receipts, no_op, proof } }: { ticket: Ticket }) {
  const given = new Map(receipts.map((receipt) => [receipt.stage, receipt]));
  return (
    <>
      <ol className="flex flex-col gap-3">
        {stages.map(({ stage, name }) => {
          const receipt = given.get(stage);
          const Mark = receipt ? CircleCheck : Circle;
          return (
            <li key={stage} className="flex gap-3">
              <Mark aria-hidden className={`mt-0.5 size-4.5 shrink-0 ${receipt ? "text-good" : "text-line-2"}`} />
              <div className="min-w-0">
                <p className={receipt ? "font-medium" : "text-ink-3"}>
                  {name}
                  {receipt ? <Time at={receipt.at} className="ml-2 text-sm font-normal text-ink-3" /> : " – no receipt"}
                </p>
                {receipt && <p className="break-words text-sm text-ink-2">{receipt.evidence}</p>}
              </div>
            </li>
          );
        })}
      </ol>
      {no_op && (
        <p className="mt-3">
          <Chip tone="warn">no-op</Chip>{" "}
          <span className="text-sm text-ink-2">finished at once, with nothing to show</span>
        </p>
      )}
      {proof !== null && <Proofs proof={proof} />}
    </>
  );
}

function Proofs({ proof }: { proof: Record<string, unknown> }) {
  return (
    <dl className="mt-4 border-t border-line pt-3 text-sm">
      {Object.entries(proof)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div key={name} className="mb-1.5">
            <dt className="text-ink-3">{name.replaceAll("_", " ")}</dt>
            <dd className="whitespace-pre-wrap break-words">
              {typeof value === "string" ? value : JSON.stringify(value, null, 1)}
            </dd>
          </div>
        ))}
    </dl>
  );
}
