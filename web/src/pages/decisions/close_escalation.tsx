import { useState } from "react";
import type { QueryOutput } from "../../api/client.ts";
import { useCommand } from "../../api/queries.ts";
import { AskReason } from "../../ui/ask_reason.tsx";
import { Button } from "../../ui/button.tsx";
import { act } from "./words.ts";

/** An escalation as the list tells it. */
export type Escalation = QueryOutput<"/v1/escalation/list">["escalations"][number];

/** Closes an escalation: says what was done about it. */
export function CloseEscalation({ escalation }: { escalation: Escalation }) {
  const [isOpen, setOpen] = useState(false);
  const { mutate, isPending, error, reset } = useCommand("/v1/escalation/close");
  const { id, asker } = escalation;
  const close = () => {
    setOpen(false);
    reset();
  };
  return (
    <span data-print="no">
      <Button onClick={() => setOpen(true)} aria-label={`Close escalation ${id}`}>
        Close
      </Button>
      <AskReason
        title={`Close escalation ${id}`}
        about={`Nobody who is here may ${act(escalation)} for ${asker}. Say what was done, or why nothing is.`}
        verb="Close it"
        isOpen={isOpen}
        isBusy={isPending}
        error={error}
        onClose={close}
        onSay={(note) => mutate({ id, note }, { onSuccess: close })}
      />
    </span>
  );
}
