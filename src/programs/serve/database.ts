import type pg from "pg";
import { parseIntoClientConfig } from "pg-connection-string";
import type { Logger } from "pino";
import { type DirectoryLock, holdLock } from "../../database/directory.ts";
import { type EmbeddedPostgres, startEmbedded } from "../../database/embedded.ts";
import { derivedPassword } from "../../database/migrate.ts";
import { keptAlive } from "../../kernel/silence.ts";

/** Longer than a database takes to answer, shorter than a person waits. */
const CONNECT_MILLISECONDS_MAX = 5_000;

function connectionAt(url: string): pg.ClientConfig {
  // What stands in the variable is never repeated: it may hold a password.
  const form = "DATABASE_URL must be an address such as postgresql://user:password@host:5432/database.";
  if (!/^(postgres|postgresql|socket):/.test(url)) throw new Error(form);
  try {
    const parsed = parseIntoClientConfig(url) as pg.ClientConfig;
    return { connectionTimeoutMillis: CONNECT_MILLISECONDS_MAX, ...keptAlive, ...parsed };
  } catch (cause) {
    throw new Error(form, { cause });
  }
}

export function databaseProblem(error: NodeJS.ErrnoException): never {
  const silent = /^(ECONN|ENO|EAI_|ETIMEDOUT|EHOST|ENET)/.test(error.code ?? "") || /timeout/i.test(error.message);
  const why = error.message || error.code;
  throw new Error(silent ? `the database at DATABASE_URL does not answer (${why}).` : `DATABASE_URL: ${why}`, {
    cause: error,
  });
}

export async function openDatabase(
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
