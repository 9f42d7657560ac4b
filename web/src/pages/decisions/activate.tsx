import { useQuery } from "@tanstack/react-query";
import { entryBehind } from "../../api/client.ts";
import { useCommand } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Modal } from "../../ui/modal.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Differences } from "./difference.tsx";
import { changesAny, inShort } from "./dry_run_result.tsx";
import type { Said } from "./said.tsx";
import { tried } from "./tried.ts";

type Props = { version: number; active: number; onClose: () => void; onDone: (said: Said) => void };

/** Asks whether a version is to decide from now on, with what changes by it. What the server refuses shows here. */
export function Activate({ version, active, onClose, onDone }: Props) {
  const { mutateAsync, isPending, error } = useCommand("/v1/policy/activate");
  const result = useQuery(tried(version));
  // Not by the callbacks of `mutate`: they end with this window, which the new version may take away before.
  const activate = () =>
    mutateAsync({ version }).then(
      (answer) => {
        onClose();
        onDone({ what: "activated", version, replaces: answer.replaces, seq: entryBehind(answer) });
      },
      // It is shown as `error`.
      () => {},
    );
  return (
    <Modal
      isOpen
      title={`Activate version ${version}`}
      about={`It decides from now on, in place of version ${active}, for everybody in this tenant.`}
      onClose={onClose}
    >
      <div className="my-4 flex flex-col gap-3">
        <Differences version={version} against={active} isShort />
        <p className={`rounded-md p-3 ${result.data && changesAny(result.data) ? "bg-warn-soft" : "bg-sunken"}`}>
          {result.data ? inShort(result.data) : (result.error?.message ?? "It is tried over what was decided…")}
        </p>
        <p className="text-sm text-ink-3">
          The ledger keeps it, with your name. Version {active} stays, and can be activated again.
        </p>
      </div>
      {error && <ProblemNote error={error} />}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="main" disabled={isPending} onClick={activate}>
          Activate
        </Button>
      </div>
    </Modal>
  );
}
