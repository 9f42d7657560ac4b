import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { Priority } from "../../ui/chip.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";

type Item = QueryOutput<"/v1/queue/read">["claimable"][number];

/** What a column shows at once; the table has the rest. */
const CARDS_MAX = 100;
/** So many cards of a column are in sight; the others are made when these are painted, and have their room before. */
const CARDS_AT_ONCE = 20;

/** As high as an unseen card is taken for, and the gap below it. */
const CARD_REM = 5.5;

/** The queue as three columns: what can be claimed next, what is held, what waits. */
export function Board({ lane }: { lane: string | undefined }) {
  const { data, error, refetch } = useQuery(asked("/v1/queue/read", { ...(lane ? { lane } : {}), limit: CARDS_MAX }));
  if (error && !data) return <ProblemNote error={error} onRetry={() => refetch()} />;
  if (!data) return <div className="h-96 animate-pulse rounded-xl bg-sunken" />;
  const { claimable, active, waiting } = data;
  if (claimable.length + active.length + waiting.length === 0)
    return lane ? (
      <Empty title={`No open ticket in lane ${lane}`}>Other lanes may have some: choose all above.</Empty>
    ) : (
      <Empty title="The queue is empty">
        Agents file tickets with their tool ticket_file; people with npx longwatch ticket file.
      </Empty>
    );
  return (
    <div className="grid grid-cols-1 gap-5 lg:grid-cols-3">
      <Column title="Can be claimed" about="lane by lane, in this order" items={claimable} />
      <Column title="Being done" about="the lease that ends first on top" items={active} />
      <Column title="Waits" about="blocked, parked, or behind another" items={waiting} />
    </div>
  );
}

function Column({ title, about, items }: { title: string; about: string; items: readonly Item[] }) {
  const made = useDeferredValue(items, items.slice(0, CARDS_AT_ONCE));
  const left = items.length - made.length;
  return (
    <section aria-label={title} className="min-w-0">
      <h2 className="mb-2 flex items-baseline gap-2 font-semibold">
        {title}
        <span className="tabular-nums text-ink-3">{items.length === CARDS_MAX ? `${CARDS_MAX}+` : items.length}</span>
        <span className="ml-auto text-sm font-normal text-ink-3">{about}</span>
      </h2>
      <ul className="flex flex-col gap-2">
        {made.map((item) => (
          <Card key={item.id} {...item} />
        ))}
        {left > 0 && <li aria-hidden style={{ height: `${left * CARD_REM}rem` }} />}
      </ul>
    </section>
  );
}

function Card({
  id,
  title,
  priority,
  lane,
  state,
  holder,
  owner,
  filed_at,
  lease_expires_at,
  blocked_reason,
  open_blockers,
}: Item) {
  return (
    <li className="[content-visibility:auto] [contain-intrinsic-size:auto_5rem]">
      <Link
        to="/tickets/$id"
        params={{ id }}
        className={
          "block rounded-lg border border-line bg-card px-3.5 py-2.5 shadow-card hover:border-line-2 " +
          "hover:bg-paper"
        }
      >
        <div className="flex items-baseline gap-2 text-sm">
          <span className="font-mono text-accent">{id}</span>
          {priority <= 1 && <Priority priority={priority} />}
          <span className="truncate text-ink-3">{lane}</span>
          <Time at={filed_at} className="ml-auto shrink-0 text-ink-3" />
        </div>
        <p className="mt-0.5 line-clamp-2 break-words">{title}</p>
        {(holder ?? owner) !== null && (
          <p className="mt-1 truncate font-mono text-xs text-ink-2">
            {holder ?? `for ${owner}`}
            {lease_expires_at !== null && (
              <span className="font-sans text-ink-3">
                {" · lease ends "}
                <Time at={lease_expires_at} />
              </span>
            )}
          </p>
        )}
        {state === "blocked" && blocked_reason !== null && (
          <p className="mt-1 line-clamp-2 break-words text-sm text-warn">{blocked_reason}</p>
        )}
        {(state === "parked" || state === "reserved") && <p className="mt-1 text-sm text-warn">{state}</p>}
        {open_blockers > 0 && (
          <p className="mt-1 text-sm text-warn">
            behind {open_blockers} other{open_blockers > 1 && "s"}
          </p>
        )}
      </Link>
    </li>
  );
}
