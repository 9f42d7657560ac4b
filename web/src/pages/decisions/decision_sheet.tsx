import { Dialog } from "@base-ui/react/dialog";
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, type LucideIcon, X } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";
import { asked } from "../../api/queries.ts";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Account } from "./account.tsx";
import type { Decision } from "./recorded.ts";
import { act } from "./words.ts";

type Props = {
  /** The decision that is open; null where none is. */
  id: number | null;
  /** What the list holds, to go on from one to the next. */
  decisions: readonly Decision[];
  onOpen: (id: number | null) => void;
};

const popup =
  "fixed inset-y-0 right-0 z-40 flex w-[min(36rem,100vw)] flex-col border-l border-line bg-card shadow-card " +
  "outline-none";
const tool = "rounded-md p-1.5 text-ink-3 enabled:hover:bg-sunken enabled:hover:text-ink disabled:opacity-40";

/** A decision beside the list that it was picked from. j and k go to the next and to the one before. */
export function DecisionSheet({ id, decisions, onOpen }: Props) {
  const at = decisions.findIndex((one) => one.id === id);
  const last = useRef(at);
  if (at >= 0) last.current = at;
  const older = at < 0 ? undefined : decisions[at + 1]?.id;
  const newer = decisions[at - 1]?.id;
  const sheet = useRef<HTMLDivElement>(null);
  const step = (event: KeyboardEvent) => {
    const to = { j: older, k: newer }[event.key];
    if (to === undefined || (event.target as Element).closest("input, textarea, select")) return;
    event.preventDefault();
    onOpen(to);
  };
  return (
    <Dialog.Root open={id !== null} onOpenChange={(isOpen) => !isOpen && onOpen(null)}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-ink/25 dark:bg-sunken/70" />
        <Dialog.Popup
          ref={sheet}
          initialFocus={sheet}
          finalFocus={() => rowOf(last.current)}
          className={popup}
          onKeyDown={step}
        >
          <div className="flex items-center gap-1 border-b border-line px-5 py-3">
            <span className="mr-auto text-sm text-ink-3">
              Decision {id} ·{" "}
              <Link to="/decisions/$id" params={{ id: String(id) }} className="text-accent hover:underline">
                its page, with its input
              </Link>
            </span>
            <Step to={newer} label="Newer (k)" icon={ChevronUp} onOpen={onOpen} />
            <Step to={older} label="Older (j)" icon={ChevronDown} onOpen={onOpen} />
            <Dialog.Close className={tool} aria-label="Close">
              <X aria-hidden className="size-4.5" />
            </Dialog.Close>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 py-5">
            {id !== null && <Opened key={id} id={id} known={decisions[at]} />}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

type StepProps = { to: number | undefined; label: string; icon: LucideIcon; onOpen: (id: number) => void };

function Step({ to, label, icon: Icon, onOpen }: StepProps) {
  return (
    <button type="button" className={tool} aria-label={label} disabled={to === undefined} onClick={() => onOpen(to!)}>
      <Icon aria-hidden className="size-4.5" />
    </button>
  );
}

/** The row that was read last, so that one goes on from there; whatever had the focus, where it is out of sight. */
function rowOf(index: number): HTMLElement | true {
  return document.querySelector<HTMLElement>(`[role="row"][data-index="${index}"]`) ?? true;
}

function Opened({ id, known }: { id: number; known: Decision | undefined }) {
  const { data, error } = useQuery({ ...asked("/v1/policy/decisions", { id }), enabled: known === undefined });
  const decision = known ?? data?.decisions[0];
  if (error) return <ProblemNote error={error} />;
  if (decision === undefined)
    return (
      <>
        <Dialog.Title className="text-lg font-semibold">Decision {id}</Dialog.Title>
        <p className="mt-2 text-ink-2">{data ? "There is no decision of this number." : "Reading…"}</p>
      </>
    );
  return (
    <>
      <Dialog.Title className="mb-2 break-words text-lg font-semibold tracking-tight first-letter:uppercase">
        {act(decision)}
      </Dialog.Title>
      <Account decision={decision} />
    </>
  );
}
