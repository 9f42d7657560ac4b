/** How the walks wait: for a state and never for a time, as no machine is as fast as another one. */

/** How long for what has to come. Only a failure takes as long: it may be far more than a slow machine needs. */
export const PATIENCE_MS = 120_000;
/** How long a page may take to come together, with its letters and its answers: on the way it is not as it will be. */
const COMING_TOGETHER_MS = 60_000;
const LOOK_MS = 50;

const pause = () => new Promise((done) => setTimeout(done, LOOK_MS));

/** What comes about in its own time: looks again until there is something. */
export async function until<Found>(what: string, look: () => Promise<Found | false | null | undefined>) {
  for (const began = Date.now(); Date.now() - began < PATIENCE_MS; await pause()) {
    const found = await look();
    if (found) return found as Found & {};
  }
  throw new Error(`no ${what} in ${PATIENCE_MS / 1_000} s`);
}

let hasFailed = false;

/**
 * What is wrong with a page, and does not pass: looks again while something is found. Where that was so to the end, the
 * file fails, and what is wrong besides is told without waiting.
 */
export async function lasting<Fault>(look: () => Promise<Fault[]>): Promise<Fault[]> {
  const began = Date.now();
  for (;;) {
    const found = await look();
    if (found.length === 0) return found;
    hasFailed ||= Date.now() - began > COMING_TOGETHER_MS;
    if (hasFailed) return found;
    await pause();
  }
}
