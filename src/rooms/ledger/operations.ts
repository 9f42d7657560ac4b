import { erase } from "./personal/erasure.ts";
import { exportQuery } from "./export.ts";
import { checkpoint } from "./log/anchors.ts";
import { listCheckpoints } from "./log/checkpoints.ts";
import { cosign } from "./log/cosigning.ts";
import { consistency, inclusion } from "./log/proofs.ts";
import { publish } from "./log/publishing.ts";
import { addKey, anchor, freeze, openLog, refuseSigning, rotateKey } from "./log/signing.ts";
import { survey } from "./log/survey.ts";
import { bundle, tile } from "./log/tiles.ts";
import { announce, consider, key, known, list, unwatch, watch } from "./log/witnessing.ts";
import { pace } from "./pace/pace.ts";
import { completenessQuery, open } from "./producers/producers.ts";
import { drop, record } from "./producers/productions.ts";
import { head, verify } from "./verification/commands.ts";
import { coverage, recordVerification } from "./verification/verifications.ts";

/**
 * What can be said to the ledger and asked of it. Help and documents keep this order, which is the life of a ledger:
 * what people ask, what is proved, what is shown to others, how a log changes and ends, and then what only the server
 * itself says.
 */
export const operations = {
  head,
  verify,
  coverage,
  completenessQuery,
  pace,
  checkpoint,
  listCheckpoints,
  inclusion,
  consistency,
  exportQuery,
  erase,
  publish,
  rotateKey,
  freeze,
  tile,
  bundle,
  openLog,
  anchor,
  cosign,
  addKey,
  refuseSigning,
  recordVerification,
  survey,
  open,
  record,
  drop,
  key,
  watch,
  unwatch,
  list,
  known,
  consider,
  announce,
};
