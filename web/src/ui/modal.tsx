import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";

const popup =
  "fixed left-1/2 top-[10vh] z-40 max-h-[84vh] w-[min(36rem,calc(100vw-2rem))] -translate-x-1/2 overflow-y-auto " +
  "rounded-xl border border-line bg-card p-5 shadow-card outline-none";

type Props = { title: string; about?: ReactNode; isOpen: boolean; onClose: () => void; children: ReactNode };

/** A window before the page: what it is about, and what there is to say. Escape and a click beside it close it. */
export function Modal({ title, about, isOpen, onClose, children }: Props) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-ink/25 dark:bg-sunken/70" />
        <Dialog.Popup className={popup}>
          <Dialog.Title className="break-words text-lg font-semibold tracking-tight">{title}</Dialog.Title>
          {about !== undefined && (
            <Dialog.Description render={<div />} className="mt-1 break-words text-ink-2">
              {about}
            </Dialog.Description>
          )}
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
