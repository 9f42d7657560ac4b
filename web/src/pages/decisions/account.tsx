import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Chip } from "../../ui/chip.tsx";
import { EntryLink, SeatLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";
import { Aftermath } from "./aftermath.tsx";
import { Outcome } from "./outcome.tsx";
import { Protocol } from "./protocol.tsx";
import { type Decision, entryOf } from "./recorded.ts";
import { rungs } from "./words.ts";

/** A decision told whole: what was wanted, why it came out so, what to do instead, and what became of it. */
export function Account({ decision }: { decision: Decision }) {
  const { effect, protocol } = decision;
  return (
    <div className="flex flex-col gap-5">
      <Facts decision={decision} />
      <Part title={effect === "deny" ? "Why it was denied" : "Why it was allowed"}>
        <Reasons decision={decision} />
      </Part>
      {protocol !== null && (
        <Part title="What to do instead">
          <Protocol protocol={protocol} />
        </Part>
      )}
      {effect === "deny" && (
        <Part title="What became of it">
          <Aftermath decision={decision} />
        </Part>
      )}
    </div>
  );
}

function Facts({ decision }: { decision: Decision }) {
  const { subject, asked_by, at, effect, rung } = decision;
  const { data: entry } = useQuery(entryOf(decision));
  return (
    <div className="flex flex-col gap-1.5">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Outcome effect={effect} />
        <Chip>{rungs[rung] ?? rung}</Chip>
        {decision.protocol?.via === "escalate" && <Chip tone="warn">escalated</Chip>}
      </p>
      <p className="break-words text-sm text-ink-2">
        <SeatLink name={subject} />
        {asked_by !== subject && (
          <>
            , asked by <SeatLink name={asked_by} />
          </>
        )}
        , <Time at={at} /> ·{" "}
        <Link to="/decisions" search={{ seat: subject }} className="text-accent hover:underline">
          all that it asked
        </Link>
        {entry && (
          <>
            {" "}
            · entry <EntryLink seq={entry.seq} />
          </>
        )}
      </p>
    </div>
  );
}

/** Each reason with the rule that gave it. A denial for want of any rule has a reason and no rule. */
function Reasons({ decision: { reasons, rules, errors, policy_digest } }: { decision: Decision }) {
  return (
    <>
      <ul className="flex flex-col gap-2">
        {reasons.map((reason, index) => (
          <li key={reason} className="break-words">
            {reason}
            {rules.length === reasons.length && (
              <>
                {" "}
                <Rule name={rules[index]!} digest={policy_digest} />
              </>
            )}
          </li>
        ))}
      </ul>
      {rules.length !== reasons.length && rules.length > 0 && (
        <p className="mt-2 flex flex-wrap gap-2">
          {rules.map((name) => (
            <Rule key={name} name={name} digest={policy_digest} />
          ))}
        </p>
      )}
      {errors.map((error) => (
        <p key={error} className="mt-2 break-words text-sm text-bad">
          A rule could not be decided, which is a denial: {error}
        </p>
      ))}
    </>
  );
}

function Rule({ name, digest }: { name: string; digest: string }) {
  return (
    <Link
      to="/decisions/policy"
      search={{ digest }}
      hash={name}
      className="whitespace-nowrap font-mono text-[0.85em] text-accent hover:underline"
    >
      {name}
    </Link>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1.5 font-semibold tracking-tight">{title}</h3>
      {children}
    </section>
  );
}
