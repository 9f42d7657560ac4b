/** The tickets' door: numbers, claims, the queue. */
import { claim } from "./claims.ts";
import { openTriggered } from "./conditional/opening.ts";
import { begin as beginVerifying, list as listDeliverables, settle as settleVerifying } from "./done/deliverables.ts";
import { finish } from "./done/finish.ts";
import { give as giveReceipt, withdraw as withdrawReceipt } from "./done/receipts.ts";
import { listRequirements, require } from "./done/requirements.ts";
import { substance } from "./done/substance.ts";
import { drift } from "./drift.ts";
import { lapseLeases, release, renew } from "./endings.ts";
import { file } from "./filing.ts";
import { importTicket } from "./imports.ts";
import { link } from "./links.ts";
import { assign, block, cancel, park, reopen, unblock } from "./moves.ts";
import { define, listNamespaces } from "./numbers.ts";
import { counts, list, queue, show } from "./reads.ts";
import { reserve } from "./reservations.ts";

export { recordReceipts, withdrawReceipts } from "./done/receipts.ts";
export { Proofs } from "./done/proofs.ts";
export { fold, type Told } from "./drift.ts";
export { Body, Title } from "./new_ticket.ts";
export { namespacesOf, Prefix } from "./numbers.ts";
export {
  findTicket,
  findTickets,
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
  queue,
  list,
  show,
  counts,
  listDeliverables,
  substance,
  drift,
};
