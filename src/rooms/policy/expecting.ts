import type { Ask } from "./authority/index.ts";

/**
 * Who was last told of seats that can do it instead. A guess, never an answer: where it says yes, the seats are read
 * in the flight that also reads what decides, so that a denial takes no round trip more than an allowed act. Where it
 * is wrong, they are read in vain, or a flight later.
 */
const REMEMBERED_MAX = 4_096;

const dispatched = new Set<string>();

type Request = { tenant_id: number; ask: Pick<Ask, "subject" | "action"> };

const keyOf = ({ tenant_id, ask: { subject, action } }: Request) => JSON.stringify([tenant_id, subject, action]);

/** Whether this one will probably be told of seats: it was, the last time it wanted to do such a thing. */
export function expectsSeats(request: Request): boolean {
  return dispatched.has(keyOf(request));
}

/** Remembers how it came out. */
export function cameOut(request: Request, wasToldOfSeats: boolean): void {
  const key = keyOf(request);
  dispatched.delete(key);
  if (!wasToldOfSeats) return;
  dispatched.add(key);
  if (dispatched.size > REMEMBERED_MAX) dispatched.delete(dispatched.keys().next().value!);
}
