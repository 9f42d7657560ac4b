import { Link } from "@tanstack/react-router";
import { Copyable } from "../../ui/copyable.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Time } from "../../ui/time.tsx";
import type { CheckpointPage } from "./checkpoint_list.ts";

/** The newest checkpoints, a line each: the entry that it reaches, its root, who cosigned it, when. */
export function Checkpoints({ checkpoints, next }: Pick<CheckpointPage, "checkpoints" | "next">) {
  if (checkpoints.length === 0)
    return <Empty title="No checkpoint yet">The signer makes the first within a minute of the server’s start.</Empty>;
  return (
    <>
      <p aria-hidden className="flex gap-3 pb-1 text-sm text-ink-3">
        <span className="w-20 shrink-0">up to</span>
        <span className="flex-1">root</span>
        <span>signed</span>
      </p>
      <List checkpoints={checkpoints} />
      {next !== null && (
        <div className="mt-3 text-sm text-ink-2">
          <p className="mb-1">Older ones:</p>
          <Copyable text={`npx longwatch checkpoint list --before-size ${next}`} />
        </div>
      )}
    </>
  );
}

function List({ checkpoints }: Pick<CheckpointPage, "checkpoints">) {
  return (
    <ol aria-label="Checkpoints" className="-mx-5 max-h-96 overflow-y-auto" tabIndex={0}>
      {checkpoints.map(({ size, root, at, cosigned_by }) => (
        <li key={size} className="flex items-baseline gap-3 border-b border-line px-5 py-1.5 last:border-0">
          <span className="w-20 shrink-0">
            <Link
              to="/ledger"
              search={{ checkpoint: size }}
              aria-label={`Check checkpoint ${size.toLocaleString("en")}`}
              className="font-mono text-[0.92em] text-accent tabular-nums hover:underline"
            >
              {size.toLocaleString("en")}
            </Link>
          </span>
          <code className="min-w-0 flex-1 truncate font-mono text-xs text-ink-3" title={`The root: ${root}`}>
            {root}
          </code>
          {cosigned_by.length > 0 && (
            <span className="shrink-0 text-xs text-good" title={cosigned_by.join(", ")}>
              {cosigned_by.length} cosigned
            </span>
          )}
          <Time at={at} className="w-16 shrink-0 text-right text-sm text-ink-3" />
        </li>
      ))}
    </ol>
  );
}
