import { useState } from "react";
import type { QueryOutput } from "../../api/client.ts";
import { useCommand } from "../../api/queries.ts";
import { AskReason } from "../../ui/ask_reason.tsx";
import { Button } from "../../ui/button.tsx";
import { Lasting } from "./lasting.tsx";
import { act } from "./words.ts";

/** An approval as the lists tell it. */
export type Approval = QueryOutput<"/v1/approval/show">;

const HOUR = 3600;

const words = "mt-2 max-h-40 overflow-auto whitespace-pre-wrap break-words rounded-md bg-sunken p-2 text-sm";

/** Grants or rejects one approval, with the reason that its seat reads. */
export function Verdict({ approval }: { approval: Approval }) {
  const [verdict, setVerdict] = useState<"grant" | "reject">("grant");
  const [isOpen, setOpen] = useState(false);
  const [lasts_seconds, setLasts] = useState(HOUR);
  const { mutate, isPending, error, reset } = useCommand("/v1/approval/decide");
  const { id, subject, production, wording } = approval;
  const close = () => {
    setOpen(false);
    reset();
  };
  const ask = (one: typeof verdict) => () => {
    setVerdict(one);
    setOpen(true);
  };
  return (
    <span className="flex gap-2" data-print="no">
      <Button onClick={ask("grant")} aria-label={`Grant approval ${id}`}>
        Grant
      </Button>
      <Button look="danger" onClick={ask("reject")} aria-label={`Reject approval ${id}`}>
        Reject
      </Button>
      <AskReason
        title={`${verdict === "grant" ? "Grant" : "Reject"} approval ${id}`}
        about={
          <>
            <p className="break-words">
              <span className="break-all font-mono text-sm">{subject}</span> wants to {act(approval)}
              {production && <span className="text-warn"> in production</span>}.
            </p>
            {wording !== null && <pre className={words}>{wording}</pre>}
            {verdict === "grant" && <Lasting value={lasts_seconds} onChange={setLasts} />}
          </>
        }
        verb={verdict === "grant" ? "Grant" : "Reject"}
        isOpen={isOpen}
        isBusy={isPending}
        error={error}
        onClose={close}
        onSay={(reason) => mutate({ id, verdict, reason, lasts_seconds }, { onSuccess: close })}
      />
    </span>
  );
}
