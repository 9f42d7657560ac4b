import { setTimeout as sleep } from "node:timers/promises";

/** What a closed loop of sessions reached: each waits for its answer before it asks again. */
export type Reached = { per_second: number; p50_ms: number; p99_ms: number };

/** Runs `sessions` closed loops for `seconds`, after a warm-up that does not count. */
export async function closedLoop(
  sessions: number,
  seconds: number,
  once: (session: number, n: number) => Promise<unknown>,
  warm_seconds = 0.5,
): Promise<Reached> {
  let latencies: number[] = [];
  let began = 0;
  let end = performance.now() + warm_seconds * 1000;
  const round = () =>
    Promise.all(
      Array.from({ length: sessions }, async (_, session) => {
        for (let n = 0; performance.now() < end; n++) {
          const asked = performance.now();
          await once(session, n);
          latencies.push(performance.now() - asked);
        }
      }),
    );
  await round();
  latencies = [];
  began = performance.now();
  end = began + seconds * 1000;
  await round();
  return summary(latencies, performance.now() - began);
}

/**
 * Sessions that each ask every `every_ms`, whether they were answered or not, spread over that time. A latency counts
 * from the instant at which the question was due, so that a stall is felt by all that it kept waiting.
 */
export async function pacedLoop(
  sessions: number,
  seconds: number,
  every_ms: number,
  once: (session: number, n: number) => Promise<unknown>,
  warm_seconds = 0.5,
): Promise<Reached> {
  const latencies: number[] = [];
  const began = performance.now();
  const counted = began + warm_seconds * 1000;
  const end = counted + seconds * 1000;
  const run = async (session: number) => {
    const asked: Promise<unknown>[] = [];
    for (let n = 0, due = began + (every_ms * session) / sessions; due < end; n++, due += every_ms) {
      await sleep(Math.max(0, due - performance.now()));
      // The timer's own lateness (up to 1 ms) is the machine's, not the answer's.
      const from = Math.max(due, Math.min(performance.now(), due + 1));
      const done = () => from >= counted && latencies.push(performance.now() - from);
      asked.push(once(session, n).then(done));
    }
    await Promise.all(asked);
  };
  await Promise.all(Array.from({ length: sessions }, (_, session) => run(session)));
  return summary(latencies, seconds * 1000);
}

export function summary(latencies: number[], elapsed_ms: number): Reached {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { per_second: latencies.length / (elapsed_ms / 1000), p50_ms: at(0.5), p99_ms: at(0.99) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
