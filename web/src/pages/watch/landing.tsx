import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { State } from "../../ui/chip.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Time } from "../../ui/time.tsx";

/** What each environment serves. */
export function Landing() {
  const { data } = useQuery(asked("/v1/environment/list"));
  if (!data) return <div className="h-16" />;
  if (data.environments.length === 0)
    return (
      <Empty title="No environment">Define one: npx longwatch environment define --environment production …</Empty>
    );
  return (
    <ul className="divide-y divide-line">
      {data.environments.map(({ environment, release, released_at, state }) => (
        <li key={environment} className="flex items-baseline gap-3 py-2 first:pt-0 last:pb-0">
          <span className="font-medium">{environment}</span>
          <code className="font-mono text-sm text-ink-2">{release?.slice(0, 10) ?? "nothing yet"}</code>
          <span className="ml-auto text-sm text-ink-3">{released_at && <Time at={released_at} />}</span>
          <State state={state} />
        </li>
      ))}
    </ul>
  );
}
