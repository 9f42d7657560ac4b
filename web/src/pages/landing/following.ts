import { useCallback, useEffect, useRef, useState } from "react";
import { ask, type QueryOutput } from "../../api/client.ts";
import { type Entry, useEntries, useLiveness } from "../../live/stream.ts";

/** A piece of a deploy's log, as it came. */
export type Piece = QueryOutput<"/v1/deploy/log">["pieces"][number];

const PAGE = 200;

/**
 * A deploy's log, read on from the last piece whenever the ledger tells of more. Nothing is read twice, and a page that
 * slept goes on where it was.
 */
export function useLog(id: number): { pieces: readonly Piece[]; lost: number; error: Error | null; isRead: boolean } {
  const [pieces, setPieces] = useState<readonly Piece[]>([]);
  const [lost, setLost] = useState(0);
  const [error, setError] = useState<Error | null>(null);
  const [isRead, setRead] = useState(false);
  const reading = useRef({ after: 0, isBusy: false, isWanted: false });
  const read = useCallback(async () => {
    const now = reading.current;
    now.isWanted = true;
    if (now.isBusy) return;
    now.isBusy = true;
    try {
      while (now.isWanted) {
        now.isWanted = false;
        const more = await ask("/v1/deploy/log", { id, after: now.after, limit: PAGE });
        if (now !== reading.current) return;
        now.after = more.pieces.at(-1)?.number ?? now.after;
        now.isWanted ||= more.pieces.length === PAGE;
        if (more.pieces.length > 0) setPieces((before) => [...before, ...more.pieces]);
        setLost(more.log_bytes_lost);
        setRead(true);
        setError(null);
      }
    } catch (cause) {
      setError(cause as Error);
    } finally {
      now.isBusy = false;
    }
  }, [id]);
  const isLive = useLiveness() === "live";
  useEffect(() => {
    void read();
  }, [read, isLive]);
  const heard = useCallback(
    (entries: readonly Entry[]) => {
      if (entries.some(({ subject }) => subject === `deploy-${id}`)) void read();
    },
    [id, read],
  );
  useEntries(heard);
  return { pieces, lost, error, isRead };
}
