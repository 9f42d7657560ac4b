import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { asked, useCommand } from "../../api/queries.ts";
import { AskReason } from "../../ui/ask_reason.tsx";
import { Button } from "../../ui/button.tsx";
import { State } from "../../ui/chip.tsx";
import { SeatLink } from "../../ui/links.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { stepThrough } from "../../ui/step_through.ts";
import { Time } from "../../ui/time.tsx";
import { Lasting } from "./lasting.tsx";
import { History } from "./proof.tsx";
import type { Approval } from "./verdict.tsx";
import { ManifestsLink } from "./ways_there.tsx";
import { act } from "./words.ts";

const route = getRouteApi("/decisions/manifests/$id");

/** What is blocked on the operator, bundled: granted and rejected together, with one reason for those chosen. */
export function ManifestPage() {
  const id = Number(route.useParams().id);
  const { data, error, refetch } = useQuery(asked("/v1/manifest/show", { id }));
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const items = useQueries({
    queries: (data?.items ?? []).map((one) => asked("/v1/approval/show", { id: one.id })),
  }).flatMap((one) => one.data ?? []);
  if (error && !data)
    return (
      <>
        <PageHead title={`Manifest ${id}`} />
        <ProblemNote error={error} onRetry={() => refetch()} />
      </>
    );
  if (!data) return <div className="h-96 animate-pulse rounded-xl bg-sunken" role="status" aria-label="Loading" />;
  const open = data.items.filter(({ state }) => state === "pending").map((one) => one.id);
  // What is alone in it is what one came to decide.
  const among = open.length === 1 ? open : chosen.filter((one) => open.includes(one));
  const isAll = among.length === open.length;
  return (
    <>
      <title>{`Manifest ${id} · Longwatch`}</title>
      <PageHead
        title={`Manifest ${id}`}
        about={
          <>
            {data.closed ? "Each item has its verdict" : data.headline}.{" "}
            <History about={`manifest-${id}`} words={{ "manifest.opened": "Bundled", "manifest.closed": "closed" }} />
          </>
        }
      >
        <span className="flex flex-wrap items-center gap-2">
          {open.length > 0 && <Decide key={among.join()} manifest={id} chosen={among} onDone={() => setChosen([])} />}
          <ManifestsLink />
        </span>
      </PageHead>
      <Panel
        title="Items"
        aside={
          open.length > 1 && (
            <button type="button" className="text-accent hover:underline" onClick={() => setChosen(isAll ? [] : open)}>
              {isAll ? "Choose none" : `Choose all ${open.length}`}
            </button>
          )
        }
      >
        <ul aria-label="Items of the manifest" className="divide-y divide-line" onKeyDown={stepThrough}>
          {items.map((item) => (
            <Item
              key={item.id}
              item={item}
              isChosen={among.includes(item.id)}
              onChoose={(is) => setChosen(is ? [...among, item.id] : among.filter((one) => one !== item.id))}
            />
          ))}
        </ul>
      </Panel>
    </>
  );
}

type ItemProps = { item: Approval; isChosen: boolean; onChoose: (isChosen: boolean) => void };

function Item({ item, isChosen, onChoose }: ItemProps) {
  const { id, state, subject, production, wording, decision, asked_at, reason } = item;
  return (
    <li className="flex items-start gap-3 py-2.5 first:pt-0 last:pb-0">
      <input
        type="checkbox"
        aria-label={`Choose approval ${id}`}
        disabled={state !== "pending"}
        checked={isChosen}
        onChange={({ target }) => onChoose(target.checked)}
        className="mt-1.5 size-4"
      />
      <div className="min-w-0 flex-1 break-words">
        <Link to="/decisions/$id" params={{ id: String(decision) }} className="font-medium hover:underline">
          {act(item)}
        </Link>
        {production && <span className="text-warn"> in production</span>} for <SeatLink name={subject} />
        {wording !== null && <code className="block break-words font-mono text-sm text-ink-2">{wording}</code>}
        {reason !== null && <p className="text-sm text-ink-2">{reason}</p>}
      </div>
      <Time at={asked_at} className="shrink-0 text-sm text-ink-3 max-sm:hidden" />
      <State state={state} />
    </li>
  );
}

type DecideProps = { manifest: number; chosen: readonly number[]; onDone: () => void };

/** Grants or rejects what was chosen. */
function Decide({ manifest, chosen, onDone }: DecideProps) {
  const [verdict, setVerdict] = useState<"grant" | "reject" | null>(null);
  const [lasts_seconds, setLasts] = useState(3600);
  const { mutate, isPending, error, reset } = useCommand("/v1/manifest/decide");
  const close = () => {
    setVerdict(null);
    reset();
  };
  const isGrant = verdict !== "reject";
  const said = { grant: isGrant ? [...chosen] : [], reject: isGrant ? [] : [...chosen], lasts_seconds };
  return (
    <div className="flex items-center gap-2" data-print="no">
      <span className="text-sm text-ink-3">
        {chosen.length === 0 ? "Choose items first" : `${chosen.length} chosen`}
      </span>
      <Button look="main" disabled={chosen.length === 0} onClick={() => setVerdict("grant")}>
        Grant
      </Button>
      <Button look="danger" disabled={chosen.length === 0} onClick={() => setVerdict("reject")}>
        Reject
      </Button>
      <AskReason
        title={`${isGrant ? "Grant" : "Reject"} ${chosen.length === 1 ? "one item" : `${chosen.length} items`}`}
        about={isGrant ? <Lasting value={lasts_seconds} onChange={setLasts} /> : "The rest stays open."}
        verb={isGrant ? "Grant" : "Reject"}
        isOpen={verdict !== null}
        isBusy={isPending}
        error={error}
        onClose={close}
        onSay={(reason) =>
          mutate(
            { id: manifest, ...said, reason },
            {
              onSuccess: () => {
                close();
                onDone();
              },
            },
          )
        }
      />
    </div>
  );
}
