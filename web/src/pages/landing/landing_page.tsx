import { useQuery } from "@tanstack/react-query";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { Empty } from "../../ui/empty.tsx";
import { PageHead } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Credentials } from "./credentials.tsx";
import { Debts } from "./debts.tsx";
import { Deploys } from "./deploys.tsx";
import { EnvironmentCard } from "./environment_card.tsx";
import { Failures } from "./failures.tsx";
import { Glance } from "./glance.tsx";

const DEFINE =
  'npx longwatch environment define --environment production --branch main --command "./deploy.sh" ' +
  "--health-url https://example.com/health";

/** What is served, what is on its way, and what went wrong on the way. */
export function LandingPage() {
  return (
    <>
      <title>Landing · Longwatch</title>
      <PageHead title="Landing" about="What each environment serves, who may deploy to it, and what went wrong." />
      <Environments />
      <div className="mt-5 flex flex-col gap-5">
        <Deploys />
        <Failures />
      </div>
      <div className="mt-5 grid grid-cols-1 gap-5 lg:grid-cols-2">
        <Debts />
        <Credentials />
      </div>
    </>
  );
}

type Standing = QueryOutput<"/v1/environment/list">["environments"][number];

/** What needs somebody first: down, in doubt, in the middle of a deploy, production, and then by name. */
function rankOf({ down_since, state, production }: Standing): number {
  if (down_since !== null) return 0;
  if (state === "in_doubt") return 1;
  if (state === "deploying") return 2;
  return production ? 3 : 4;
}

function Environments() {
  const { data, error, refetch } = useQuery(asked("/v1/environment/list"));
  if (error && !data) return <ProblemNote error={error} onRetry={() => refetch()} />;
  if (!data) return <div className="h-64 animate-pulse rounded-xl bg-sunken" />;
  if (data.environments.length === 0)
    return (
      <Empty title="No environment yet">
        <p className="mb-3">
          Say once how one is deployed; from then on nobody deploys to it in any other way, and one seat owns it.
        </p>
        <div className="text-left">
          <Copyable text={DEFINE} label="Copy the command" />
        </div>
      </Empty>
    );
  const sorted = data.environments.toSorted(
    (one, other) => rankOf(one) - rankOf(other) || one.environment.localeCompare(other.environment),
  );
  return (
    <>
      <Glance environments={sorted} />
      <ul className="grid grid-cols-1 gap-5 xl:grid-cols-2">
        {sorted.map((environment) => (
          <EnvironmentCard key={environment.environment} {...environment} />
        ))}
      </ul>
    </>
  );
}
