import { useState } from "react";
import type { CommandInput } from "../../api/client.ts";
import { useCommand } from "../../api/queries.ts";
import { AskReason } from "../../ui/ask_reason.tsx";
import { Button } from "../../ui/button.tsx";
import type { DoctrineRecord } from "./record_page.tsx";

type Level = NonNullable<CommandInput<"/v1/doctrine/demote">["to"]>;
const LEVEL_MAX = 4;

/** What a person may do about how sure the fleet is: one level up, where the gates allow it, or one down. */
export function Judging({ record: { id, maturity, proposed, superseded_by } }: { record: DoctrineRecord }) {
  if (superseded_by !== null) return null;
  const level = Number(maturity.slice(1));
  return (
    <div className="flex flex-wrap gap-2" data-print="no">
      {level < LEVEL_MAX && (
        <Move
          id={id}
          path="/v1/doctrine/promote"
          to={(proposed ?? `M${level + 1}`) as Level}
          verb="Promote"
          about="Its gates up to there have to hold now; without a gate your reason decides, up to M2."
        />
      )}
      {level > 0 && (
        <Move
          id={id}
          path="/v1/doctrine/demote"
          to={`M${level - 1}` as Level}
          verb="Take back"
          about="By your judgement. A broken gate does so by itself."
        />
      )}
    </div>
  );
}

type MoveProps = { id: string; path: "/v1/doctrine/promote" | "/v1/doctrine/demote"; to: Level; verb: string };

function Move({ id, path, to, verb, about }: MoveProps & { about: string }) {
  const [isOpen, setOpen] = useState(false);
  const { mutate, isPending, error, reset } = useCommand(path);
  const close = () => {
    setOpen(false);
    reset();
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>{`${verb} to ${to}`}</Button>
      <AskReason
        title={`${verb} ${id} to ${to}`}
        about={about}
        verb={verb}
        isOpen={isOpen}
        isBusy={isPending}
        error={error}
        onClose={close}
        onSay={(reason) => mutate({ id, to, reason }, { onSuccess: close })}
      />
    </>
  );
}
