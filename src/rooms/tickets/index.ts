/** The tickets' door: numbers, claims, the queue. */
import { claim } from "./claims.ts";
import { list as listActors, settle as settleActor } from "./collisions/actors.ts";
import { cycles } from "./collisions/cycles.ts";
import { report as reportCollision } from "./collisions/reporting.ts";
import { rule } from "./collisions/rulings.ts";
import { check as checkSighting, report as reportSighting } from "./collisions/sightings.ts";
import { list as listCollisions, settle as settleCollision, show as showCollision } from "./collisions/settling.ts";
import { openTriggered } from "./conditional/opening.ts";
import { begin as beginVerifying, list as listDeliverables, settle as settleVerifying } from "./done/deliverables.ts";
import { finish } from "./done/finish.ts";
import { give as giveReceipt, withdraw as withdrawReceipt } from "./done/receipts.ts";
import { listRequirements, require } from "./done/requirements.ts";
import { substance } from "./done/substance.ts";
import { drift } from "./drift.ts";
import { lapseLeases, release, renew } from "./endings.ts";
import { file } from "./filing.ts";
import { ages, flow } from "./flow/flow.ts";
import { importTicket } from "./imports.ts";
import { link } from "./links.ts";
import { assign, block, cancel, park, reopen, unblock } from "./moves.ts";
import { define, listNamespaces } from "./numbers/namespaces.ts";
import { counts, list, queue, show } from "./reads.ts";
import { handIn } from "./provisional/hand_in.ts";
import { protocol } from "./provisional/protocol.ts";
import { listSpools, readOutcomes } from "./provisional/reads.ts";
import { configure as configureSpools, settle as settleSpools } from "./provisional/settling.ts";
import { repair } from "./repair/repair.ts";
import { reserve } from "./numbers/reservations.ts";

export { isOfAuth, REASON_CHARACTERS_MAX, reasonOf, withoutSecretValues } from "./auth_blocker.ts";
export { type Condition, CONDITION_FORMS, conditionsHold, namespacesKnown } from "./conditional/condition.ts";
export { parseCondition, targetOf, wordsOf } from "./conditional/condition.ts";
export { triggerOf } from "./conditional/opening.ts";
export { MARKERS, readMarkers } from "./markers.ts";
export { refiled } from "./collisions/refiling.ts";
export { sight } from "./collisions/sightings.ts";
export { recordReceipts, withdrawReceipts } from "./done/receipts.ts";
export { Proofs } from "./done/proofs.ts";
export { fold, type Told } from "./drift.ts";
export { findLapsed } from "./moves.ts";
export { Body, Title } from "./new_ticket.ts";
export { Prefix } from "./numbers/format.ts";
export { namespacesOf } from "./numbers/namespaces.ts";
export {
  findTicket,
  findTickets,
  idsIn,
  Lane,
  type Row,
  stateForbids,
  TicketId,
  type TicketState,
  ticketStates,
  WORKERS,
} from "./ticket.ts";

/** In the order a ticket lives them. */
export const operations = {
  define,
  listNamespaces,
  require,
  listRequirements,
  reserve,
  file,
  link,
  assign,
  claim,
  renew,
  release,
  finish,
  giveReceipt,
  withdrawReceipt,
  beginVerifying,
  settleVerifying,
  block,
  unblock,
  park,
  cancel,
  reopen,
  lapseLeases,
  openTriggered,
  importTicket,
  handIn,
  settleSpools,
  configureSpools,
  readOutcomes,
  listSpools,
  protocol,
  queue,
  list,
  show,
  counts,
  flow,
  ages,
  listDeliverables,
  substance,
  reportCollision,
  settleCollision,
  rule,
  listCollisions,
  showCollision,
  reportSighting,
  checkSighting,
  settleActor,
  listActors,
  cycles,
  repair,
  drift,
};
