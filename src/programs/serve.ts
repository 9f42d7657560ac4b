import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { parseIntoClientConfig } from "pg-connection-string";
import { type Logger, pino } from "pino";
import { type DirectoryLock, holdLock, openDataDirectory } from "../database/directory.ts";
import { type EmbeddedPostgres, startEmbedded } from "../database/embedded.ts";
import { derivedPassword } from "../database/migrate.ts";
import type { Door } from "../kernel/door.ts";
import { Refusal } from "../kernel/refusal.ts";
import { startClock } from "../surfaces/clock/clock.ts";
import { httpServer } from "../surfaces/http/server.ts";
import { build, version } from "../version.ts";
import { openWorld, tenantIds, type World } from "../world.ts";

export type ServeSettings = {
  /** LONGWATCH_DATA; without it the system's place for data. */
  data: string | undefined;
  xdg_data_home: string | undefined;
  /** LONGWATCH_PORT; 0 takes any. */
  port: number;
  /** DATABASE_URL; without it the embedded PostgreSQL. */
  database_url: string | undefined;
  log_level: string;
  stdout(text: string): void;
  stderr(text: string): void;
};

const USAGE = `usage: longwatch serve [--json] [--port N] [--host ADDRESS]

  --json          print one line of JSON when it serves: {"url","operator_token","pid"}
  --port N        the port, instead of LONGWATCH_PORT (4780); 0 takes any
  --host ADDRESS  the address to listen on (127.0.0.1). Another than loopback needs a TLS proxy in front.
`;

