/** The tickets' door: numbers, claims, the queue. */
import { claim } from "./claims.ts";
import { drift } from "./drift.ts";
import { finish, lapseLeases, release, renew } from "./endings.ts";
import { file } from "./filing.ts";
import { importTicket } from "./imports.ts";
import { link } from "./links.ts";
import { assign, block, cancel, park, reopen, unblock } from "./moves.ts";
import { define, listNamespaces } from "./numbers.ts";
import { counts, list, queue, show } from "./reads.ts";
import { reserve } from "./reservations.ts";

export { fold, type Told } from "./drift.ts";
export { findTicket, findTickets, ticketStates, WORKERS } from "./ticket.ts";

/** In the order a ticket lives them. */
export const operations = {
  define,
  listNamespaces,
  reserve,
  file,
  link,
  assign,
  claim,
  renew,
  release,
  finish,
  block,
  unblock,
  park,
  cancel,
  reopen,
  lapseLeases,
  importTicket,
  queue,
  list,
  show,
  counts,
  drift,
};
