import { pino } from "pino";
import { httpServer } from "../src/surfaces/http/server.ts";
import { checkpoint, type Cluster, closeBenchWorld, httpLoad, openBenchWorld } from "./cluster.ts";
import { insertsOfOneRow, insertsOfTheSameRows } from "./pgbench.ts";
import { closedLoop, median, type Reached } from "./sessions.ts";

const SECONDS = 3;
const ROUNDS = 3;
export const SESSIONS = [1, 8, 32, 64];
const DATABASE = "bench_filing";

export type FilingRow = {
  sessions: number;
  one_row: number | null;
  same_rows: number | null;
  door: Reached;
  http: Reached;
  http_keyed: Reached;
  claim: Reached;
};

type BenchWorld = Awaited<ReturnType<typeof openBenchWorld>>;

/** Filing and claiming, beside pgbench's durable inserts on the same server: medians of interleaved rounds. */
export async function filing(cluster: Cluster, progress: (line: string) => void): Promise<FilingRow[]> {
  const world = await openBenchWorld(cluster, DATABASE);
  const { door, catalogue, wakes, operator } = world;
  const log = pino({ level: "warn" }, pino.destination(2));
  const app = await httpServer({ door, catalogue, wakes, log, health: async () => ({ state: "serving" }) });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`;
  await door.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  const tokens = await adopt(world, Math.max(...SESSIONS));
  const rows: FilingRow[] = [];
  for (const sessions of SESSIONS) {
    const some = tokens.slice(0, sessions);
    const rounds: Omit<FilingRow, "sessions">[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      progress(`filing at ${sessions} sessions, round ${round} of ${ROUNDS}`);
      await checkpoint(cluster);
      const file = (session: number, n: number) =>
        door.say(some[session]!, "ticket.file", { namespace: "CMB", title: `Fix the login page ${n}` });
      rounds.push({
        one_row: await insertsOfOneRow(cluster, sessions, SECONDS),
        same_rows: await insertsOfTheSameRows(cluster, DATABASE, sessions, SECONDS),
        door: await closedLoop(sessions, SECONDS, file),
        http: await overHttp(url, some, false),
        http_keyed: await overHttp(url, some, true),
        // There is more to claim than a round can take: every filing above went into this lane.
        claim: await closedLoop(sessions, SECONDS, (session) =>
          door.say(some[session]!, "ticket.claim", { lane: "CMB" }),
        ),
      });
    }
    rows.push({ sessions, ...medians(rounds) });
  }
  await app.close();
  await closeBenchWorld(world);
  return rows;
}

async function adopt({ door, operator }: BenchWorld, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let n = 1; n <= count; n++) {
    const name = `BENCH-CLI-HOST-CMB-${String(n).padStart(2, "0")}`;
    const { output } = await door.say(operator, "seat.adopt", { name, role: "implementer" });
    tokens.push((output as { token: string }).token);
  }
  return tokens;
}

function overHttp(url: string, tokens: string[], keyed: boolean): Promise<Reached> {
  const body = JSON.stringify({ namespace: "CMB", title: "Fix the login page {n}" });
  return httpLoad({ url, tokens, seconds: SECONDS, path: "/v1/ticket/file", body, keyed });
}

function medians(rounds: Omit<FilingRow, "sessions">[]): Omit<FilingRow, "sessions"> {
  const of = (pick: (round: Omit<FilingRow, "sessions">) => number) => median(rounds.map(pick));
  const reached = (name: "door" | "http" | "http_keyed" | "claim"): Reached => ({
    per_second: of((round) => round[name].per_second),
    p50_ms: of((round) => round[name].p50_ms),
    p99_ms: of((round) => round[name].p99_ms),
  });
  const limit = (name: "one_row" | "same_rows") => {
    const limits = rounds.flatMap((round) => round[name] ?? []);
    return limits.length === 0 ? null : median(limits);
  };
  return {
    one_row: limit("one_row"),
    same_rows: limit("same_rows"),
    door: reached("door"),
    http: reached("http"),
    http_keyed: reached("http_keyed"),
    claim: reached("claim"),
  };
}
