import type { ErrorComponentProps } from "@tanstack/react-router";
import { ProblemNote } from "../ui/problem_note.tsx";

/** A page that broke: the rest of the console stands. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  return (
    <div className="mx-auto max-w-2xl py-16">
      <h1 className="mb-4 text-xl font-semibold">This page failed</h1>
      <ProblemNote error={error} onRetry={reset} />
    </div>
  );
}
