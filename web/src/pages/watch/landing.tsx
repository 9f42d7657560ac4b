import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { Empty } from "../../ui/empty.tsx";
import { Time } from "../../ui/time.tsx";
import { Health } from "../landing/health.tsx";

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
      {data.environments.map((standing) => (
        <li key={standing.environment} className="flex items-baseline gap-3 py-2 first:pt-0 last:pb-0">
          <span className="min-w-0 font-medium break-words">{standing.environment}</span>
          <code className="font-mono text-sm text-ink-2">{standing.release?.slice(0, 10)}</code>
          <span className="ml-auto shrink-0 text-sm text-ink-3">
            {standing.released_at && <Time at={standing.released_at} />}
          </span>
          <Health {...standing} />
        </li>
      ))}
    </ul>
  );
}
