import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { EntryLink, SeatLink } from "../../ui/links.tsx";
import { Time } from "../../ui/time.tsx";

/** The entry of the ledger that says so: the newest about it. */
export function Proof({ about }: { about: string }) {
  const { data } = useQuery(asked("/v1/feed/read", { about, limit: 1 }));
  const [entry] = data?.entries ?? [];
  return entry && <EntryLink seq={entry.seq} />;
}

/** What happened to it, a few words for each entry about it: by whom, and when. */
export function History({ about, words }: { about: string; words: Readonly<Record<string, string>> }) {
  const { data } = useQuery(asked("/v1/feed/read", { about, limit: 50 }));
  const told = (data?.entries ?? []).filter(({ kind }) => words[kind] !== undefined).sort((a, b) => a.seq - b.seq);
  return told.map(({ seq, kind, actor, at }, index) => (
    <span key={seq}>
      {index > 0 && "; "}
      {words[kind]} by <SeatLink name={actor} /> <Time at={at} /> <EntryLink seq={seq} />
    </span>
  ));
}
