import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { pino } from "pino";
import { openDataDirectory } from "../src/database/directory.ts";
import { startEmbedded } from "../src/database/embedded.ts";
import { derivedPassword } from "../src/database/migrate.ts";
import { openWorld, type World } from "../src/world.ts";
import type { HttpLoad } from "./http_load.ts";
import type { Reached } from "./sessions.ts";

export type Cluster = { host: string; port: number; user: string; password: string; stop(): Promise<void> };

/** The PostgreSQL that everything of one run is measured on, with the settings that the product ships. */
export async function startCluster(): Promise<Cluster> {
  const directory = mkdtempSync(join(tmpdir(), "longwatch-bench-"));
  const postgres = await startEmbedded({ directory: await openDataDirectory(directory) });
  const { socketDirectory: host, port, superuser: user, password } = postgres;
  const stop = async () => {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const cluster = { host, port, user, password, stop };
  await writeLog(cluster);
  return cluster;
}

/** What PostgreSQL keeps of its log for reuse: `min_wal_size` of src/database/postmaster.ts. */
const LOG_MEGABYTES = 256;

/**
 * Makes the files of PostgreSQL's log, as a server has them that has been at work for a while: it uses them again after
 * a checkpoint. A new one has to be filled with zeros first, 60 ms in the middle of somebody's commit.
 */
async function writeLog(cluster: Cluster): Promise<void> {
  const megabyte = "pg_logical_emit_message(false, 'bench', repeat('x', 1024 * 1024))";
  await admin(cluster, "postgres", `select ${megabyte} from generate_series(1, ${LOG_MEGABYTES})`);
  await checkpoint(cluster);
}

/** Said before each round, so that none has to pay for what those before it wrote. */
export async function checkpoint(cluster: Cluster): Promise<void> {
  await admin(cluster, "postgres", "checkpoint");
}

/** A new database on the cluster, and a door to it. */
export async function openBenchWorld(cluster: Cluster, database: string): Promise<World & { operator: string }> {
  await admin(cluster, "postgres", `create database ${database}`);
  const { host, port, user, password } = cluster;
  const world = await openWorld({
    admin: { host, port, user, password, database },
    applicationPassword: derivedPassword(password),
    log: pino({ level: "warn" }, pino.destination(2)),
  });
  const issued = await world.door.sayInside(world.home_tenant_id, "operator", "token.issue", {});
  return { ...world, operator: (issued.output as { token: string }).token };
}

export async function closeBenchWorld(world: World): Promise<void> {
  await world.door.close();
  await world.database.end();
}

/** Runs SQL as the superuser. */
export async function admin(cluster: Cluster, database: string, sql: string): Promise<unknown[]> {
  const { host, port, user, password } = cluster;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Runs a program to its end and answers what it printed. Null when the program is not there. */
export async function output(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | null> {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  try {
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`${program} ended with ${code}`);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Runs the load over HTTP in a process of its own and answers what it reached. */
export async function httpLoad(load: HttpLoad): Promise<Reached> {
  const program = fileURLToPath(new URL("http_load.ts", import.meta.url));
  return JSON.parse((await output(process.execPath, [program, JSON.stringify(load)]))!);
}
