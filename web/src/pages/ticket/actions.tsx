import { useState } from "react";
import type { CommandPath } from "../../api/client.ts";
import { useCommand } from "../../api/queries.ts";
import { AskReason } from "../../ui/ask_reason.tsx";
import { Button } from "../../ui/button.tsx";
import type { Ticket } from "./ticket_page.tsx";

/** What an operator may do to a ticket that nobody holds: each is a transition with a reason, and undone by another. */
const moves = [
  {
    path: "/v1/ticket/unblock",
    verb: "Unblock",
    from: ["blocked"],
    about: "It can be claimed again. The reason is the proof.",
  },
  {
    path: "/v1/ticket/reopen",
    verb: "Reopen",
    from: ["parked", "done", "cancelled"],
    about: "It goes back into the queue.",
  },
  {
    path: "/v1/ticket/block",
    verb: "Block",
    from: ["awaiting_claim", "parked"],
    about: "Name what has to happen first.",
  },
  {
    path: "/v1/ticket/park",
    verb: "Park",
    from: ["awaiting_claim", "blocked", "conditional"],
    about: "It is laid aside.",
  },
  {
    path: "/v1/ticket/cancel",
    verb: "Cancel",
    from: ["reserved", "awaiting_claim", "blocked", "parked", "conditional"],
    about: "It will not be done. Its number stays taken; Reopen takes this back.",
  },
] as const satisfies readonly { path: CommandPath; verb: string; from: readonly string[]; about: string }[];

type Move = (typeof moves)[number];

/** The moves that the ticket's state allows. The dialog stays when somebody else moves the ticket, and says so. */
export function Actions({ ticket }: { ticket: Ticket }) {
  const [open, setOpen] = useState<{ move: Move; state: string } | null>(null);
  const there = moves.filter(({ from }) => (from as readonly string[]).includes(ticket.state));
  return (
    <div className="flex flex-wrap gap-2" data-print="no">
      {there.map((move) => (
        <Button
          key={move.verb}
          look={move.verb === "Cancel" ? "danger" : "plain"}
          onClick={() => setOpen({ move, state: ticket.state })}
        >
          {move.verb}
        </Button>
      ))}
      {open && <Saying key={open.move.verb} {...open} ticket={ticket} onClose={() => setOpen(null)} />}
    </div>
  );
}

type SayingProps = { move: Move; state: string; ticket: Ticket; onClose: () => void };

function Saying({ move: { path, verb, about }, state, ticket: { id, state: now }, onClose }: SayingProps) {
  const { mutate, isPending, error } = useCommand(path);
  const meanwhile =
    now === state || isPending ? "" : ` Meanwhile somebody else acted: it is ${now.replaceAll("_", " ")}.`;
  return (
    <AskReason
      title={`${verb} ${id}`}
      about={
        <>
          {about}
          {meanwhile && <strong className="font-medium text-warn">{meanwhile}</strong>}
        </>
      }
      verb={verb}
      isOpen
      isBusy={isPending}
      error={error}
      onClose={onClose}
      onSay={(reason) => mutate({ id, reason }, { onSuccess: onClose })}
    />
  );
}
