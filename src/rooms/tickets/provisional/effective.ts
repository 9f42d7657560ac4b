/**
 * When a post counts as posted. Only the server's clock and a monotonic one are believed; a machine's wall clock counts
 * by its differences alone, so that one that is fast or slow gains nothing by it (J2, origins B1).
 */
export type Times = {
  /** By the machine's wall clock: when it was posted, and when it was handed in. */
  posted_at: Date;
  sent_at: Date;
  /** The server's time at the spool's last contact before the post, as the spool says. */
  contact_at: Date | null;
  /** Monotonic time since that contact; null where the machine was started anew in between. */
  elapsed_ms: number | null;
};

export type Bounds = {
  /** The server's time now, which is no earlier than the post. */
  received_at: Date;
  /** When the seat was first known: it had no contact before. */
  known_at: Date;
  /** What the post before it in the spool was given. */
  after: Date | null;
};

export function effectiveAt(times: Times, { received_at, known_at, after }: Bounds): Date {
  const received = received_at.getTime();
  const claimed = times.contact_at?.getTime() ?? null;
  const contact = claimed !== null && claimed >= known_at.getTime() && claimed <= received ? claimed : null;
  const earliest = Math.max(contact ?? known_at.getTime(), after?.getTime() ?? 0);
  return new Date(Math.min(Math.max(guess(times, claimed, contact, received), earliest), received));
}

function guess({ posted_at, sent_at, elapsed_ms }: Times, claimed: number | null, contact: number | null, now: number) {
  // A contact that there was not makes everything that is told of it worthless.
  if (claimed !== null && contact === null) return now;
  if (contact !== null && elapsed_ms !== null) return contact + elapsed_ms;
  // How far the wall clock is off is the same at both readings, and falls out.
  return now - Math.max(sent_at.getTime() - posted_at.getTime(), 0);
}
