import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Activate } from "./activate.tsx";
import { Differences } from "./difference.tsx";
import { DryRunResult } from "./dry_run_result.tsx";
import type { Said } from "./said.tsx";
import { tried } from "./tried.ts";

type Props = { version: number; active: number; onSaid: (said: Said) => void };

/** A version that does not decide: what is otherwise in it, and what it would have decided otherwise. */
export function Proposal({ version, active, onSaid }: Props) {
  const [isAsking, setAsking] = useState(false);
  const { data, error, refetch } = useQuery(tried(version));
  return (
    <Panel title={`Against version ${active}, which decides`} className="mb-5">
      <div className="flex flex-col gap-4">
        <Differences version={version} against={active} />
        {error && <ProblemNote error={error} onRetry={() => refetch()} />}
        {!data && !error && <div className="h-24 animate-pulse rounded bg-sunken" role="status" aria-label="Loading" />}
        {data && <DryRunResult result={data} />}
        <div className="flex justify-end">
          <Button look="main" onClick={() => setAsking(true)}>
            Activate version {version}…
          </Button>
        </div>
      </div>
      {isAsking && <Activate version={version} active={active} onClose={() => setAsking(false)} onDone={onSaid} />}
    </Panel>
  );
}
