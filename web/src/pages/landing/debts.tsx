import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { Empty } from "../../ui/empty.tsx";
import { TicketLink } from "../../ui/links.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { How } from "./how.tsx";

const TICKETS_SHOWN = 6;

const REPORT =
  "npx longwatch debt report --repository acme/shop --base main " +
  `--branches '{"branch":"crane","head":"0123456789abcdef0123456789abcdef01234567","ahead":12,"tickets":["CMB-0001"]}'`;

/** Work that is done and that nobody has, since its branch was never merged. */
export function Debts() {
  const { data, error } = useQuery(asked("/v1/debt/list"));
  return (
    <Panel title="Merge debt" aside={data && data.debts.length > 0 ? "the furthest ahead first" : undefined}>
      {error && <ProblemNote isPart error={error} />}
      {data?.debts.length === 0 && (
        <Empty title="Nothing done waits to be merged">
          A branch that is ahead of its base although its tickets are done would stand here.
          <How asked="How does a repository tell of its branches?" text={REPORT} />
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {data?.debts.map(({ repository, branch, base, ahead, tickets, since }) => (
          <li key={`${repository} ${branch}`} className="py-2 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-baseline gap-x-3">
              <code className="min-w-0 break-all font-mono text-sm font-medium">{branch}</code>
              <span className="text-sm text-warn">
                {ahead} {ahead === 1 ? "commit" : "commits"} ahead of {base}
              </span>
              <span className="ml-auto text-sm text-ink-3">
                began <Time at={since} />
              </span>
            </div>
            <p className="flex flex-wrap gap-x-2 text-sm text-ink-2">
              <span className="break-all">{repository}</span>
              {tickets.slice(0, TICKETS_SHOWN).map((id) => (
                <TicketLink key={id} id={id} />
              ))}
              {tickets.length > TICKETS_SHOWN && <span>and {tickets.length - TICKETS_SHOWN} more</span>}
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
