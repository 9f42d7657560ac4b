import { randomBytes } from "node:crypto";
import { after } from "node:test";
import pg from "pg";
import { pino } from "pino";
import { Client } from "../src/client/client.ts";
import { derivedPassword, migrate } from "../src/database/migrate.ts";
import { Refusal } from "../src/kernel/refusal.ts";
import { type HttpOptions, httpServer } from "../src/surfaces/http/server.ts";
import { openWorld, type World } from "../src/world.ts";

/** The PostgreSQL that `test/run.ts` started for everybody. */
export type TestCluster = { host: string; port: number; user: string; password: string };

const TEMPLATE = "longwatch_template";

/** Makes the database that every test database is a copy of. */
export async function prepareTemplate(cluster: TestCluster, applicationPassword: string): Promise<void> {
  const client = new pg.Client({ ...cluster, database: "postgres" });
  await client.connect();
  await client.query(`create database ${TEMPLATE}`);
  await client.end();
  await migrate({ ...cluster, database: TEMPLATE }, applicationPassword);
}

function cluster(): TestCluster {
  const given = process.env.LONGWATCH_TEST_CLUSTER;
  if (!given) throw new Error("Run tests with npm test: it starts the PostgreSQL that they need.");
  return JSON.parse(given);
}

/** True in `npm run race`, `npm run drill` and `npm run interop`: the long forms. */
export const long = Boolean(process.env.LONGWATCH_LONG);

/** A new database, a copy of the template, dropped when the file's tests are over. */
export async function freshDatabase(): Promise<
  pg.ClientConfig & { host: string; port: number; user: string; password: string; database: string }
> {
  const database = `test_${randomBytes(6).toString("hex")}`;
  const admin = new pg.Client({ ...cluster(), database: "postgres" });
  await admin.connect();
  // Copies of one template have to take turns: PostgreSQL refuses a template that somebody else is reading.
  await admin.query("select pg_advisory_lock(1)");
  // Copying files is quicker than logging each page, as nothing else goes on in the template.
  await admin.query(`create database ${database} template ${TEMPLATE} strategy file_copy`);
  await admin.end();
  after(async () => {
    const client = new pg.Client({ ...cluster(), database: "postgres" });
    await client.connect();
    await client.query(`drop database if exists ${database} with (force)`);
    await client.end();
  });
  return { ...cluster(), database };
}

export type TestWorld = World & {
  admin: pg.ClientConfig;
  /** The operator's token. */
  operator: string;
  /** Says a command and answers its output. */
  say<Output = any>(token: string, name: string, input?: object, key?: string): Promise<Output>;
  /** Says a command that must be refused, and answers the refusal. */
  refused(token: string, name: string, input?: object, key?: string): Promise<Refusal>;
  ask<Output = any>(token: string, name: string, input?: object): Promise<Output>;
  /** Adopts a seat and answers its token. */
  seat(name: string, role?: string): Promise<string>;
  /** Runs SQL as a superuser, behind every wall. */
  sql(text: string, values?: unknown[]): Promise<any[]>;
  /** Runs SQL as the application's role, inside one tenant. */
  asApplication(text: string, values?: unknown[], tenant_id?: number): Promise<any[]>;
};

/** A world of its own: a database, a door, an operator. Everything is closed when the file's tests are over. */
export async function testWorld(options: { connections_max?: number } = {}): Promise<TestWorld> {
  const admin = await freshDatabase();
  const log = pino({ level: process.env.LONGWATCH_TEST_LOG ?? "silent" }, pino.destination(2));
  const applicationPassword = derivedPassword(admin.password);
  const world = await openWorld({ admin, applicationPassword, log, strict: true, ...options });
  const root = new pg.Client(admin);
  await root.connect();
  root.on("error", () => {});
  after(async () => {
    await world.door.close();
    await world.database.end();
    await root.end();
  });
  const issued = await world.door.sayInside(world.home_tenant_id, "operator", "token.issue", {});
  const operator = (issued.output as { token: string }).token;
  const say: TestWorld["say"] = async (token, name, input = {}, key) =>
    (await world.door.say(token, name, input, { key })).output as never;
  return {
    ...world,
    admin,
    operator,
    say,
    refused: async (token, name, input = {}, key) => {
      const answer = await say(token, name, input, key).catch((error) => error);
      if (answer instanceof Refusal) return answer;
      throw new Error(`${name} was not refused: ${answer instanceof Error ? answer.stack : JSON.stringify(answer)}`);
    },
    ask: async (token, name, input = {}) => (await world.door.ask(token, name, input)) as never,
    seat: async (name, role = "implementer") => (await say(operator, "seat.adopt", { name, role })).token,
    sql: async (text, values) => (await root.query(text, values)).rows,
    asApplication: async (text, values, tenant_id = world.home_tenant_id) => {
      const client = new pg.Client({ ...admin, user: "longwatch_app", password: applicationPassword });
      await client.connect();
      try {
        await client.query("select set_config('longwatch.tenant_id', $1, false)", [String(tenant_id)]);
        return (await client.query(text, values)).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/** The world with its HTTP server on a free port of loopback. */
export async function testServer(
  options: Pick<HttpOptions, "witness" | "webhooks"> = {},
): Promise<TestWorld & { url: string; client(token?: string): Client }> {
  const world = await testWorld();
  const log = pino({ level: process.env.LONGWATCH_TEST_LOG ?? "silent" }, pino.destination(2));
  const { door, catalogue, wakes, installation, publicLog } = world;
  const app = await httpServer({
    door,
    catalogue,
    wakes,
    installation,
    publicLog,
    ...options,
    log,
    health: async () => ({ state: "serving" }),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  after(() => {
    const closed = app.close();
    // A reader that left without a word would be waited for.
    app.server.closeAllConnections();
    return closed;
  });
  const url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`;
  return { ...world, url, client: (token = world.operator) => new Client({ url, token }) };
}

/** The error that a statement ended with; fails when it was accepted. */
export async function sqlError(
  statement: Promise<unknown>,
): Promise<{ code: string; message: string; constraint?: string }> {
  const outcome = await statement.then(
    () => null,
    (error) => error,
  );
  if (outcome === null) throw new Error("PostgreSQL accepted it");
  return outcome;
}
