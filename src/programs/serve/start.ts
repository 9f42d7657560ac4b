import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { openDataDirectory } from "../../database/directory.ts";
import type { Door, Lost } from "../../kernel/door.ts";
import { httpServer } from "../../surfaces/http/server.ts";
import { build, version } from "../../version.ts";
import { everyTenant, openWorld, type World } from "../../world.ts";
import { keptKey } from "../webhook/key.ts";
import { type Background, startBackground } from "./background.ts";
import { databaseProblem, openDatabase } from "./database.ts";
import { Losses } from "./losses.ts";
import { operatorToken, writeSecret } from "./operator.ts";

export type ServeSettings = {
  /** LONGWATCH_DATA; without it the system's place for data. */
  data: string | undefined;
  xdg_data_home: string | undefined;
  /** LONGWATCH_PORT; 0 takes any. */
  port: number;
  /** LONGWATCH_ANCHORS, where signed checkpoints are kept outside the database; else below the data directory. */
  anchors: string | undefined;
  /** LONGWATCH_WITNESSES: who cosigns; a file or JSON. LONGWATCH_S3: the bucket that keeps another copy. */
  witnesses: string | undefined;
  s3: string | undefined;
  /** DATABASE_URL; without it the embedded PostgreSQL. */
  database_url: string | undefined;
  log_level: string;
  stdout(text: string): void;
  stderr(text: string): void;
};

export type Started = {
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
    const losses = new Losses({ directory: join(directory, "losses"), log });
    const onLost = (lost: Lost) => losses.add(lost);
    const opening = openWorld({ admin, applicationPassword: password, log, onLost });
    const world = await (options.database_url === undefined ? opening : opening.catch(databaseProblem));
    undo.push(() => world.database.end());
    const { door, catalogue, wakes, installation, publicLog } = world;
    undo.push(() => losses.close());
    undo.push(() => door.close());
    const background = await startBackground({ ...options, world, directory, losses });
    undo.push(() => background.stop());
    const started_at = new Date();
    let closing = false;
    const health = async () => {
      const alarms = background.alarms();
      const about = { name: "longwatch", version, build: build(), started_at: started_at.toISOString(), alarms };
      if (closing) return { state: "closing" as const, ...about };
      const asked = world.database.pool.query("select 1").then(
        () => true,
        () => false,
      );
      const alive = await Promise.race([asked, sleep(HEALTH_MILLISECONDS_MAX, false, { ref: false })]);
      return { state: alive ? ("serving" as const) : ("database_away" as const), ...about };
    };
    const { witness } = background;
    const webhooks = {
      key: await keptKey(directory),
      tenantOf: async (name: string) =>
        (await everyTenant(world.database)).find((one) => one.name === name)?.id ?? null,
    };
    const app = await httpServer({
      ...{ door, catalogue, wakes, installation, publicLog, witness, webhooks, health, log },
      closing: () => closing,
    });
    await app.listen({ port: options.port, host: options.host });
    undo.push(async () => {
      closing = true;
      await closeInOrder(app, door, background);
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
/** Whoever asks for our health does not wait for a database that hangs. */
const HEALTH_MILLISECONDS_MAX = 2_000;
/** How long a caller may take to end a request that it has begun, and then an answer to leave. */
const ASK_MILLISECONDS_MAX = 2_000;
const ANSWER_MILLISECONDS_MAX = 500;

/** Answers what was accepted, then hangs up on those who have not even asked their question to its end. */
async function closeInOrder(app: FastifyInstance, door: Door, background: Background): Promise<void> {
  await sleep(TURN_AWAY_MILLISECONDS);
  const closed = app.close();
  await Promise.race([closed, sleep(ASK_MILLISECONDS_MAX, null, { ref: false })]);
  // What came last is signed as well, through the door while it is open.
  await background.stop();
  await door.close();
  await Promise.race([closed, sleep(ANSWER_MILLISECONDS_MAX, null, { ref: false })]);
  app.server.closeAllConnections();
  await closed;
}
