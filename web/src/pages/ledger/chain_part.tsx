import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { asked } from "../../api/queries.ts";
import { canVerify, type Signed } from "../../verify/checks.ts";
import { Chain } from "./chain.tsx";
import { newestCheckpoints } from "./checkpoint_list.ts";
import { CheckpointSheet } from "./checkpoint_sheet.tsx";

const route = getRouteApi("/ledger");

type Props = {
  /** The newest checkpoint, which this page has checked. */
  newest: Signed | null;
  /** Up to which entry this browser saw the ledger. */
  seen: number | null;
};

/** The chain with its anchors, in words that a stranger understands, and the checkpoint that the address names. */
export function ChainPart({ newest, seen }: Props) {
  const { checkpoint } = route.useSearch();
  const coverage = useQuery(asked("/v1/ledger/coverage"));
  const checkpoints = useQuery(newestCheckpoints);
  const isAway = coverage.error !== null || checkpoints.error !== null;
  return (
    <>
      <p className="mb-5 max-w-3xl text-sm text-ink-2">
        Entries hang together like links: none can be changed without breaking all that follow. A seal is a checkpoint,
        signed over everything to its left; press one to check it. An anchor is held where this server’s database does
        not reach: whoever rewrote an entry would have to rewrite every anchor to its right, too.
      </p>
      {checkpoints.data && coverage.data ? (
        <Chain checkpoints={checkpoints.data.checkpoints} coverage={coverage.data} seen={seen} chosen={checkpoint} />
      ) : (
        !isAway && <div className="h-64 animate-pulse rounded-lg bg-sunken" />
      )}
      {checkpoint !== undefined && (newest !== null || !canVerify()) && (
        <CheckpointSheet size={checkpoint} newest={newest} />
      )}
    </>
  );
}
