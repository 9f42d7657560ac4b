import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { places } from "./places.ts";

const popup =
  "fixed left-1/2 top-[8vh] z-40 max-h-[84vh] w-[min(44rem,calc(100vw-2rem))] -translate-x-1/2 overflow-y-auto " +
  "rounded-xl border border-line bg-card p-5 shadow-card outline-none";

const anywhere = [
  { keys: ["Ctrl K"], or: "/", does: "Go anywhere: a page, a seat, a ticket, an entry" },
  { keys: ["correct 12"], does: "Typed there: correct post #12 by another post" },
  { keys: ["?"], does: "This list" },
  { keys: ["Esc"], does: "Close what is open; nothing is said" },
  { keys: ["Tab"], does: "The next thing that can be pressed" },
];
const inLists = [
  { keys: ["j"], or: "↓", does: "The next line" },
  { keys: ["k"], or: "↑", does: "The line before" },
  { keys: ["Enter"], does: "Open it" },
  { keys: ["j"], or: "k", does: "In an open entry or decision: the one beside it" },
];

/** Every key, in one place. */
export function Keys({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-ink/25 dark:bg-sunken/70" />
        <Dialog.Popup className={popup}>
          <Dialog.Title className="text-lg font-semibold tracking-tight">Keys</Dialog.Title>
          <div className="mt-3 grid gap-x-8 gap-y-5 md:grid-cols-2">
            <Group name="Pages">
              {places.map(({ name, key }) => (
                <Row key={key} keys={["g", key]} does={name} />
              ))}
            </Group>
            <div className="flex flex-col gap-5">
              <Group name="Anywhere">
                {anywhere.map((row) => (
                  <Row key={row.does} {...row} />
                ))}
              </Group>
              <Group name="In lists and tables">
                {inLists.map((row) => (
                  <Row key={row.does} {...row} />
                ))}
              </Group>
            </div>
          </div>
          <div className="mt-4 text-right">
            <Dialog.Close className="rounded-md border border-line-2 px-3 py-1.5 text-sm hover:bg-sunken">
              Close
            </Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Group({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="mb-1.5 text-sm text-ink-3">{name}</h3>
      <dl className="flex flex-col gap-1.5">{children}</dl>
    </section>
  );
}

const cap = "rounded border border-line-2 bg-paper px-1.5 py-0.5 font-mono text-2xs whitespace-nowrap";

function Row({ keys, or, does }: { keys: readonly string[]; or?: string; does: string }) {
  return (
    <div className="flex items-baseline gap-3">
      <dt className="flex w-24 shrink-0 items-baseline gap-1">
        {keys.map((key) => (
          <kbd key={key} className={cap}>
            {key}
          </kbd>
        ))}
        {or && (
          <>
            <span className="text-sm text-ink-3">or</span> <kbd className={cap}>{or}</kbd>
          </>
        )}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}
