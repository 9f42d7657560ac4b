import { Plus } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { Button } from "../../ui/button.tsx";

/** A form that stands behind a button until somebody wants it. `done` closes it. */
export function Disclosed({ verb, children }: { verb: string; children: (done: () => void) => ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const [wasOpen, setWasOpen] = useState(false);
  const id = useId();
  return (
    <div className="mt-4 border-t border-line pt-4">
      {!isOpen && (
        <Button autoFocus={wasOpen} aria-expanded={false} aria-controls={id} onClick={() => setOpen(true)}>
          <Plus aria-hidden className="size-4" /> {verb}
        </Button>
      )}
      <div id={id} hidden={!isOpen}>
        {isOpen && (
          <>
            <h3 className="mb-3 font-medium">{verb}</h3>
            {children(() => {
              // Whoever used the keyboard goes on at the button.
              setWasOpen(true);
              setOpen(false);
            })}
          </>
        )}
      </div>
    </div>
  );
}

/** The end of a form: what it says when it is sent, and the way back. */
export function FormEnd({ verb, isBusy, onCancel }: { verb: string; isBusy: boolean; onCancel: () => void }) {
  return (
    <div className="mt-4 flex gap-2">
      <Button look="main" type="submit" disabled={isBusy}>
        {verb}
      </Button>
      <Button onClick={onCancel}>Cancel</Button>
    </div>
  );
}
