import { isAway } from "../client/away.ts";
import type { Refusal } from "../kernel/refusal.ts";
import { handIn, type OnNews, type Server } from "./handing.ts";
import { refusalOf } from "./own_place.ts";
import type { Spool } from "./spool.ts";

/** What waits is confirmed within 30 s of a reconnection, of which the server may take 20 for who else was cut off. */
const AGAIN_MS = 2_000;
/** A refusal seldom passes by itself, and each is an entry. */
const REFUSED_AGAIN_MS = 60_000;

export type Told = { onNews: OnNews; onProblem(problem: Refusal): void };

/** Hands in again and again what waits in these spools, until the signal. What goes wrong is told, and tried again. */
export async function keepHandingIn(
  spools: () => readonly Spool[],
  server: Server,
  { onNews, onProblem }: Told,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let wait_ms = AGAIN_MS;
    const trying = async (work: () => unknown) => {
      try {
        await work();
      } catch (error) {
        if (isAway(error)) return;
        onProblem(refusalOf(error));
        wait_ms = REFUSED_AGAIN_MS;
      }
    };
    await trying(async () => {
      for (const spool of spools()) if (spool.waits) await trying(() => handIn(spool, server, onNews));
    });
    // Not all at once: a server that comes back finds everybody waiting.
    await pause(wait_ms * (0.75 + Math.random() / 2), signal);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      done();
    };
    const timer = setTimeout(over, milliseconds);
    if (signal.aborted) over();
    else signal.addEventListener("abort", over);
  });
}
