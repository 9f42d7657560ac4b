import { Empty } from "../../ui/empty.tsx";
import { EntryLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";
import type { CheckpointPage } from "./checkpoint_list.ts";

/** The newest checkpoints, a line each: the entry that it reaches, its root, who cosigned it, when. */
export function Checkpoints({ checkpoints }: Pick<CheckpointPage, "checkpoints">) {
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
    </>
  );
}

function List({ checkpoints }: Pick<CheckpointPage, "checkpoints">) {
  return (
    <ol aria-label="Checkpoints" className="-mx-5 max-h-96 overflow-y-auto" tabIndex={0}>
      {checkpoints.map(({ size, root, at, cosigned_by }) => (
        <li key={size} className="flex items-baseline gap-3 border-b border-line px-5 py-1.5 last:border-0">
          <span className="w-20 shrink-0">
            <EntryLink seq={Math.max(1, size)} />
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
