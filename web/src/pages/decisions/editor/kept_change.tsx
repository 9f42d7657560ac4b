import { Button } from "../../../ui/button.tsx";
import { useDraft } from "./draft.ts";

/** Says that a change waits in this tab since the page went away, and leads back to it. */
export function KeptChange({ onGoOn }: { onGoOn: (version: number) => void }) {
  const version = useDraft().kept()?.version;
  if (version === undefined) return null;
  return (
    <div role="status" className="mb-5 flex flex-wrap items-center gap-3 rounded-lg bg-accent-soft px-4 py-3">
      <p className="min-w-0 flex-1">
        Your change of version {version} is kept in this tab; it is not proposed yet. A new change takes its place.
      </p>
      <Button onClick={() => onGoOn(version)}>Go on changing</Button>
    </div>
  );
}
