import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";
import { Modal } from "./modal.tsx";
import { ProblemNote } from "./problem_note.tsx";
import { ReasonArea } from "./text_area.tsx";

type Props = {
  title: string;
  about: ReactNode;
  /** The word on the button that does it. */
  verb: string;
  isOpen: boolean;
  isBusy: boolean;
  error: Error | null;
  onClose: () => void;
  onSay: (reason: string) => void;
};

/** Asks for the reason that the ledger keeps, and does it. What the server refuses shows here, and nothing is lost. */
export function AskReason({ title, about, verb, isOpen, isBusy, error, onClose, onSay }: Props) {
  const [reason, setReason] = useState("");
  return (
    <Modal title={title} about={about} isOpen={isOpen} onClose={onClose}>
      <form
        className="mt-4"
        onSubmit={(event) => {
          event.preventDefault();
          onSay(reason.trim());
        }}
      >
        <ReasonArea autoFocus rows={3} value={reason} onChange={setReason} />
        <p className="mb-4 mt-1 text-sm text-ink-3">The ledger keeps it, with your name.</p>
        {error && <ProblemNote error={error} />}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="main" type="submit" disabled={isBusy || reason.trim() === ""}>
            {verb}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
