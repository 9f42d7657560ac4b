import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { Chip } from "../../ui/chip.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { useWaiting, type Waiting } from "./waiting.ts";

/** The first thing that an operator wants to know. */
export function NeedsYou() {
  const { waiting, error } = useWaiting();
  if (error) return <ProblemNote error={error} />;
  if (waiting === undefined) return <div className="h-20 animate-pulse rounded-xl bg-sunken" aria-label="Loading" />;
  if (waiting.length === 0)
    return (
      <section
        aria-label="What needs you"
        className="flex items-center gap-4 rounded-xl border border-line bg-good-soft px-5 py-4"
      >
        <CircleCheck aria-hidden className="size-7 text-good" strokeWidth={1.75} />
        <div>
          <p className="text-lg font-semibold tracking-tight">Nothing needs you.</p>
          <p className="text-sm text-ink-2">
            No approval, question or escalation waits, no seat is stuck, and what is served is healthy.
          </p>
        </div>
      </section>
    );
  return (
    <section aria-label="What needs you" className="overflow-hidden rounded-xl border border-line bg-card shadow-card">
      <h2 className="px-5 pb-2 pt-4 text-lg font-semibold tracking-tight">
        {waiting.length === 1 ? "One thing needs you" : `${waiting.length} things need you`}
      </h2>
      <ul className="divide-y divide-line">
        {waiting.map((one) => (
          <Item key={one.key} item={one} />
        ))}
      </ul>
    </section>
  );
}

function Item({ item: { tone, what, line, at, age, to } }: { item: Waiting }) {
  return (
    <li>
      <Link to={to} className="flex items-center gap-3 px-5 py-2.5 hover:bg-paper max-md:flex-wrap max-md:gap-y-1">
        <Chip tone={tone}>{what}</Chip>
        <span className="min-w-0 flex-1 truncate max-md:order-last max-md:basis-full max-md:text-wrap" title={line}>
          {line}
        </span>
        {at !== null && <Time at={at} className="ml-auto shrink-0 text-sm text-ink-3" />}
        {age !== undefined && (
          <span data-moves className="ml-auto shrink-0 text-sm text-ink-3">
            {age}
          </span>
        )}
      </Link>
    </li>
  );
}
