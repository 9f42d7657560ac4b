import { Link } from "@tanstack/react-router";
import type { QueryOutput } from "../../api/client.ts";
import { Chip } from "../../ui/chip.tsx";
import { Time } from "../../ui/time.tsx";

type Version = QueryOutput<"/v1/policy/list">["versions"][number];

/** The versions of the policy, the newest first, with who proposed each and which one decides. */
export function Versions({ versions, shown }: { versions: readonly Version[]; shown: number }) {
  return (
    <ul className="divide-y divide-line">
      {versions.map(({ version, note, proposed_by, proposed_at, active, active_since }) => (
        <li key={version} className="py-2.5 first:pt-0 last:pb-0">
          <div className="flex items-baseline gap-2">
            <Link
              to="/decisions/policy"
              search={{ version }}
              aria-current={version === shown ? "true" : undefined}
              className="font-medium text-accent hover:underline"
            >
              Version {version}
            </Link>
            {active && <Chip tone="good">active</Chip>}
            <When active_since={active ? active_since : null} proposed_at={proposed_at} />
          </div>
          {note !== null && <p className="break-words">{note}</p>}
          <p className="text-sm text-ink-2">{proposed_by === null ? "came with Longwatch" : `by ${proposed_by}`}</p>
        </li>
      ))}
    </ul>
  );
}

/** Since when the active one decides, and when each other was proposed. What came with Longwatch has neither. */
function When({ active_since, proposed_at }: Pick<Version, "active_since" | "proposed_at">) {
  if (active_since === null && proposed_at === null) return null;
  return (
    <span className="ml-auto text-sm text-ink-3">
      {active_since === null ? "proposed" : "activated"} <Time at={active_since ?? proposed_at} />
    </span>
  );
}
