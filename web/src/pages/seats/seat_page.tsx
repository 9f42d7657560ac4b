import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { asked } from "../../api/queries.ts";
import { EntriesPanel } from "../../entries/entries_panel.tsx";
import { Chip, State } from "../../ui/chip.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TicketLink } from "../../ui/links.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { everySeat } from "./every_seat.ts";

const route = getRouteApi("/seats/$name");
const DEEDS_MAX = 100;
const ENTRIES_MAX = 50;

/** One seat: what it holds, and what it did. */
export function SeatPage() {
  const { name } = route.useParams();
  const list = useQuery(everySeat({ all: true }));
  const held = useQuery(asked("/v1/ticket/list", { holder: name, state: "in_progress", limit: 50 }));
  const deeds = useQuery(asked("/v1/feed/page", { actor: name, limit: DEEDS_MAX }));
  const done_to = useQuery(asked("/v1/feed/read", { about: name, limit: ENTRIES_MAX }));
  const seat = list.data?.seats.find((one) => one.name === name);
  if (deeds.error && !deeds.data)
    return (
      <>
        <PageHead title={name} />
        <ProblemNote error={deeds.error} onRetry={() => deeds.refetch()} />
      </>
    );
  return (
    <>
      <title>{`${name} · Longwatch`}</title>
      <PageHead
        title={name}
        about={
          seat && (
            <span className="flex flex-wrap items-center gap-2">
              <State state={seat.state} />
              <Chip>{seat.role}</Chip>
              {seat.lane && <Chip>{seat.lane}</Chip>}
              <span className="text-sm">
                heard <Time at={seat.heard_at} />
              </span>
            </span>
          )
        }
      />
      <div className="grid grid-cols-1 gap-5 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <EntriesPanel
            title="What it did"
            entries={deeds.data?.entries}
            error={deeds.error}
            isCut={deeds.data?.next != null}
            all={{ actor: name }}
            empty={<Empty title="Nothing yet" />}
          />
          <EntriesPanel
            title="What was said of it"
            entries={done_to.data?.entries.toReversed()}
            error={done_to.error}
            isCut={done_to.data?.entries.length === ENTRIES_MAX}
            all={{ about: name }}
            empty={<p className="text-ink-2">No entry is about it.</p>}
          />
        </div>
        <Panel title="Holds now" className="self-start">
          {held.data?.tickets.length === 0 && <p className="text-ink-2">No ticket.</p>}
          <ul className="flex flex-col gap-2">
            {held.data?.tickets.map(({ id, title, lease_expires_at }) => (
              <li key={id}>
                <TicketLink id={id} /> {title}
                <p className="text-sm text-ink-3">
                  lease ends <Time at={lease_expires_at} />
                </p>
              </li>
            ))}
          </ul>
        </Panel>
      </div>
    </>
  );
}
