import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert } from "lucide-react";
import { asked } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";

/** Makes the decision again of what is kept of it, and says whether it comes out word for word. */
export function Replay({ id }: { id: number }) {
  const { data, error, isFetching, refetch } = useQuery({
    ...asked("/v1/policy/replay", { first: id }),
    enabled: false,
  });
  const [different] = data?.different ?? [];
  return (
    <div className="flex flex-wrap items-center gap-3" aria-live="polite">
      {error && <ProblemNote error={error} />}
      {data && !different && (
        <span className="flex items-center gap-1.5 text-good">
          <CircleCheck aria-hidden className="size-4.5" /> It came out the same, word for word.
        </span>
      )}
      {different && (
        <span className="flex items-center gap-1.5 text-bad">
          <TriangleAlert aria-hidden className="size-4.5 shrink-0" /> It came out as {different.replayed.effect}:{" "}
          {different.replayed.reasons[0]}
        </span>
      )}
      <Button data-print="no" disabled={isFetching} onClick={() => refetch()}>
        Replay
      </Button>
    </div>
  );
}
