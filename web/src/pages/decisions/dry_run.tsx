import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ask, type QueryInput, type QueryOutput } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { DryRunResult } from "./dry_run_result.tsx";
import { packed, spread } from "./policy_text.ts";
import { Propose } from "./propose.tsx";
import type { Said } from "./said.tsx";
import { counts } from "./tried.ts";

type Wanted = QueryInput<"/v1/policy/dry_run">;
type Tried = QueryOutput<"/v1/policy/dry_run">;

type Props = { text: string; onClose: () => void; onSaid: (said: Said) => void };

/** A changed text, tried over what was decided, then proposed: nothing of it counts until it is activated. */
export function DryRun({ text, onClose, onSaid }: Props) {
  const [words, setWords] = useState(() => spread(text));
  const [newest, setNewest] = useState<number>(counts[0]);
  const { mutate, data, error, isPending, reset } = useMutation<Tried, Error, Wanted>({
    mutationFn: (wanted) => ask("/v1/policy/dry_run", wanted),
  });
  return (
    <Panel
      title="Change the policy"
      className="mb-5"
      aside={
        <button type="button" onClick={onClose} className="text-accent hover:underline">
          Close
        </button>
      }
    >
      <p className="mb-3 text-ink-2">
        Change the text, and see what it would have decided otherwise. That changes nothing: proposed, it is a version;
        activated, it decides.
      </p>
      <textarea
        aria-label="The policy’s text"
        spellCheck={false}
        rows={16}
        value={words}
        onChange={({ target }) => {
          setWords(target.value);
          reset();
        }}
        className="block w-full rounded-md border border-line-2 bg-paper p-3 font-mono text-sm leading-relaxed"
      />
      <div className="my-3 flex flex-wrap items-center justify-end gap-3">
        <label className="text-sm text-ink-2">
          Over the newest{" "}
          <select
            value={newest}
            onChange={({ target }) => setNewest(Number(target.value))}
            className="rounded border border-line-2 bg-card px-1.5 py-1"
          >
            {counts.map((count) => (
              <option key={count} value={count}>
                {count.toLocaleString("en")}
              </option>
            ))}
          </select>{" "}
          decisions
        </label>
        <Button look="main" disabled={isPending} onClick={() => mutate({ text: packed(words), newest })}>
          {isPending ? "Trying…" : "Show what would change"}
        </Button>
      </div>
      {error && <ProblemNote error={error} />}
      {data && (
        <>
          <DryRunResult result={data} />
          <Propose text={packed(words)} onSaid={onSaid} />
        </>
      )}
    </Panel>
  );
}
