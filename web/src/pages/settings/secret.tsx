import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { Button } from "../../ui/button.tsx";
import { Copyable } from "../../ui/copyable.tsx";

const popup =
  "fixed left-1/2 top-[16vh] z-40 w-[min(34rem,calc(100vw-2rem))] -translate-x-1/2 rounded-xl " +
  "border border-line bg-card p-5 shadow-card outline-none";

type Props = { title: string; secret: string | null; children?: ReactNode; onClose: () => void };

/** Shows a secret the one time that it can be seen. A click beside it does not close it: it would be lost. */
export function Secret({ title, secret, children, onClose }: Props) {
  return (
    <Dialog.Root open={secret !== null} disablePointerDismissal onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-ink/25 dark:bg-sunken/70" />
        <Dialog.Popup className={popup}>
          <Dialog.Title className="text-lg font-semibold">{title}</Dialog.Title>
          <Dialog.Description className="mb-3 mt-1 text-ink-2">
            Copy it now. It is shown this once: the server keeps only its hash, and nobody can tell it again.
          </Dialog.Description>
          <Copyable text={secret ?? ""} label="Copy the token" />
          {children !== undefined && <div className="mt-3 text-sm text-ink-2">{children}</div>}
          <div className="mt-5 flex justify-end">
            <Button look="main" onClick={onClose}>
              I have it
            </Button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
