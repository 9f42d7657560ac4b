import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ask, type QueryOutput } from "../../api/client.ts";
import { Chip } from "../../ui/chip.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { Empty } from "../../ui/empty.tsx";
import { SeatLink } from "../../ui/links.tsx";
import { PageHead } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { DecisionsLink, ManifestLink } from "./ways_there.tsx";

type Manifest = QueryOutput<"/v1/manifest/list">["manifests"][number];

const PAGE = 100;

/** Every manifest, the newest first: what waited for the operator together, and how far it is decided. */
export function ManifestsPage() {
  const navigate = useNavigate();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useManifests();
  return (
    <>
      <title>Manifests · Longwatch</title>
      <PageHead title="Manifests" about="What waited for the operator, bundled to be decided at once.">
        <DecisionsLink />
      </PageHead>
      {error && <ProblemNote error={error} onRetry={() => refetch()} />}
      {!data && !error && (
        <div className="h-96 animate-pulse rounded-xl bg-sunken" role="status" aria-label="Loading" />
      )}
      {data && (
        <Table
          label="Manifests, the newest first"
          columns={columns}
          rows={data.pages.flatMap(({ manifests }) => manifests)}
          idOf={({ id }) => String(id)}
          onOpen={({ id }) => void navigate({ to: "/decisions/manifests/$id", params: { id: String(id) } })}
          onEnd={() => {
            if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
          }}
          empty={
            <Empty title="Nothing was bundled yet">
              <p className="mb-3">
                When several approvals wait for you, Decisions offers to decide them at once, and a strategist or a
                coordinator can put them before you together:
              </p>
              <Copyable text="npx longwatch manifest open" />
            </Empty>
          }
        />
      )}
    </>
  );
}

function useManifests() {
  return useInfiniteQuery({
    queryKey: ["/v1/manifest/list", { limit: PAGE }],
    queryFn: ({ pageParam, signal }) =>
      ask("/v1/manifest/list", { limit: PAGE, ...(pageParam > 0 ? { before: pageParam } : {}) }, signal),
    initialPageParam: 0,
    getNextPageParam: ({ manifests }) => (manifests.length === PAGE ? manifests.at(-1)!.id : undefined),
  });
}

const columns: Column<Manifest>[] = [
  {
    id: "id",
    header: "Manifest",
    width: "8rem",
    narrow: "6.5rem",
    cell: ({ id }) => <ManifestLink id={id} />,
  },
  {
    id: "state",
    header: "Stands",
    width: "6rem",
    isMinor: true,
    cell: ({ waiting }) => <Chip tone={waiting > 0 ? "warn" : "good"}>{waiting > 0 ? "waits" : "closed"}</Chip>,
  },
  { id: "items", header: "Items", width: "minmax(10rem, 1fr)", narrow: "minmax(0, 1fr)", cell: itemsOf },
  {
    id: "by",
    header: "Bundled by",
    width: "minmax(12rem, 1fr)",
    isMinor: true,
    cell: ({ opened_by }) => <SeatLink name={opened_by} />,
  },
  {
    id: "at",
    header: "When",
    width: "5.5rem",
    narrow: "4.5rem",
    cell: ({ opened_at }) => <Time at={opened_at} className="text-ink-2" />,
  },
];

/** `2 wait, 1 granted`: what is not there is not said. */
function itemsOf({ items, waiting, granted, rejected }: Manifest): string {
  const settled = items - waiting - granted - rejected;
  const parts = [
    waiting > 0 && `${waiting} ${waiting === 1 ? "waits" : "wait"}`,
    granted > 0 && `${granted} granted`,
    rejected > 0 && `${rejected} rejected`,
    settled > 0 && `${settled} settled by ${settled === 1 ? "itself" : "themselves"}`,
  ];
  return parts.filter(Boolean).join(", ");
}
