import { TriangleAlert } from "lucide-react";
import { ApiError } from "../api/client.ts";

type Props = {
  error: unknown;
  onRetry?: () => void;
  /** A part of a page: that no server answers is said once, above it, and not by each of them as an alarm. */
  isPart?: boolean;
};

/** What went wrong, and what to do next, in the server's words. */
export function ProblemNote({ error, onRetry, isPart = false }: Props) {
  const problem = error instanceof ApiError ? error.problem : null;
  if (isPart && problem?.status === 0) return <p className="text-ink-3">Not known: no server answers.</p>;
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-bad/30 bg-bad-soft p-4">
      <TriangleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0 text-bad" />
      <div className="min-w-0">
        <p className="font-medium">{problem?.detail ?? "The console failed, which is a bug of ours."}</p>
        <p className="mt-1 break-words text-sm text-ink-2">{problem?.hint ?? (problem ? "" : String(error))}</p>
        {onRetry && problem?.retry !== false && (
          <button
            type="button"
            onClick={onRetry}
            className="mt-3 rounded-md border border-line-2 bg-card px-3 py-1 text-sm"
          >
            Try again
          </button>
        )}
      </div>
    </div>
  );
}
