import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { EntriesPanel } from "../../entries/entries_panel.tsx";
import { Chip } from "../../ui/chip.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Gates } from "./gates.tsx";
import { HeldBy, Maturity } from "./held_by.tsx";
import { Judging } from "./judging.tsx";
import { Bypasses, Reviews, Sightings } from "./seen.tsx";
import { Standing } from "./standing.tsx";

/** A record as the server tells it whole. */
export type DoctrineRecord = QueryOutput<"/v1/doctrine/show">;

const route = getRouteApi("/doctrine/$id");
const HISTORY_MAX = 200;

/** One record: its rule, how sure the fleet is and why, how it is really held, and what was seen of it. */
export function RecordPage() {
  const { id } = route.useParams();
  const { data: record, error, refetch } = useQuery(asked("/v1/doctrine/show", { id }));
  if (error && !record)
    return (
      <>
        <PageHead title={id} />
        <ProblemNote error={error} onRetry={() => refetch()} />
      </>
    );
  if (!record) return <div className="h-96 animate-pulse rounded-xl bg-sunken" />;
  return (
    <>
      <title>{`${id} · Longwatch`}</title>
      <PageHead
        title={record.title}
        about={
          <span className="flex flex-wrap items-center gap-2">
            <span className="font-mono text-accent">{id}</span>
            <Chip>{record.type}</Chip>
            <Maturity level={record.maturity} proposed={record.proposed} />
            <HeldBy by={record.held_by} />
            {record.tags.map((tag) => (
              <Chip key={tag}>{tag}</Chip>
            ))}
          </span>
        }
      >
        <Judging record={record} />
      </PageHead>
      {record.superseded_by !== null && (
        <p className="mb-5 rounded-lg bg-warn-soft px-4 py-2.5">
          This is history: <RecordLink id={record.superseded_by} /> took its place.
        </p>
      )}
      <div className="grid grid-cols-1 gap-5 xl:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <Words record={record} />
          <Sightings id={id} sightings={record.sightings} />
          <Bypasses bypasses={record.bypasses} />
          <History id={id} />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <Standing record={record} />
          <Gates id={id} />
          <Reviews record={record} />
          <Linked record={record} />
        </div>
      </div>
    </>
  );
}

/** Leads to a record's own page. */
export function RecordLink({ id }: { id: string }) {
  return (
    <Link to="/doctrine/$id" params={{ id }} className="font-mono text-[0.92em] text-accent hover:underline">
      {id}
    </Link>
  );
}

/** What it says, in the order in which one reads it. What is empty is left out. */
function Words({ record }: { record: DoctrineRecord }) {
  const { rule, activation_test, applies, applies_not, rationale, exceptions, hypothesis_test, body, source } = record;
  const parts: [string, string][] = [
    ["When it applies now", activation_test],
    ["Where it applies", applies],
    ["Where it does not", applies_not],
    ["Why", rationale],
    ["What would show it wrong", hypothesis_test],
    ["Exceptions", exceptions.join("\n")],
    ["Where it comes from", source],
    ["The rest", body],
  ];
  return (
    <Panel title={rule === "" ? "What it says" : "The rule"}>
      {rule !== "" && <p className="whitespace-pre-wrap break-words text-lg leading-7">{rule}</p>}
      <dl className={rule === "" ? "" : "mt-4"}>
        {parts
          .filter(([, words]) => words !== "")
          .map(([name, words]) => (
            <div key={name} className="mb-3">
              <dt className="text-sm text-ink-3">{name}</dt>
              <dd className="whitespace-pre-wrap break-words">{words}</dd>
            </div>
          ))}
      </dl>
    </Panel>
  );
}

function History({ id }: { id: string }) {
  const { data, error } = useQuery(asked("/v1/feed/read", { about: id, limit: HISTORY_MAX }));
  return (
    <EntriesPanel
      title="Its history"
      entries={data?.entries}
      error={error}
      isCut={data?.entries.length === HISTORY_MAX}
      all={{ about: id }}
      empty={<p className="text-ink-2">It came with Longwatch; nothing happened to it here.</p>}
    />
  );
}

function Linked({ record: { supersedes, amends, refs, linked_from } }: { record: DoctrineRecord }) {
  const links = [
    ...supersedes.map((id) => ({ relation: "takes the place of", id })),
    ...amends.map((id) => ({ relation: "adds to", id })),
    ...linked_from.map(({ id, relation }) => ({ relation: `${relation} this:`, id })),
  ];
  const others = refs.filter((ref) => !links.some(({ id }) => id === ref));
  if (links.length + others.length === 0) return null;
  return (
    <Panel title="Hangs together with">
      <ul className="flex flex-col gap-1">
        {links.map(({ relation, id }) => (
          <li key={`${relation} ${id}`}>
            <span className="text-ink-2">{relation}</span> <RecordLink id={id} />
          </li>
        ))}
        {others.map((ref) => (
          <li key={ref} className="break-words">
            {/^ORA-\d{4}-\d{4,9}$/.test(ref) ? <RecordLink id={ref} /> : ref}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