/** Runs the server until it is told to stop. */
export async function main(argv: string[], settings: ServeSettings): Promise<number> {
  const { stdout, stderr } = settings;
  let flags: { json?: boolean; port?: string; host?: string; help?: boolean };
  try {
    const options = {
      json: { type: "boolean" },
      port: { type: "string" },
      host: { type: "string" },
      help: { type: "boolean", short: "h" },
    } as const;
    flags = parseArgs({ args: argv, options }).values;
  } catch (error) {
    stderr(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  if (flags.help) {
    stdout(USAGE);
    return 0;
  }
  const port = flags.port === undefined ? settings.port : Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    stderr(`The port must be a number from 0 to 65535.\n`);
    return 2;
  }
  const log = pino({ level: settings.log_level, base: { pid: process.pid } }, pino.destination(2));
  // Before the start: who is told to stop half-way still stops the PostgreSQL that it has begun.
  const told = untilToldToStop(stderr, flags.json ?? false);
  try {
    const server = await start({ ...settings, port, host: flags.host ?? "127.0.0.1", log });
    if (flags.json)
      stdout(`${JSON.stringify({ url: server.url, operator_token: server.operator_token, pid: process.pid })}\n`);
    else stdout(await greeting(server));
    await told;
    await server.stop();
    return 0;
  } catch (error) {
    stderr(`Longwatch cannot start: ${startProblem(error as NodeJS.ErrnoException, port)}\n`);
    return 1;
  }
}

function startProblem(error: NodeJS.ErrnoException, port: number): string {
  if (error.code === "EADDRINUSE") return `port ${port} is in use. Set LONGWATCH_PORT to another (0 takes any).`;
  return error.message;
}

type Started = {
  url: string;
  operator_token: string;
  world: World;
  first: boolean;
  stop(): Promise<void>;
};

/** Starts everything in order, and undoes what was begun when a later step fails. */
export async function start(
  options: Omit<ServeSettings, "stdout" | "stderr" | "log_level"> & { host: string; log: Logger },
): Promise<Started> {
  const { log } = options;
  const directory = await openDataDirectory(options.data, options.xdg_data_home);
  const undo: (() => Promise<unknown> | void)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) {
      // One that fails must not keep the others from their turn: PostgreSQL comes last.
      await Promise.resolve(step()).catch((error) =>
        log.error({ err: error }, "a part of the server did not end in order"),
      );
    }
  };
  try {
    const { admin, password, lock } = await openDatabase(options.database_url, directory, log, undo);
    const opening = openWorld({ admin, applicationPassword: password, log });
    const world = await (options.database_url === undefined ? opening : opening.catch(databaseProblem));
    undo.push(() => world.database.end());
    const started_at = new Date();
    let closing = false;
    const health = async () => {
      const about = { name: "longwatch", version, build: build(), started_at: started_at.toISOString() };
      if (closing) return { state: "closing" as const, ...about };
      const alive = await world.database.pool.query("select 1").then(
        () => true,
        () => false,
      );
      return { state: alive ? ("serving" as const) : ("database_away" as const), ...about };
    };
    const { door, catalogue, wakes } = world;
    const app = await httpServer({ door, catalogue, wakes, health, log, closing: () => closing });
    const clock = startClock(door, () => tenantIds(world.database), log);
    undo.push(() => door.close());
    await app.listen({ port: options.port, host: options.host });
    undo.push(async () => {
      closing = true;
      clock.stop();
      await closeInOrder(app, door);
    });
    const { port } = app.server.address() as { port: number };
    const url = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`;
    const { token: operator_token, first } = await operatorToken(world, directory);
    await writeSecret(join(directory, "client.json"), JSON.stringify({ url, token: operator_token }));
    await lock?.record(url);
    return { url, operator_token, world, first, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * For how long the port still answers, with a refusal and a hang-up. Without it, who connects or asks again over a kept
 * connection at that moment would find it cut and could not tell whether the command was done.
 */
const TURN_AWAY_MILLISECONDS = 200;
/** How long a caller may take to end a request that it has begun, and then an answer to leave. */
const ASK_MILLISECONDS_MAX = 2_000;
const ANSWER_MILLISECONDS_MAX = 500;

/** Answers what was accepted, then hangs up on those who have not even asked their question to its end. */
async function closeInOrder(app: FastifyInstance, door: Door): Promise<void> {
  await sleep(TURN_AWAY_MILLISECONDS);
  const closed = app.close();
  await Promise.race([closed, sleep(ASK_MILLISECONDS_MAX)]);
  await door.close();
  await Promise.race([closed, sleep(ANSWER_MILLISECONDS_MAX)]);
  app.server.closeAllConnections();
  await closed;
}

/** Longer than a database takes to answer, shorter than a person waits. */
const CONNECT_MILLISECONDS_MAX = 5_000;

function connectionAt(url: string): pg.ClientConfig {
  // What stands in the variable is never repeated: it may hold a password.
  const form = "DATABASE_URL must be an address such as postgresql://user:password@host:5432/database.";
  if (!/^(postgres|postgresql|socket):/.test(url)) throw new Error(form);
  try {
    const parsed = parseIntoClientConfig(url) as pg.ClientConfig;
    return { connectionTimeoutMillis: CONNECT_MILLISECONDS_MAX, ...parsed };
  } catch (cause) {
    throw new Error(form, { cause });
  }
}

function databaseProblem(error: NodeJS.ErrnoException): never {
  const silent = /^(ECONN|ENO|EAI_|ETIMEDOUT|EHOST|ENET)/.test(error.code ?? "") || /timeout/i.test(error.message);
  const why = error.message || error.code;
  throw new Error(silent ? `the database at DATABASE_URL does not answer (${why}).` : `DATABASE_URL: ${why}`, {
    cause: error,
  });
}

async function openDatabase(
  url: string | undefined,
  directory: string,
  log: Logger,
  undo: (() => Promise<unknown> | void)[],
) {
  if (url !== undefined) {
    const admin = connectionAt(url);
    const password = typeof admin.password === "string" ? derivedPassword(admin.password) : null;
    return { admin, password, lock: null };
  }
  const postgres: EmbeddedPostgres = await startEmbedded({ directory, log: (line) => log.info(line) });
  const connection = {
    host: postgres.socketDirectory,
    port: postgres.port,
    user: postgres.superuser,
    password: postgres.password,
    database: "postgres",
  };
  let lock: DirectoryLock;
  try {
    lock = await holdLock(connection, directory, (error) => {
      log.fatal(error.message);
      process.kill(process.pid, "SIGTERM");
    });
  } catch (error) {
    // Somebody else serves from this directory; the database is theirs.
    postgres.leave();
    throw error;
  }
  undo.push(
    () => postgres.stop(),
    () => lock.release(),
  );
  return { admin: connection, password: derivedPassword(postgres.password), lock };
}

/** The operator's token on this machine: the one of the last start while it holds, else a new one. */
async function operatorToken(world: World, directory: string): Promise<{ token: string; first: boolean }> {
  const kept = await readFile(join(directory, "client.json"), "utf8").then(
    (text) => JSON.parse(text),
    () => null,
  );
  if (typeof kept?.token === "string") {
    const caller = await world.door.identify(kept.token).catch((error) => {
      if (error instanceof Refusal && error.kind === "unauthenticated") return null;
      throw error;
    });
    if (caller?.role === "operator" && caller.tenant_id === world.home_tenant_id)
      return { token: kept.token, first: false };
  }
  const { output } = await world.door.sayInside(world.home_tenant_id, "operator", "token.issue", {});
  return { token: (output as { token: string }).token, first: kept === null };
}

async function writeSecret(path: string, text: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(`${path}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

async function greeting({ url, world, first }: Started): Promise<string> {
  const link = await signInLink(world, url);
  const seat = `CLAUDE-CLI-${hostname()
    .split(".")[0]!
    .replace(/[^A-Za-z0-9-]/g, "")}-MAIN-01`;
  return `
Longwatch ${version} serves at ${url}

  Sign in (once, within 15 minutes):
    ${link}

  Connect an agent${first ? " (your first)" : ""}:
    npx longwatch seat adopt --name ${seat} --role implementer
    claude mcp add --transport http longwatch ${url}/mcp --header "Authorization: Bearer <its token>"

  Watch a fleet at work:
    npm run demo

  Ctrl-C stops it. Nothing is sent anywhere else.
`;
}

async function signInLink(world: World, url: string): Promise<string> {
  const issued = await world.door.sayInside(world.home_tenant_id, "operator", "token.issue", { scope: "sign_in" });
  return `${url}/sign-in?code=${(issued.output as { token: string }).token}`;
}

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process without ceremony; the database bears it. */
function untilToldToStop(stderr: (text: string) => void, quiet: boolean): Promise<void> {
  return new Promise((resolve) => {
    let told = false;
    const onSignal = () => {
      if (told) process.exit(130);
      told = true;
      if (!quiet) stderr("\nLongwatch finishes what it accepted, then stops.\n");
      resolve();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
