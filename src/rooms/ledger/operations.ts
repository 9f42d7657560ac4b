/** What can be said to the ledger and asked of it, in the order in which a ledger lives. */
export { head, verify } from "./verification/commands.ts";
export { survey } from "./log/survey.ts";
export { coverage, recordVerification } from "./verification/verifications.ts";
export { checkpoint } from "./log/anchors.ts";
export { bundle, tile } from "./log/tiles.ts";
export { consistency, inclusion } from "./log/proofs.ts";
export { addKey, anchor, freeze, openLog, refuseSigning, rotateKey } from "./log/signing.ts";
export { publish } from "./log/publishing.ts";
export { cosign } from "./log/cosigning.ts";
export * from "./log/witnessing.ts";
export { erase } from "./personal/erasure.ts";
export { exportQuery } from "./export.ts";
export { completenessQuery, open } from "./producers/producers.ts";
export { drop, record } from "./producers/productions.ts";
