import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { entryBehind } from "../../api/client.ts";
import { useCommand } from "../../api/queries.ts";
import type { Entry } from "../../live/stream.ts";
import { Button } from "../../ui/button.tsx";
import { Modal } from "../../ui/modal.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { fill, TextArea } from "../../ui/text_area.tsx";

/** Whether the entry is a post, whoever brought it in. */
export function isPost({ kind }: Entry): boolean {
  return kind === "post.appended" || kind === "post.imported";
}

type Props = { post: Entry; isOpen: boolean; onOpen: (isOpen: boolean) => void };

/** The way to a second post that corrects this one: a post itself is never edited. */
export function CorrectPost({ post, isOpen, onOpen }: Props) {
  return (
    <>
      <Button onClick={() => onOpen(true)} data-print="no">
        Correct
      </Button>
      {isOpen && (
        <Modal
          isOpen
          title={`Correct post #${post.seq}`}
          about="It stays as it was said. What you write is another post, which says that it corrects this one."
          onClose={() => onOpen(false)}
        >
          <Correction post={post} onClose={() => onOpen(false)} />
        </Modal>
      )}
    </>
  );
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function Correction({ post: { seq, data }, onClose }: { post: Entry; onClose: () => void }) {
  const before = { subject: textOf(data.subject), body: textOf(data.body) };
  const [words, setWords] = useState(before);
  const navigate = useNavigate();
  const { mutate, isPending, error } = useCommand("/v1/post/append");
  const isSame = words.subject.trim() === before.subject.trim() && words.body === before.body;
  const send = (event: FormEvent) => {
    event.preventDefault();
    const about = typeof data.item === "string" ? { item: data.item } : {};
    // What can be erased of the first has to be erasable in the second; its commitment stands there.
    const said = { kind: "narrative" as const, personal: "personal" in data, amends: seq, ...about, ...words };
    mutate(said, {
      onSuccess: (answer) => {
        const made = entryBehind(answer);
        if (made === undefined) onClose();
        else void navigate({ to: "/ledger/$seq", params: { seq: String(made) } });
      },
    });
  };
  return (
    <form className="mt-4" onSubmit={send}>
      <label className="block text-sm font-medium">
        In a line
        <input
          autoFocus
          required
          maxLength={500}
          value={words.subject}
          onChange={({ target }) => setWords({ ...words, subject: target.value })}
          className={fill}
        />
      </label>
      <TextArea
        label="The text"
        rows={8}
        maxLength={60_000}
        value={words.body}
        onChange={(body) => setWords({ ...words, body })}
      />
      <p className="mb-4 mt-1 text-sm text-ink-3">The ledger keeps both, this one with your name.</p>
      {error && <ProblemNote error={error} />}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="main" type="submit" disabled={isPending || isSame || words.subject.trim() === ""}>
          Post the correction
        </Button>
      </div>
    </form>
  );
}
