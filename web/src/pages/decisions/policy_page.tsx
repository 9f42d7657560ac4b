import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { asked, WHO } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Chip } from "../../ui/chip.tsx";
import { Empty } from "../../ui/empty.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { DryRun } from "./dry_run.tsx";
import { KeptChange } from "./editor/kept_change.tsx";
import { readPolicy } from "./policy_text.ts";
import { Proposal } from "./proposal.tsx";
import { Rules } from "./rules.tsx";
import { type Said, SaidNote } from "./said.tsx";
import { Versions } from "./versions.tsx";
import { DecisionsLink } from "./ways_there.tsx";

const route = getRouteApi("/decisions/policy");

/** More versions than a tenant has in years; one that lies further back is shown by its number. */
const VERSIONS_MAX = 500;

/** What is allowed and what is not; what a change would have decided otherwise; and which version decides. */
export function PolicyPage() {
  const { digest, version } = route.useSearch();
  const navigate = useNavigate();
  const [isChanging, setChanging] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const canChange = useQuery(asked(WHO)).data !== undefined && !isChanging;
  const list = useQuery(asked("/v1/policy/list", { limit: VERSIONS_MAX }));
  const versions = list.data?.versions;
  const active = versions?.find((one) => one.active)?.version;
  const wanted = version ?? (digest === undefined ? active : versions?.find((one) => one.digest === digest)?.version);
  const shown = useQuery({
    ...asked("/v1/policy/show", wanted === undefined ? {} : { version: wanted }),
    enabled: wanted !== undefined,
  });
  const error = list.error ?? shown.error;
  if (error && !(shown.data && versions))
    return <ProblemNote error={error} onRetry={() => Promise.all([list.refetch(), shown.refetch()])} />;
  if (versions !== undefined && wanted === undefined) return <NoSuchVersion digest={digest!} />;
  if (!shown.data || versions === undefined || active === undefined)
    return <div className="h-96 animate-pulse rounded-xl bg-sunken" role="status" aria-label="Loading" />;
  const { text, version: number } = shown.data;
  const isActive = number === active;
  const change = (from: number) => {
    setChanging(true);
    // What somebody is changing stays this version's, whichever is activated meanwhile.
    void navigate({ to: "/decisions/policy", search: { version: from }, replace: true });
  };
  const tell = (one: Said) => {
    setSaid(one);
    setChanging(false);
    // What was changed is proposed: nobody has to be asked whether to leave it.
    void navigate({ to: "/decisions/policy", search: { version: one.version }, ignoreBlocker: true });
  };
  return (
    <>
      <title>Policy · Longwatch</title>
      <PageHead
        title="Policy"
        about={
          <span className="flex flex-wrap items-center gap-2">
            Version {number}
            <Chip tone={isActive ? "good" : "quiet"}>{isActive ? "active" : "not active"}</Chip>
            <span>What no rule permits is denied; a boundary beats every permit.</span>
          </span>
        }
      >
        <span className="flex gap-2">
          <DecisionsLink />
          {canChange && (
            <Button onClick={() => change(number)}>{isActive ? "Change it" : "Change this version"}</Button>
          )}
        </span>
      </PageHead>
      {said && <SaidNote key={`${said.what} ${said.version}`} said={said} onSaid={tell} />}
      {canChange && <KeptChange onGoOn={change} />}
      {isChanging && (
        <DryRun key={number} version={number} text={text} onClose={() => setChanging(false)} onSaid={tell} />
      )}
      {!isActive && !isChanging && <Proposal key={number} version={number} active={active} onSaid={tell} />}
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

function NoSuchVersion({ digest }: { digest: string }) {
  return (
    <>
      <title>Policy · Longwatch</title>
      <PageHead title="Policy" />
      <Empty title="No version has this digest">
        Among the newest {VERSIONS_MAX} none is <code className="break-all font-mono">{digest}</code>.
      </Empty>
    </>
  );
}
