import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { asked } from "../../api/queries.ts";
import { Empty } from "../../ui/empty.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Account } from "./account.tsx";
import { Input } from "./input.tsx";
import { Replay } from "./replay.tsx";
import { DecisionsLink } from "./ways_there.tsx";
import { act } from "./words.ts";

const route = getRouteApi("/decisions/$id");

/** One decision with all that it was made of, to be made again. */
export function DecisionPage() {
  const id = Number(route.useParams().id);
  const { data, error, refetch } = useQuery(asked("/v1/policy/decisions", { id }));
  if (error && !data)
    return (
      <>
        <PageHead title={`Decision ${id}`} />
        <ProblemNote error={error} onRetry={() => refetch()} />
      </>
    );
  if (!data) return <div className="h-96 animate-pulse rounded-xl bg-sunken" role="status" aria-label="Loading" />;
  const [decision] = data.decisions;
  if (!decision)
    return (
      <>
        <title>{`Decision ${id} · Longwatch`}</title>
        <PageHead title={`Decision ${id}`} />
        <Empty title="There is no decision of this number">A denial tells its number.</Empty>
      </>
    );
  return (
    <>
      <title>{`Decision ${id} · Longwatch`}</title>
      <PageHead title={`Decision ${id}`} about={`${decision.subject} wanted to ${act(decision)}.`}>
        <span className="flex flex-wrap items-center gap-2">
          <Replay id={id} />
          <DecisionsLink />
        </span>
      </PageHead>
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <Panel title="What was decided">
          <Account decision={decision} />
        </Panel>
        <Panel title="What it was made of">
          <Input decision={decision} />
        </Panel>
      </div>
    </>
  );
}
