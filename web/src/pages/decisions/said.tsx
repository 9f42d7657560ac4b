import { CircleCheck } from "lucide-react";
import { useState } from "react";
import { EntryLink } from "../../ui/links.tsx";
import { Button } from "../../ui/button.tsx";
import { Activate } from "./activate.tsx";

/** What was done with the policy from this page, and the entry that says so. */
export type Said =
  | { what: "proposed"; version: number; seq: number | undefined }
  | { what: "activated"; version: number; replaces: number; seq: number | undefined };

/** Tells what was done, and how it is undone: by activating the version before again. */
export function SaidNote({ said, onSaid }: { said: Said; onSaid: (said: Said) => void }) {
  const [isUndoing, setUndoing] = useState(false);
  const { what, version, seq } = said;
  return (
    <div role="status" className="mb-5 flex flex-wrap items-center gap-3 rounded-lg bg-good-soft px-4 py-3">
      <CircleCheck aria-hidden className="size-4.5 shrink-0 text-good" />
      <p className="min-w-0 flex-1">
        {what === "proposed"
          ? `Version ${version} is proposed. It decides nothing until it is activated.`
          : `Version ${version} decides from now on, in place of version ${said.replaces}.`}
        {seq !== undefined && (
          <>
            {" "}
            Entry <EntryLink seq={seq} />
          </>
        )}
      </p>
      {what === "activated" && <Button onClick={() => setUndoing(true)}>Undo: version {said.replaces} again</Button>}
      {what === "activated" && isUndoing && (
        <Activate version={said.replaces} active={version} onClose={() => setUndoing(false)} onDone={onSaid} />
      )}
    </div>
  );
}
