import { Link } from "@tanstack/react-router";
import { SeatLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";
import { CloseEscalation, type Escalation } from "./close_escalation.tsx";
import { WaitingLine } from "./waiting_line.tsx";
import { act } from "./words.ts";

/** An act that nobody who is here may do. */
export function EscalationLine({ escalation }: { escalation: Escalation }) {
  const { asker, decision, opened_at, reason } = escalation;
  return (
    <WaitingLine
      what="Escalation"
      tone="bad"
      age={<Time at={opened_at} />}
      about={
        <>
          Nobody can{" "}
          <Link to="/decisions/$id" params={{ id: String(decision) }} className="font-medium hover:underline">
            {act(escalation)}
          </Link>{" "}
          for <SeatLink name={asker} />
          <span className="block truncate text-sm text-ink-2" title={reason}>
            {reason}
          </span>
        </>
      }
    >
      <CloseEscalation escalation={escalation} />
    </WaitingLine>
  );
}
