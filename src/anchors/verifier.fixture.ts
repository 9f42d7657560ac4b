import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { pino } from "pino";
import type { TestWorld } from "../../test/harness.ts";
import { Signers } from "./signers.ts";
import { ENTRIES_A_SLICE, Verifier, type VerifierOptions } from "./verifier.ts";

export const log = pino({ level: "silent" });
/** Two slices and a part of a third. */
export const ENTRIES = 2 * ENTRIES_A_SLICE + 100;

export async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "longwatch-verifier-"));
  after(() => rm(path, { recursive: true, force: true }));
  return path;
}

export type Ledger = Awaited<ReturnType<typeof signedLedger>>;

/** A tenant whose ledger is signed to its end, with a verifier that is driven by hand. */
export async function signedLedger(world: TestWorld, name: string, entries = ENTRIES) {
  const { token } = await world.say(world.operator, "tenant.open", { name });
  const [tenant] = (await world.sql("select id, name from kernel.tenants where name = $1", [name])) as [
    { id: number; name: string },
  ];
  const post = (n: number) => world.say(token, "post.append", { subject: `post ${n}`, personal: n === 700 });
  for (let n = 0; n < entries; n += 200)
    await Promise.all(Array.from({ length: Math.min(200, entries - n) }, (_, at) => post(n + at)));
  const tenants = async () => [tenant];
  const [anchors, keys, memory] = await Promise.all([directory(), directory(), directory()]);
  const signers = new Signers({ ...world, tenants, anchors, keys, log });
  // To stop is to sign what is there.
  await signers.stop();
  world.keepOutside(signers);
  const more = { tenants, outside: signers, memory, log };
  const verifierWith = (options: Partial<VerifierOptions> = {}) =>
    new Verifier({ ...world, ...more, holds: () => true, ...options });
  const verifier = verifierWith();
  const coverage = () => {
    world.keepOutside(signers);
    return world.ask(token, "ledger.coverage");
  };
  const checks = () =>
    world.sql("select whole from ledger.verifications where tenant_id = $1 order by id", [tenant.id]);
  const told = () =>
    world.sql("select seq from ledger.entries where tenant_id = $1 and kind = 'ledger.found_broken'", [tenant.id]);
  return { token, tenant, verifier, verifierWith, coverage, checks, told, anchors, keys };
}

/** Changes what is stored, as a superuser who has switched every trigger off. `$t` stands for the tenant's id. */
export async function tamper(
  world: TestWorld,
  { tenant }: Pick<Ledger, "tenant">,
  statements: string[],
): Promise<void> {
  await world.sql("set session_replication_role = replica");
  const tables = ["entries", "anchors", "tiles", "payloads"];
  for (const table of tables) await world.sql(`alter table ledger.${table} disable trigger all`);
  for (const statement of statements) await world.sql(statement.replaceAll("$t", String(tenant.id)));
  for (const table of tables) {
    await world.sql(`alter table ledger.${table} enable trigger all`);
    const always = await world.sql(
      `select tgname from pg_trigger where tgrelid = 'ledger.${table}'::regclass and not tgisinternal`,
    );
    for (const { tgname } of always) await world.sql(`alter table ledger.${table} enable always trigger ${tgname}`);
  }
  await world.sql("set session_replication_role = origin");
}

export const at = (seq: number) => `where tenant_id = $t and seq = ${seq}`;
export const flip = (column: string) => `set_byte(${column}, 9, get_byte(${column}, 9) # 1)`;
