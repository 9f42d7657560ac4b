import { useQuery } from "@tanstack/react-query";
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

const DEFINE =
  'npx longwatch environment define production --branch main --command "./deploy.sh" ' +
  "--health-url https://example.com/health";

/** What is served, what is on its way, and what went wrong on the way. */
export function LandingPage() {
  return (
    <>
      <title>Landing · Longwatch</title>
      <PageHead title="Landing" about="What each environment serves, who may deploy to it, and what went wrong." />
      <Environments />
      <div className="mt-5 grid grid-cols-1 gap-5 2xl:grid-cols-2">
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

function Environments() {
  const { data, error, refetch } = useQuery(asked("/v1/environment/list"));
  if (error) return <ProblemNote error={error} onRetry={() => refetch()} />;
  if (!data) return <div className="h-64 animate-pulse rounded-xl bg-sunken" />;
  if (data.environments.length === 0)
    return (
      <Empty title="No environment yet">
        <p className="mb-3">
          Say once how one is deployed; from then on nobody deploys to it in any other way, and one seat owns it.
        </p>
        <div className="text-left">
          <Copyable text={DEFINE} />
        </div>
      </Empty>
    );
  return (
    <ul className="grid grid-cols-1 gap-5 xl:grid-cols-2">
      {data.environments.map((environment) => (
        <EnvironmentCard key={environment.environment} {...environment} />
      ))}
    </ul>
  );
}
