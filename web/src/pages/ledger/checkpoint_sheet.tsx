import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { Copyable } from "../../ui/copyable.tsx";
import { Facts } from "../../ui/facts.tsx";
import { EntryLink } from "../../ui/links.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { checkpointProof } from "../../verify/checkpoint_proof.ts";
import type { Signed } from "../../verify/checks.ts";
import { Moment } from "./moment.tsx";
import { Steps } from "./outcome.tsx";

type Props = {
  size: number;
  /** The newest, which this page has checked; null where it can check nothing. */
  newest: Signed | null;
};

/** One checkpoint, checked in this page: what it says, and that the newest continues it. */
export function CheckpointSheet({ size, newest }: Props) {
  const { data, error } = useQuery(checkpointProof(size, newest));
  const name = `Checkpoint ${size.toLocaleString("en")}`;
  return (
    <section aria-label={name} className="mt-4 rounded-lg border border-line-2 bg-paper px-4 py-3">
      <header className="flex items-baseline justify-between gap-4">
        <h3 className="font-semibold">{name}</h3>
        <Link to="/ledger" search={{}} resetScroll={false} aria-label="Close" className="p-1 text-ink-3 hover:text-ink">
          <X aria-hidden className="size-4" />
        </Link>
      </header>
      {error && <ProblemNote error={error} />}
      {newest === null && <p className="mb-2 text-sm text-warn">This page cannot check it here, as said above.</p>}
      {newest !== null && data === undefined && !error && <div className="h-24 animate-pulse rounded-lg bg-sunken" />}
      {data && <Steps label={`Checks of ${name.toLowerCase()}`} steps={data.steps} />}
      {data?.signed && (
        <Facts
          names="wide"
          facts={[
            ["Covers", <Covers key="covers" size={size} />],
            ["Published", <Moment key="at" at={data.signed.at} />],
            ["Cosigned by", data.signed.cosigned_by.join(", ") || "nobody"],
            ["Root", <code className="break-all font-mono text-xs">{data.root}</code>],
          ]}
        />
      )}
      <p className="mb-1 mt-3 text-sm text-ink-2">The same, without this page:</p>
      <Copyable label="Copy the commands" text={commands(size, newest)} />
    </section>
  );
}

function Covers({ size }: { size: number }) {
  return (
    <>
      entries <EntryLink seq={1} /> to <EntryLink seq={size} />
    </>
  );
}

function commands(size: number, newest: Signed | null): string {
  const show = `npx longwatch ledger checkpoint --size ${size}`;
  if (newest !== null && newest.size <= size) return show;
  const upTo = newest === null ? "" : ` --to-size ${newest.size}`;
  return `${show}\nnpx longwatch ledger consistency --from-size ${size}${upTo}`;
}
