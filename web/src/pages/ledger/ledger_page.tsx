import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { asked } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { canVerify } from "../../verify/checks.ts";
import { forget, remembered } from "../../verify/memory.ts";
import { verification } from "../../verify/verification.ts";
import { ChainPart } from "./chain_part.tsx";
import { newestCheckpoints } from "./checkpoint_list.ts";
import { Checkpoints } from "./checkpoints.tsx";
import { Elsewhere } from "./elsewhere.tsx";
import { EveryEntry } from "./every_entry.tsx";
import { Health } from "./health.tsx";
import { NoMeans } from "./no_means.tsx";
import { Steps } from "./outcome.tsx";
import { Verdict } from "./verdict.tsx";

/** The proof: what is signed, checked in the page itself. */
export function LedgerPage() {
  const who = useQuery(asked("/v1/seat/whoami"));
  const tenant = who.data?.tenant;
  const verified = useQuery(verification(tenant));
  const coverage = useQuery(asked("/v1/ledger/coverage"));
  const checkpoints = useQuery(newestCheckpoints);
  const seen = tenant === undefined ? null : (remembered(tenant)?.size ?? null);
  const { data } = verified;
  const error = coverage.error ?? checkpoints.error;
  const chain = (
    <Panel key="chain" title="The chain">
      <ChainPart newest={data?.signed ?? null} seen={seen} />
    </Panel>
  );
  const checks = canVerify() && data && data.steps.length > 0 && (
    <Panel key="checks" title="What was checked here">
      <Steps label="Checks" steps={data.steps} />
      {data.outcome === "bad" && tenant !== undefined && (
        <Forget tenant={tenant} onForgotten={() => void verified.refetch()} />
      )}
      {data.signed && tenant !== undefined && <EveryEntry tenant={tenant} signed={data.signed} />}
    </Panel>
  );
  return (
    <>
      <title>Ledger · Longwatch</title>
      <PageHead title="Ledger" about="What happened, and the proof. The page checks it here, in your browser.">
        <GoToEntry head={coverage.data?.entries} />
      </PageHead>
      {canVerify() ? (
        <Verdict verified={data} error={who.error}>
          <Button disabled={verified.isFetching} onClick={() => void verified.refetch()}>
            <RefreshCw aria-hidden className={`size-4 ${verified.isFetching ? "animate-spin" : ""}`} /> Verify again
          </Button>
        </Verdict>
      ) : (
        <NoMeans />
      )}
      {error && (
        <div className="mt-5">
          <ProblemNote error={error} />
        </div>
      )}
      <div className="mt-5 grid grid-cols-1 gap-5 xl:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="flex min-w-0 flex-col gap-5">{data?.outcome === "bad" ? [checks, chain] : [chain, checks]}</div>
        <div className="flex min-w-0 flex-col gap-5">
          <Panel title="Health">
            {coverage.data && <Health coverage={coverage.data} />}
            {coverage.error && <ProblemNote isPart error={coverage.error} />}
          </Panel>
          <Panel title="Newest checkpoints">
            {checkpoints.data && <Checkpoints {...checkpoints.data} />}
            {checkpoints.error && <ProblemNote isPart error={checkpoints.error} />}
          </Panel>
          <Panel title="Verify elsewhere">
            <Elsewhere />
          </Panel>
        </div>
      </div>
    </>
  );
}

function GoToEntry({ head }: { head: number | undefined }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  return (
    <form
      className="flex items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed !== "") void navigate({ to: "/ledger/$seq", params: { seq: typed } });
      }}
    >
      <input
        aria-label="Number of an entry"
        type="number"
        min={1}
        max={head}
        inputMode="numeric"
        placeholder={head === undefined ? "Entry" : `1 … ${head}`}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
        className="w-36 rounded-md border border-line-2 bg-card px-3 py-1.5 text-sm"
      />
      <Button type="submit">Open entry</Button>
    </form>
  );
}

/** A person may decide that the present ledger is the right one: after a freeze, or another server at this address. */
function Forget({ tenant, onForgotten }: { tenant: string; onForgotten: () => void }) {
  if (remembered(tenant) === null) return null;
  return (
    <div className="mt-4 flex flex-wrap items-center gap-3 rounded-lg border border-line bg-paper px-4 py-3 text-sm">
      <p className="min-w-0 flex-1 basis-64 text-ink-2">
        Was the ledger frozen and opened anew, or is this another server at the same address? Then this browser can
        forget what it saw.
      </p>
      <Button
        look="danger"
        onClick={() => {
          forget(tenant);
          onForgotten();
        }}
      >
        Forget what this browser saw
      </Button>
    </div>
  );
}
