import { pino } from "pino";
import { httpServer } from "../src/surfaces/http/server.ts";
import { admin, checkpoint, type Cluster, closeBenchWorld, httpLoad, openBenchWorld } from "./cluster.ts";
import { pacedInserts } from "./pgbench.ts";
import { closedLoop, median, pacedLoop, type Reached, summary } from "./sessions.ts";

const SECONDS = 2;
const ROUNDS = 3;
const ASKERS = 64;
/** An agent asks before each protected act; one each 100 ms is a fleet at its busiest. */
const EVERY_MS = 100;
/** The fleet: one asker in four is a leader and is denied with offers, the others hold a claim and are allowed. */
const IDLE = 40;
const AWAY = 96;

/**
 * `insert_paced` is the limit line: a bare durable row at the same pace, by as many clients; null without pgbench.
 * `served` is what `http_paced` was inside the server: from a request's arrival to its answer handed to the system.
 */
export type DecidingRow = {
  insert_paced: { p50_ms: number; p99_ms: number } | null;
  door: Reached;
  http: Reached;
  door_paced: Reached;
  http_paced: Reached;
  served_paced: Reached;
};

const ACT = {
  action: "push",
  resource_type: "branch",
  resource_id: "origin/main",
  resource_properties: { production: true },
};
/** The same in AuthZEN's words. */
const EVALUATION = JSON.stringify({
  subject: { type: "seat", id: "me" },
  action: { name: "push" },
  resource: { type: "branch", id: "origin/main", properties: { production: true } },
});

/** Decisions in a fleet of 200 seats: closed loops, and askers at a pace. Medians of interleaved rounds. */
export async function deciding(cluster: Cluster, progress: (line: string) => void): Promise<DecidingRow> {
  const database = "bench_deciding";
  const world = await openBenchWorld(cluster, database);
  const { door, catalogue, wakes } = world;
  const log = pino({ level: "warn" }, pino.destination(2));
  const app = await httpServer({ door, catalogue, wakes, log, health: async () => ({ state: "serving" }) });
  let served: number[] = [];
  app.server.prependListener("request", (_, response) => {
    const arrived = performance.now();
    response.once("finish", () => served.push(performance.now() - arrived));
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`;
  const tokens = await fleet(world);
  const decide = (session: number) => door.say(tokens[session]!, "policy.decide", ACT);
  const load = { url, tokens, seconds: SECONDS, path: "/access/v1/evaluation", body: EVALUATION, keyed: false };
  const rounds: DecidingRow[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`${ASKERS} who ask for decisions, round ${round} of ${ROUNDS}`);
    await checkpoint(cluster);
    const insert_paced = await pacedInserts(cluster, {
      clients: ASKERS,
      seconds: SECONDS,
      per_second: (ASKERS * 1000) / EVERY_MS,
    });
    const [door_closed, http] = [await closedLoop(ASKERS, SECONDS, decide), await httpLoad(load)];
    const door_paced = await pacedLoop(ASKERS, SECONDS, EVERY_MS, decide);
    served = [];
    const http_paced = await httpLoad({ ...load, every_ms: EVERY_MS });
    // The load's warm-up counts here: it is at the same pace.
    const served_paced = { ...summary(served, 1000), per_second: http_paced.per_second };
    rounds.push({ insert_paced, door: door_closed, http, door_paced, http_paced, served_paced });
  }
  const [{ denied, offered }] = (await admin(
    cluster,
    database,
    `select count(*) filter (where effect = 'deny')::float / count(*) as denied,
       count(*) filter (where protocol ->> 'via' = 'dispatch')::float / count(*) as offered from policy.decisions`,
  )) as [{ denied: number; offered: number }];
  // What was measured is what was meant: a quarter is denied, and each of those looked for seats.
  if (Math.abs(denied - 0.25) > 0.05 || offered !== denied)
    throw new Error(`${denied} of the decisions were denied, ${offered} with seats`);
  await app.close();
  await closeBenchWorld(world);
  const middle = (name: Exclude<keyof DecidingRow, "insert_paced">): Reached => ({
    per_second: median(rounds.map((row) => row[name].per_second)),
    p50_ms: median(rounds.map((row) => row[name].p50_ms)),
    p99_ms: median(rounds.map((row) => row[name].p99_ms)),
  });
  const inserts = rounds.flatMap(({ insert_paced }) => (insert_paced === null ? [] : [insert_paced]));
  const insert_paced = {
    p50_ms: median(inserts.map(({ p50_ms }) => p50_ms)),
    p99_ms: median(inserts.map(({ p99_ms }) => p99_ms)),
  };
  return {
    insert_paced: inserts.length === 0 ? null : insert_paced,
    door: middle("door"),
    http: middle("http"),
    door_paced: middle("door_paced"),
    http_paced: middle("http_paced"),
    served_paced: middle("served_paced"),
  };
}

/** Adopts 200 seats and answers the askers' tokens: every fourth is a leader's. */
async function fleet({ door, operator }: Awaited<ReturnType<typeof openBenchWorld>>): Promise<string[]> {
  await door.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  const tokens: string[] = [];
  for (let n = 0; n < ASKERS + IDLE + AWAY; n++) {
    const isAsker = n < ASKERS;
    const name = `BENCH-CLI-HOST-${isAsker ? "CMB" : "IOS"}-${100 + n}`;
    const role = isAsker && n % 4 === 0 ? "strategist" : "implementer";
    const { token } = (await door.say(operator, "seat.adopt", { name, role })).output as { token: string };
    if (isAsker) tokens.push(token);
    if (isAsker && role === "implementer") {
      await door.say(operator, "ticket.file", { namespace: "CMB", title: `Fix the login page ${n}` });
      await door.say(token, "ticket.claim", { lane: "CMB", lease_seconds: 3600 });
    }
    const isIdle = n >= ASKERS && n < ASKERS + IDLE;
    if (!isIdle) await door.say(token, "seat.beat", { status: isAsker ? "busy" : "blocked" });
  }
  return tokens;
}
