import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { admin, type Cluster, output } from "./cluster.ts";
import { summary } from "./sessions.ts";

/**
 * The limit lines: PostgreSQL's own pgbench, a client in C, on the same server with the same durability. Each answers
 * null when pgbench is not installed.
 */

const ONE_ROW = "insert into limit_line (value) values ('x');\n";

/** What a filing writes, as plain rows: nobody gives the number, nothing is hashed, and no chain is held. */
const SAME_ROWS = `\\set n random(1, 1000000000000)
begin;
insert into limit_tickets (tenant_id, id, state, priority, namespace, lane, title, filed_by, filed_at)
  values (1, 'CMB-' || :n, 'awaiting_claim', 2, 'CMB', 'CMB', 'Fix the login page', 1, statement_timestamp());
insert into limit_entries (tenant_id, seq, at, kind, principal_id, subject, leaf, entry_hash)
  values (1, :n, statement_timestamp(), 'ticket.filed', 1, 'CMB-' || :n, repeat('x', 300)::bytea,
    repeat('x', 32)::bytea);
commit;
`;

/** Durable inserts of one bare row a transaction, a second. */
export async function insertsOfOneRow(cluster: Cluster, clients: number, seconds: number): Promise<number | null> {
  return perSecond(await pgbench(cluster, "postgres", ONE_ROW, { clients, seconds }));
}

/**
 * Durable transactions that insert a ticket's row and an entry's row into tables with the same columns, indexes and
 * checks as `database` has them, a second.
 */
export async function insertsOfTheSameRows(
  cluster: Cluster,
  database: string,
  clients: number,
  seconds: number,
): Promise<number | null> {
  await admin(
    cluster,
    database,
    `create table if not exists limit_tickets (like tickets.tickets including all);
     create table if not exists limit_entries (like ledger.entries including all)`,
  );
  return perSecond(await pgbench(cluster, database, SAME_ROWS, { clients, seconds }));
}

/** How long the insert of one bare row takes at a pace, in ms from when it was due. */
export async function pacedInserts(
  cluster: Cluster,
  load: { clients: number; seconds: number; per_second: number },
): Promise<{ p50_ms: number; p99_ms: number } | null> {
  const run = await pgbench(cluster, "postgres", ONE_ROW, load);
  if (run === null) return null;
  const latencies = run.log.map((line) => Number(line.split(" ")[2]) / 1000);
  return summary(latencies, load.seconds * 1000);
}

type Load = { clients: number; seconds: number; per_second?: number };
type Run = { text: string; log: string[] };

/** One run of a script: what pgbench printed and, at a pace, the lines of its log, one for each transaction. */
async function pgbench(cluster: Cluster, database: string, script: string, load: Load): Promise<Run | null> {
  await admin(cluster, "postgres", "create table if not exists limit_line (id bigserial primary key, value text)");
  const directory = mkdtempSync(join(tmpdir(), "longwatch-pgbench-"));
  const file = join(directory, "insert.sql");
  const { clients, seconds, per_second } = load;
  const pace = per_second === undefined ? [] : ["-R", `${per_second}`, "-l", "--log-prefix", join(directory, "log")];
  const args = ["-h", cluster.host, "-p", `${cluster.port}`, "-U", cluster.user, "-n", "-M", "prepared", "-f", file];
  try {
    writeFileSync(file, script);
    const asked = [...args, "-c", `${clients}`, "-j", `${Math.min(clients, 2)}`, "-T", `${seconds}`, ...pace, database];
    const text = await output("pgbench", asked, { ...process.env, PGPASSWORD: cluster.password });
    if (text === null) return null;
    const logs = readdirSync(directory).filter((name) => name.startsWith("log"));
    const lines = (name: string) => readFileSync(join(directory, name), "utf8").trimEnd().split("\n");
    return { text, log: logs.flatMap(lines) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function perSecond(run: Run | null): number | null {
  const found = /tps = ([\d.]+)/.exec(run?.text ?? "");
  return found ? Number(found[1]) : null;
}
