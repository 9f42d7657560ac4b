import { type FormEvent, useState } from "react";
import { entryBehind } from "../../api/client.ts";
import { useCommand } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { TextArea } from "../../ui/text_area.tsx";
import type { Said } from "./said.tsx";

/** Puts a text that was tried beside the version that decides. */
export function Propose({ text, onSaid }: { text: string; onSaid: (said: Said) => void }) {
  const [note, setNote] = useState("");
  const { mutate, isPending, error } = useCommand("/v1/policy/propose");
  const send = (event: FormEvent) => {
    event.preventDefault();
    mutate(
      { text, note: note.trim() },
      { onSuccess: (answer) => onSaid({ what: "proposed", version: answer.version, seq: entryBehind(answer) }) },
    );
  };
  return (
    <form onSubmit={send} className="mt-4 border-t border-line pt-4">
      <TextArea
        label="What is different, for those who read the list"
        required
        maxLength={500}
        value={note}
        onChange={setNote}
      />
      {error && (
        <div className="mt-3">
          <ProblemNote error={error} />
        </div>
      )}
      <div className="mt-3 flex flex-wrap items-center justify-end gap-3">
        <span className="text-sm text-ink-3">It becomes a version, and decides nothing until it is activated.</span>
        <Button look="main" type="submit" disabled={isPending || note.trim() === ""}>
          Propose it
        </Button>
      </div>
    </form>
  );
}
