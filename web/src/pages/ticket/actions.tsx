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

export function Actions({ ticket }: { ticket: Ticket }) {
  const there = moves.filter(({ from }) => (from as readonly string[]).includes(ticket.state));
  return (
    <div className="flex flex-wrap gap-2" data-print="no">
      {there.map((move) => (
        <Move key={move.verb} id={ticket.id} {...move} />
      ))}
    </div>
  );
}

function Move({
  id,
  path,
  verb,
  about,
}: {
  id: string;
  path: (typeof moves)[number]["path"];
  verb: string;
  about: string;
}) {
  const [isOpen, setOpen] = useState(false);
  const { mutate, isPending, error, reset } = useCommand(path);
  const close = () => {
    setOpen(false);
    reset();
  };
  return (
    <>
      <Button look={verb === "Cancel" ? "danger" : "plain"} onClick={() => setOpen(true)}>
        {verb}
      </Button>
      <AskReason
        title={`${verb} ${id}`}
        about={about}
        verb={verb}
        isOpen={isOpen}
        isBusy={isPending}
        error={error}
        onClose={close}
        onSay={(reason) => mutate({ id, reason }, { onSuccess: close })}
      />
    </>
  );
}
