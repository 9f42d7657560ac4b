/** What can be said to the ledger and asked of it, in the order in which a ledger lives. */
export { head, verify } from "./commands.ts";
export { survey } from "./survey.ts";
export { coverage, recordVerification } from "./verifications.ts";
export { checkpoint } from "./anchors.ts";
export { bundle, tile } from "./tiles.ts";
export { consistency, inclusion } from "./proofs.ts";
export { addKey, anchor, freeze, openLog, refuseSigning, rotateKey } from "./signing.ts";
export { publish } from "./publishing.ts";
export { cosign } from "./cosigning.ts";
export * from "./witnessing.ts";
export { erase } from "./erasure.ts";
export { exportQuery } from "./export.ts";
export { completenessQuery, open } from "./producers.ts";
export { drop, record } from "./productions.ts";
