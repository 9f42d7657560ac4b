import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, ask, type QueryInput, type QueryOutput } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { DryRunResult } from "./dry_run_result.tsx";
import { packed, spread } from "./policy_text.ts";

/** A server reads a request's head up to 16 KiB; a longer text is tried by its number, once it is proposed. */
const ADDRESS_BYTES_MAX = 15_000;

/** Over so many decisions, the newest. */
const counts = [500, 2000, 5000] as const;

type Wanted = QueryInput<"/v1/policy/dry_run">;
type Tried = QueryOutput<"/v1/policy/dry_run">;

/** A changed text, tried over what was decided: nothing of it counts until it is proposed and activated. */
export function DryRun({ text, onClose }: { text: string; onClose: () => void }) {
  const [words, setWords] = useState(() => spread(text));
  const [newest, setNewest] = useState<number>(counts[0]);
  const { mutate, data, error, isPending, reset } = useMutation<Tried, Error, Wanted>({ mutationFn: tried });
  return (
    <Panel
      title="Try a change"
      className="mb-5"
      aside={
        <button type="button" onClick={onClose} className="text-accent hover:underline">
          Close
        </button>
      }
    >
      <p className="mb-3 text-ink-2">
        Change the text. It is tried over what was decided already, and changes nothing: a policy counts when somebody
        proposed and activated it.
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
      {data && <DryRunResult result={data} />}
    </Panel>
  );
}

function tried(wanted: Wanted): Promise<Tried> {
  const isLong = new URLSearchParams({ text: wanted.text ?? "" }).toString().length > ADDRESS_BYTES_MAX;
  if (!isLong) return ask("/v1/policy/dry_run", wanted);
  throw new ApiError({
    status: 413,
    code: "policy.long",
    detail: "This text is too long to be tried from here.",
    hint: "Propose it, which decides nothing yet, and try it by its number: npx longwatch policy dry-run --version N.",
  });
}
