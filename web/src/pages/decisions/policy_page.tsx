import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { asked } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Chip } from "../../ui/chip.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { DryRun } from "./dry_run.tsx";
import { readPolicy } from "./policy_text.ts";
import { Rules } from "./rules.tsx";
import { Versions } from "./versions.tsx";

const route = getRouteApi("/decisions/policy");

/** What is allowed and what is not, and what a changed text would have decided. */
export function PolicyPage() {
  const { digest, version } = route.useSearch();
  const [isTrying, setTrying] = useState(false);
  const list = useQuery(asked("/v1/policy/list", { limit: 100 }));
  const versions = list.data?.versions;
  const wanted = version ?? versions?.find((one) => one.digest === digest)?.version;
  const isKnown = version !== undefined || digest === undefined || versions !== undefined;
  const shown = useQuery({ ...asked("/v1/policy/show", wanted ? { version: wanted } : {}), enabled: isKnown });
  const error = list.error ?? shown.error;
  if (error) return <ProblemNote error={error} onRetry={() => shown.refetch()} />;
  if (!shown.data || !versions)
    return <div className="h-96 animate-pulse rounded-xl bg-sunken" role="status" aria-label="Loading" />;
  const { text, active, version: number } = shown.data;
  return (
    <>
      <title>Policy · Longwatch</title>
      <PageHead
        title="Policy"
        about={
          <span className="flex flex-wrap items-center gap-2">
            Version {number}
            <Chip tone={active ? "good" : "quiet"}>{active ? "active" : "not active"}</Chip>
            <span>What no rule permits is denied; a boundary beats every permit.</span>
          </span>
        }
      >
        {!isTrying && <Button onClick={() => setTrying(true)}>{active ? "Try a change" : "Try this version"}</Button>}
      </PageHead>
      {isTrying && <DryRun key={number} text={text} onClose={() => setTrying(false)} />}
      <div className="grid grid-cols-1 gap-5 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <Rules policy={readPolicy(text)} />
        <div className="min-w-0">
          <Panel title="Versions">
            <Versions versions={versions} shown={number} />
          </Panel>
        </div>
      </div>
    </>
  );
}
