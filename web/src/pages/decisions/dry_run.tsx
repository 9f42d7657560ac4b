import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { ask, type QueryInput, type QueryOutput } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { DryRunResult } from "./dry_run_result.tsx";
import { useDraft } from "./editor/draft.ts";
import { faultOf } from "./editor/fault.ts";
import { Leaving } from "./editor/leaving.tsx";
import { PolicyEditor } from "./editor/policy_editor.tsx";
import { packed, readable, spread } from "./policy_text.ts";
import { Propose } from "./propose.tsx";
import type { Said } from "./said.tsx";
import { counts } from "./tried.ts";

type Wanted = QueryInput<"/v1/policy/dry_run">;
type Tried = QueryOutput<"/v1/policy/dry_run">;

type Props = { version: number; text: string; onClose: () => void; onSaid: (said: Said) => void };

/** A changed policy, tried over what was decided, then proposed: nothing of it counts until it is activated. */
export function DryRun({ version, text, onClose, onSaid }: Props) {
  const { words, isChanged, become, drop } = useWords(version, text);
  const [isJson, setJson] = useState(false);
  const [isClosing, setClosing] = useState(false);
  const [newest, setNewest] = useState<number>(counts[0]);
  const { mutate, data, error, isPending, reset } = useMutation<Tried, Error, Wanted>({
    mutationFn: (wanted) => ask("/v1/policy/dry_run", wanted),
  });
  const fault = useMemo(() => faultOf(error), [error]);
  const policy = useMemo(() => readable(words), [words]);
  const write = (fresh: string) => {
    become(fresh);
    // Who opens a rule to read it again keeps what was tried, and what they are writing of it.
    if (error || packed(fresh) !== packed(words)) reset();
  };
  const proposed = (said: Said) => {
    drop();
    onSaid(said);
  };
  const close = () => {
    drop();
    onClose();
  };
  const attempt = (event: FormEvent) => {
    event.preventDefault();
    mutate({ text: packed(words), newest });
  };
  return (
    <Panel
      title="Change the policy"
      className="mb-5"
      aside={
        <span className="flex gap-4">
          <Aside isOff={policy === null} onClick={() => setJson(!isJson)}>
            {isJson ? "Edit rule by rule" : "Edit as JSON"}
          </Aside>
          <Aside onClick={() => (isChanged ? setClosing(true) : close())}>Close</Aside>
        </span>
      }
    >
      <p className="mb-3 text-ink-2">
        Change it, and see what it would have decided otherwise. That changes nothing: proposed, it is a version;
        activated, it decides.
      </p>
      <form onSubmit={attempt}>
        {policy !== null && !isJson ? (
          <PolicyEditor policy={policy} fault={fault} onChange={(changed) => write(JSON.stringify(changed, null, 2))} />
        ) : (
          <Json words={words} isPolicy={policy !== null} onChange={write} />
        )}
        <div className="my-3 flex flex-wrap items-center justify-end gap-3">
          <Newest count={newest} onChange={setNewest} />
          <Button look="main" type="submit" disabled={isPending}>
            {isPending ? "Trying…" : "Show what would change"}
          </Button>
        </div>
      </form>
      <Leaving isChanged={isChanged} isClosing={isClosing} onStay={() => setClosing(false)} onLeave={close} />
      {error && <ProblemNote error={error} />}
      {data && (
        <>
          <DryRunResult result={data} />
          <Propose text={packed(words)} onSaid={proposed} />
        </>
      )}
    </Panel>
  );
}

/** What is written, begun from a version's text or from where this tab left it; the tab keeps what differs. */
function useWords(version: number, text: string) {
  const { kept, keep } = useDraft();
  const begun = useMemo(() => spread(text), [text]);
  const [words, setWords] = useState(() => {
    const draft = kept();
    return draft?.version === version ? draft.words : begun;
  });
  const differs = (one: string) => packed(one) !== packed(begun);
  const isChanged = differs(words);
  return {
    ...{ words, isChanged },
    become(fresh: string): void {
      setWords(fresh);
      keep(differs(fresh) ? { version, words: fresh } : null);
    },
    drop(): void {
      // Where nothing was changed, what is kept is of another version.
      if (isChanged) keep(null);
    },
  };
}

function Newest({ count, onChange }: { count: number; onChange: (count: number) => void }) {
  return (
    <label className="text-sm text-ink-2">
      Over the newest{" "}
      <select
        value={count}
        onChange={({ target }) => onChange(Number(target.value))}
        className="rounded border border-line-2 bg-card px-1.5 py-1"
      >
        {counts.map((one) => (
          <option key={one} value={one}>
            {one.toLocaleString("en")}
          </option>
        ))}
      </select>{" "}
      decisions
    </label>
  );
}

function Aside({ isOff = false, onClick, children }: { isOff?: boolean; onClick: () => void; children: string }) {
  return (
    <button
      type="button"
      disabled={isOff}
      onClick={onClick}
      className="text-accent hover:underline disabled:text-ink-3 disabled:no-underline"
    >
      {children}
    </button>
  );
}

type JsonProps = { words: string; isPolicy: boolean; onChange: (words: string) => void };

/** The text itself, for whoever wants all of it at once. */
function Json({ words, isPolicy, onChange }: JsonProps) {
  return (
    <>
      <textarea
        aria-label="The policy’s text"
        spellCheck={false}
        rows={16}
        value={words}
        onChange={({ target }) => onChange(target.value)}
        className="block w-full rounded-md border border-line-2 bg-paper p-3 font-mono text-sm leading-relaxed"
      />
      {!isPolicy && <p className="mt-1 text-sm text-warn">As it stands, this cannot be shown rule by rule.</p>}
    </>
  );
}
