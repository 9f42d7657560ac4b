import { createHash } from "node:crypto";
import { journal, type StoredEntry } from "../src/rooms/ledger/index.ts";
import { checkpoint, type Cluster, closeBenchWorld, openBenchWorld } from "./cluster.ts";
import { closedLoop, median } from "./sessions.ts";

export const FEW = 1_000;
export const MANY = 1_000_000;
const NAMESPACE_TICKETS = 100_000;
const ROUNDS = 3;

export type HistoryRow = {
  queue_few_ms: number;
  queue_many_ms: number;
  filing_empty_ms: number;
  filing_full_ms: number;
  verify_seconds: number;
  raw_sha256_seconds: number;
  quiet_p99_ms: number;
  beside_load_p99_ms: number;
};

export type BenchWorld = Awaited<ReturnType<typeof openBenchWorld>>;

/** What must not grow with history: queue reads, filing; and what does, beside its floor: verifying. */
export async function history(cluster: Cluster, progress: (line: string) => void): Promise<HistoryRow> {
  const world = await openBenchWorld(cluster, "bench_history");
  const { door, operator } = world;
  for (const prefix of ["FULL", "EMPTY"])
    await door.say(operator, "namespace.define", { prefix, format: `${prefix}-NNNN` });
  await file(world, "FULL", 200);
  await narrate(world, FEW);
  const queue_few_ms = await queueRead(world);
  progress(`filing ${NAMESPACE_TICKETS.toLocaleString("en")} tickets into one namespace`);
  await file(world, "FULL", NAMESPACE_TICKETS);
  const filings: { full_ms: number; empty_ms: number }[] = [];
  for (let round = 0; round < ROUNDS; round++)
    filings.push({ full_ms: await filingMedian(world, "FULL"), empty_ms: await filingMedian(world, "EMPTY") });
  progress(`writing ${MANY.toLocaleString("en")} ledger entries`);
  await narrate(world, MANY);
  const queue_many_ms = await queueRead(world);
  progress("verifying them");
  const asked = performance.now();
  const verified = (await door.ask(operator, "ledger.verify", {})) as { whole: boolean; entries: number };
  const verify_seconds = (performance.now() - asked) / 1000;
  if (!verified.whole || verified.entries < MANY)
    throw new Error(`the ledger is not whole: ${JSON.stringify(verified)}`);
  const raw_sha256_seconds = await rawHash(world);
  progress("one tenant under load beside a quiet one");
  const fairness = await fair(cluster, world);
  await closeBenchWorld(world);
  return {
    queue_few_ms,
    queue_many_ms,
    filing_empty_ms: median(filings.map(({ empty_ms }) => empty_ms)),
    filing_full_ms: median(filings.map(({ full_ms }) => full_ms)),
    verify_seconds,
    raw_sha256_seconds,
    ...fairness,
  };
}

export async function file({ door, operator }: BenchWorld, namespace: string, count: number): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: 128 }, async () => {
      while (left-- > 0) await door.say(operator, "ticket.file", { namespace, title: "A ticket of the bench" });
    }),
  );
}

/** Writes entries as the kernel does, many to a transaction. */
export async function narrate({ database, home_tenant_id: tenant_id }: BenchWorld, count: number): Promise<void> {
  const caller = {
    tenant_id,
    tenant: "home",
    principal_id: 1,
    name: "operator",
    role: "operator",
    incarnation: null,
  } as const;
  for (let written = 0; written < count; written += 2_000) {
    const tx = await database.begin(tenant_id, "read write");
    const records = Array.from({ length: Math.min(2_000, count - written) }, (_, n) => {
      const data = {
        kind: "narrative",
        subject: `Entry ${written + n} of the bench`,
        body: "It says what a post says. ".repeat(4),
      };
      return { caller, command: "post.append", event: { kind: "post.appended", subject: null, data } };
    });
    journal.append(tx, await journal.lock(tx), records);
    await tx.commit();
  }
}

async function queueRead({ door, operator }: BenchWorld): Promise<number> {
  const { p50_ms } = await closedLoop(1, 2, () => door.ask(operator, "queue.read", {}));
  return p50_ms;
}

async function filingMedian({ door, operator }: BenchWorld, namespace: string): Promise<number> {
  const { p50_ms } = await closedLoop(1, 2, () => door.say(operator, "ticket.file", { namespace, title: "One more" }));
  return p50_ms;
}

/** The floor of verifying: nothing but SHA-256 over as many bytes in as many pieces, in memory. */
async function rawHash({ database, home_tenant_id }: BenchWorld): Promise<number> {
  const tx = await database.begin(home_tenant_id, "read only");
  const statement = {
    name: "bench_leaf",
    text: "select leaf from ledger.entries order by seq desc limit 1",
    parameters: [],
  };
  const [row] = await tx.all<StoredEntry>(statement);
  await tx.commit();
  const times = Array.from({ length: 3 }, () => {
    const began = performance.now();
    for (let n = 0; n < MANY; n++) createHash("sha256").update(row!.leaf).digest();
    return (performance.now() - began) / 1000;
  });
  return median(times);
}

/** A quiet tenant files once in 20 ms, alone and then beside another tenant's 64 sessions at full load. */
async function fair(cluster: Cluster, { door, operator }: BenchWorld) {
  const tenants = await Promise.all(
    ["loud", "quiet"].map(async (name) => {
      const { token } = (await door.say(operator, "tenant.open", { name })).output as { token: string };
      await door.say(token, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
      return token;
    }),
  );
  const [loud, quiet] = tenants as [string, string];
  const say = (token: string) => door.say(token, "ticket.file", { namespace: "CMB", title: "Between others" });
  const quietly = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const asked = performance.now();
    await say(quiet);
    return performance.now() - asked;
  };
  const sample = async () => {
    const times: number[] = [];
    while (times.length < 300) times.push(await quietly());
    return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
  };
  const besideLoad = async () => {
    let over = false;
    const load = Array.from({ length: 64 }, async () => {
      while (!over) await say(loud);
    });
    const p99_ms = await sample();
    over = true;
    await Promise.all(load);
    return p99_ms;
  };
  await sample();
  const rounds: { quiet_ms: number; beside_ms: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await checkpoint(cluster);
    rounds.push({ quiet_ms: await sample(), beside_ms: await besideLoad() });
  }
  return {
    quiet_p99_ms: median(rounds.map(({ quiet_ms }) => quiet_ms)),
    beside_load_p99_ms: median(rounds.map(({ beside_ms }) => beside_ms)),
  };
}
