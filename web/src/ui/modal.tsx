import { Dialog } from "@base-ui/react/dialog";
import { type ReactNode, useEffect, useMemo, useRef } from "react";

const popup =
  "fixed left-1/2 top-[10vh] z-40 max-h-[84vh] w-[min(36rem,calc(100vw-2rem))] -translate-x-1/2 overflow-y-auto " +
  "rounded-xl border border-line bg-card p-5 shadow-card outline-none";

type Props = { title: string; about?: ReactNode; isOpen: boolean; onClose: () => void; children: ReactNode };

/**
 * A window before the page: what it is about, and what there is to say. Escape closes it, and a click beside it, unless
 * somebody has written something: a slip of the finger must not take their words.
 */
export function Modal({ title, about, isOpen, onClose, children }: Props) {
  const shown = useRef<HTMLDivElement>(null);
  useFocusBack(isOpen);
  const hasWords = () => [...(shown.current?.querySelectorAll("textarea") ?? [])].some(({ value }) => value !== "");
  return (
    <Dialog.Root
      open={isOpen}
      onOpenChange={(open, { reason }) => {
        if (!open && !(reason === "outside-press" && hasWords())) onClose();
      }}
    >
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-ink/25 dark:bg-sunken/70" />
        <Dialog.Popup ref={shown} className={popup}>
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

/**
 * Whoever closes a window goes on where they opened it; where that is gone, at the page's beginning. The dialog does
 * so itself only while it stays mounted, and many of these are made for one question.
 */
function useFocusBack(isOpen: boolean): void {
  const opener = useMemo(() => (isOpen ? document.activeElement : null), [isOpen]);
  useEffect(() => {
    if (!isOpen) return;
    return () => {
      requestAnimationFrame(() => {
        if (document.activeElement !== document.body) return;
        const isThere = opener instanceof HTMLElement && opener !== document.body && opener.isConnected;
        (isThere ? opener : document.getElementById("page"))?.focus({ preventScroll: true });
      });
    };
  }, [isOpen, opener]);
}
