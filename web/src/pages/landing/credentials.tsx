import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { Chip } from "../../ui/chip.tsx";
import { Empty } from "../../ui/empty.tsx";
import { SeatLink } from "../../ui/links.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { How } from "./how.tsx";

const REGISTER =
  "npx longwatch credential register --name MAIL_API_KEY --environment production --guard src/mail/limits.ts";

const words = {
  no: { tone: "bad", text: "not guarded" },
  unseen: { tone: "warn", text: "nobody has looked" },
  yes: { tone: "good", text: "guarded" },
} as const;

/** Live credentials whose guard is not known to be in the release that is served. */
export function Credentials() {
  const { data, error } = useQuery(asked("/v1/credential/list", { unguarded: true }));
  return (
    <Panel title="Unguarded credentials">
      {error && <ProblemNote isPart error={error} />}
      {data?.credentials.length === 0 && (
        <Empty title="No credential is without its guard">
          A live credential whose guard is not in the served release would stand here.
          <How asked="How does one say which are live, by their names alone?" text={REGISTER} />
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {data?.credentials.map(({ name, environment, guard, guarded, registered_by, registered_at }) => (
          <li key={name} className="py-2 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-baseline gap-x-3">
              <span className="break-all font-medium">{name}</span>
              <span className="text-ink-2">{environment}</span>
              <span className="ml-auto">
                <Chip tone={words[guarded].tone}>{words[guarded].text}</Chip>
              </span>
            </div>
            <p className="break-words text-sm text-ink-2">
              Its guard: {guard}. Registered by <SeatLink name={registered_by} /> <Time at={registered_at} />
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
