import { Link } from "@tanstack/react-router";
import { SeatLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";
import { type Approval, Verdict } from "./verdict.tsx";
import { WaitingLine } from "./waiting_line.tsx";
import { ManifestLink } from "./ways_there.tsx";
import { act } from "./words.ts";

/** An approval that waits: who wants to do what, in which words, and since when. */
export function ApprovalLine({ approval }: { approval: Approval }) {
  const { subject, wording, decision, manifest, asked_at, production } = approval;
  return (
    <WaitingLine
      what="Approval"
      tone="warn"
      age={<Time at={asked_at} />}
      about={
        <>
          <Link to="/decisions/$id" params={{ id: String(decision) }} className="font-medium hover:underline">
            {act(approval)}
          </Link>
          {production && <span className="text-warn"> in production</span>} for <SeatLink name={subject} />
          {manifest !== null && (
            <>
              {", in "}
              <ManifestLink id={manifest} />
            </>
          )}
          {wording !== null && (
            <code className="block truncate font-mono text-sm text-ink-2" title={wording}>
              {wording}
            </code>
          )}
        </>
      }
    >
      <Verdict approval={approval} />
    </WaitingLine>
  );
}
