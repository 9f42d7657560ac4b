import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Entry } from "../live/stream.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNote } from "../ui/problem_note.tsx";
import { EntryLine } from "./entry_line.tsx";

type Props = {
  title: string;
  /** In the order in which they are read; undefined until they are there. */
  entries: readonly Entry[] | undefined;
  error: Error | null;
  /** Whether there may be older ones: then it says so, and the feed has them all. */
  isCut: boolean;
  /** What the feed is asked for all of them. */
  all: { actor: string } | { about: string };
  /** What stands there when there is none. */
  empty?: ReactNode;
};

/** A part of the ledger that belongs to one thing: some of its entries, and the way to the others. */
export function EntriesPanel({ title, entries, error, isCut, all, empty }: Props) {
  const isAbout = "about" in all ? all.about : undefined;
  return (
    <Panel title={title} aside={entries && <Count count={entries.length} isCut={isCut} all={all} />}>
      {error && <ProblemNote isPart error={error} />}
      {entries?.length === 0 && !isCut && empty}
      <ol className="flex flex-col gap-2.5">
        {entries?.map((entry) => (
          <li key={entry.seq}>
            <EntryLine entry={entry} {...(isAbout === undefined ? {} : { isAbout })} />
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function Count({ count, isCut, all }: { count: number } & Pick<Props, "isCut" | "all">) {
  const counted = count === 1 ? "1 entry" : `${count} entries`;
  if (!isCut) return counted;
  return (
    <>
      {count > 0 ? `the newest ${counted}` : "none lately"} ·{" "}
      <Link to="/feed" search={all} className="text-accent hover:underline">
        All in the feed
      </Link>
    </>
  );
}
