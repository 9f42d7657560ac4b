import type { ReactNode } from "react";
import type { QueryOutput } from "../../api/client.ts";
import { Facts as FactList } from "../../ui/facts.tsx";
import { Chip } from "../../ui/chip.tsx";
import { duration } from "../../ui/clock.ts";
import { EntryLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";
import type { Tone } from "../../ui/tone.ts";

const signing: Readonly<Record<string, { word: string; tone: Tone }>> = {
  signing: { word: "signing", tone: "good" },
  starting: { word: "starting", tone: "info" },
  elsewhere: { word: "another server signs", tone: "quiet" },
  refused: { word: "refused", tone: "bad" },
};

/** What the server's own scheduled verifier says, which this page cannot check: it hashes all entries each day. */
export function Health({ coverage }: { coverage: QueryOutput<"/v1/ledger/coverage"> }) {
  const { entries, covered, broken, last_whole_at, oldest, anchored, signer } = coverage;
  const { word, tone } = signing[signer?.state ?? "elsewhere"]!;
  const rows: [string, ReactNode][] = [
    ["Entries", <span className="tabular-nums">{entries.toLocaleString("en")}</span>],
    [
      "Found broken",
      broken === null ? (
        <Chip tone="good">none</Chip>
      ) : (
        <span className="text-bad">
          <EntryLink seq={broken.first_broken} />: {broken.reason} (<Time at={broken.found_at} />)
        </span>
      ),
    ],
    [
      "Hashed anew",
      <>
        {Math.floor(covered * 100)} % in the last 24 h
        {oldest !== null && (
          <span className="text-ink-3">
            ; longest ago: <Time at={oldest} />
          </span>
        )}
      </>,
    ],
    ["Whole check", <Time at={last_whole_at} />],
    [
      "Signed",
      <>
        up to <EntryLink seq={Math.max(1, anchored.size)} />
        {anchored.lag_entries > 0 && (
          <span className="text-ink-3">
            , {anchored.lag_entries.toLocaleString("en")} wait for {duration(anchored.lag_seconds)}
          </span>
        )}
      </>,
    ],
    [
      "Signer",
      <>
        <Chip tone={tone}>{word}</Chip> {signer?.refused && <span className="text-bad">{signer.refused.reason}</span>}
      </>,
    ],
  ];
  return <FactList facts={rows} names="wide" />;
}
