import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useEffectEvent } from "react";
import { asked } from "../../api/queries.ts";
import { canVerify } from "../../verify/checks.ts";
import { sentence } from "../../entries/sentence.ts";
import type { Entry } from "../../live/stream.ts";
import { Empty } from "../../ui/empty.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { CorrectPost, isPost } from "./correct_post.tsx";
import { EntryFacts } from "./entry_facts.tsx";
import { entryProof } from "./entry_proof.ts";
import { EntryVerdict } from "./entry_verdict.tsx";
import { NoMeans } from "./no_means.tsx";
import { Steps } from "./outcome.tsx";

const route = getRouteApi("/ledger/$seq");

/** One entry: what it says, its bytes as they were hashed, and its proof, which the page checks by itself. */
export function EntryPage() {
  const { seq: typed } = route.useParams();
  const seq = /^[1-9]\d{0,14}$/.test(typed) ? Number(typed) : null;
  if (seq === null)
    return (
      <Empty title={`${typed} is no number of an entry`}>
        Entries are numbered 1, 2, 3 … without a gap. <Link to="/ledger">Go to the ledger</Link>
      </Empty>
    );
  return <OneEntry key={seq} seq={seq} />;
}

function OneEntry({ seq }: { seq: number }) {
  const { data, error, refetch } = useQuery(asked("/v1/feed/read", { after: seq - 1, limit: 1 }));
  if (error && !data)
    return (
      <>
        <PageHead title={`Entry ${seq.toLocaleString("en")}`} />
        <ProblemNote error={error} onRetry={() => refetch()} />
      </>
    );
  if (!data) return <div className="h-96 animate-pulse rounded-xl bg-sunken" />;
  const entry = data.entries[0];
  return (
    <>
      <title>{`Entry ${seq} · Longwatch`}</title>
      <PageHead
        title={`Entry ${seq.toLocaleString("en")}`}
        about={
          entry?.seq === seq && (
            <span className="break-words">
              {entry.actor} {sentence(entry)} · <Time at={entry.at} />
            </span>
          )
        }
      >
        <span className="flex flex-wrap gap-2">
          {entry?.seq === seq && isPost(entry) && <Correcting post={entry} />}
          <Neighbours seq={seq} head={data.head} />
        </span>
      </PageHead>
      {seq > data.head ? (
        <Empty title={`There is no entry ${seq.toLocaleString("en")} yet`}>
          The newest is{" "}
          <Link to="/ledger/$seq" params={{ seq: String(data.head) }} className="text-accent underline">
            entry {data.head.toLocaleString("en")}
          </Link>
          .
        </Empty>
      ) : (
        <Whole seq={seq} entry={entry?.seq === seq ? entry : undefined} />
      )}
    </>
  );
}

/** The address says whether it is being corrected, so that the palette can go there. */
function Correcting({ post }: { post: Entry }) {
  const { correct = false } = route.useSearch();
  const navigate = route.useNavigate();
  const open = (isOpen: boolean) => void navigate({ search: isOpen ? { correct: true } : {}, replace: true });
  return <CorrectPost post={post} isOpen={correct} onOpen={open} />;
}

function Whole({ seq, entry }: { seq: number; entry: Entry | undefined }) {
  const who = useQuery(asked("/v1/seat/whoami"));
  const tenant = who.data?.tenant;
  const proof = useQuery(entryProof(tenant, seq));
  return (
    <>
      {canVerify() ? (
        <EntryVerdict proof={proof.data} onAgain={() => void proof.refetch()} isBusy={proof.isFetching} />
      ) : (
        <NoMeans />
      )}
      <div className="mt-5 grid grid-cols-1 gap-5 xl:grid-cols-[minmax(0,1fr)_28rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <Panel title="What it says">
            <EntryFacts entry={entry} leaf={proof.data?.leaf ?? null} />
          </Panel>
          {proof.data?.text != null && (
            <Panel
              title="Its bytes"
              aside={`${new TextEncoder().encode(proof.data.text).length.toLocaleString("en")} bytes`}
            >
              <p className="mb-2 text-sm text-ink-2">Exactly these were hashed and signed (RFC 8785).</p>
              <pre tabIndex={0} aria-label="The entry’s bytes" className={bytesStyle}>
                {proof.data.text}
              </pre>
            </Panel>
          )}
        </div>
        <Panel title="Its proof" className="self-start">
          {proof.data ? (
            <>
              <Steps label="Checks of the entry" steps={proof.data.steps} />
              <Way path={proof.data.path} />
              {proof.data.hash !== null && (
                <dl className="mt-4 border-t border-line pt-3 text-sm">
                  <dt className="text-ink-3">Its hash in the tree</dt>
                  <dd className="break-all font-mono text-xs">{proof.data.hash}</dd>
                  {proof.data.root !== null && (
                    <>
                      <dt className="mt-2 text-ink-3">The signed root</dt>
                      <dd className="break-all font-mono text-xs">{proof.data.root}</dd>
                    </>
                  )}
                </dl>
              )}
            </>
          ) : (
            <div className="h-40 animate-pulse rounded-lg bg-sunken" />
          )}
        </Panel>
      </div>
    </>
  );
}

/** The way from the entry to the root, for whoever wants to walk it. */
function Way({ path }: { path: readonly string[] }) {
  if (path.length === 0) return null;
  return (
    <details className="mt-4 border-t border-line pt-3 text-sm">
      <summary className="cursor-pointer text-ink-2">The {path.length} hashes on its way to the root</summary>
      <ol className="mt-2 flex flex-col gap-1">
        {path.map((hash) => (
          <li key={hash} className="break-all font-mono text-xs text-ink-2">
            {hash}
          </li>
        ))}
      </ol>
    </details>
  );
}

const bytesStyle = "max-h-96 overflow-auto whitespace-pre-wrap break-all rounded-md bg-sunken p-3 font-mono text-xs";

const arrow =
  "inline-flex items-center gap-1 rounded-md border border-line-2 bg-card px-3 py-1.5 text-sm font-medium " +
  "hover:border-ink-3";

/** To the entry before and the one after; j and k go there too. */
function Neighbours({ seq, head }: { seq: number; head: number }) {
  const navigate = useNavigate();
  const to = (next: number) => ({ to: "/ledger/$seq", params: { seq: String(next) } }) as const;
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    const step = { j: 1, k: -1 }[event.key];
    const isTyping = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (step === undefined || isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
    if (seq + step >= 1 && seq + step <= head) void navigate(to(seq + step));
  });
  useEffect(() => {
    const heard = (event: KeyboardEvent) => pressed(event);
    addEventListener("keydown", heard);
    return () => removeEventListener("keydown", heard);
  }, []);
  return (
    <nav aria-label="Entries beside it" className="flex gap-2">
      {seq > 1 && (
        <Link {...to(seq - 1)} className={arrow}>
          <ChevronLeft aria-hidden className="size-4" /> Previous
        </Link>
      )}
      {seq < head && (
        <Link {...to(seq + 1)} className={arrow}>
          Next <ChevronRight aria-hidden className="size-4" />
        </Link>
      )}
    </nav>
  );
}
