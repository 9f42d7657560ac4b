import { Dialog } from "@base-ui/react/dialog";
import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";
import { ProblemNote } from "./problem_note.tsx";

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

const popup =
  "fixed left-1/2 top-[20vh] z-40 w-[min(30rem,calc(100vw-2rem))] -translate-x-1/2 rounded-xl " +
  "border border-line bg-card p-5 shadow-card outline-none";

/** Asks for the reason that the ledger keeps, and does it. What the server refuses shows here, and nothing is lost. */
export function AskReason({ title, about, verb, isOpen, isBusy, error, onClose, onSay }: Props) {
  const [reason, setReason] = useState("");
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-ink/25 dark:bg-sunken/70" />
        <Dialog.Popup className={popup}>
          <Dialog.Title className="text-lg font-semibold">{title}</Dialog.Title>
          <Dialog.Description render={<div />} className="mt-1 text-ink-2">
            {about}
          </Dialog.Description>
          <form
            className="mt-4"
            onSubmit={(event) => {
              event.preventDefault();
              onSay(reason.trim());
            }}
          >
            <label className="block text-sm font-medium">
              Reason
              <textarea
                autoFocus
                required
                rows={3}
                maxLength={2000}
                value={reason}
                onChange={({ target }) => setReason(target.value)}
                className="mt-1 block w-full rounded-md border border-line-2 bg-paper px-3 py-2 font-normal"
              />
            </label>
            <p className="mb-4 mt-1 text-sm text-ink-3">The ledger keeps it, with your name.</p>
            {error && <ProblemNote error={error} />}
            <div className="mt-4 flex justify-end gap-2">
              <Button onClick={onClose}>Cancel</Button>
              <Button look="main" type="submit" disabled={isBusy || reason.trim() === ""}>
                {verb}
              </Button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
