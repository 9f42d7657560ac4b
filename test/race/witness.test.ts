import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import pg from "pg";
import { pino } from "pino";
import { openWitnessKey } from "../../src/anchors/witness_key.ts";
import { anotherDoor, applicationConfig } from "../../src/kernel/door.fixture.ts";
import { Database } from "../../src/kernel/database.ts";
import { operations } from "../../src/rooms/ledger/index.ts";
import { httpServer } from "../../src/surfaces/http/server.ts";
import { type OwnLog, ownLog, post } from "../../src/surfaces/http/witness.fixture.ts";
import { parseVerifier } from "../../src/tlog/note.ts";
import { considerCheckpoint, parseAddCheckpoint } from "../../src/tlog/witness.ts";
import { long, testServer } from "../harness.ts";

/**
 * The race that C2SP tlog-witness prints: A of size N is considered, B of size N+K is considered and stored, A is
 * stored late and takes K entries back; or both follow from the same tree, and two forks are cosigned.
 */
const ASKERS = 12;
const SIZE_MAX = 150;
const ROUNDS = long ? 20 : 3;
/** A mutant that lives through so many rounds is not found by its check. Most die in the first. */
const ROUNDS_MAX = 25;

type Answered = { status: number; body: string };
type Ask = (asker: number, body: string) => Promise<Answered>;
/** A step that was cosigned, or a size that was told; `known` is the largest that anybody had heard of before. */
type Heard = { cosigned: boolean; from: number; to: number; known: number };

const directory = await mkdtemp(join(tmpdir(), "longwatch-witness-race-"));
after(() => rm(directory, { recursive: true, force: true }));
const { cosign } = await openWitnessKey(directory);
const world = await testServer({ witness: { tenant_id: 1, cosign } });
const second = await secondServer();

/** Another node of the installation, on the same database. */
async function secondServer(): Promise<string> {
  const { door, wakes } = anotherDoor(world);
  const log = pino({ level: "silent" });
  const { catalogue } = world;
  const witness = { tenant_id: 1, cosign };
  const app = await httpServer({ door, catalogue, wakes, log, witness, health: async () => ({ state: "serving" }) });
  await app.listen({ host: "127.0.0.1", port: 0 });
  after(() => app.close());
  return `http://127.0.0.1:${(app.server.address() as { port: number }).port}`;
}

/** Every asker goes on from where it believes the witness to be, as far as it likes; a refusal tells it better. */
async function race(log: OwnLog, ask: Ask): Promise<Heard[]> {
  const heard: Heard[] = [];
  let largest = 0;
  await Promise.all(
    Array.from({ length: ASKERS }, async (_, asker) => {
      for (let from = 0; from < SIZE_MAX;) {
        const to = Math.min(SIZE_MAX, from + 1 + Math.floor(Math.random() * 9));
        const request = await log.request(from, to);
        const known = largest;
        const { status, body } = await ask(asker, request);
        if (status !== 200) assert.equal(status, 409, body);
        const size = status === 200 ? to : Number(body);
        heard.push({ cosigned: status === 200, from, to: size, known });
        largest = Math.max(largest, size);
        from = size;
      }
    }),
  );
  return heard;
}

/** One line from nothing to the memory: no tree was followed twice, none was taken back. */
function witnessFaults(heard: readonly Heard[], remembered: number): string[] {
  const faults = new Set<string>();
  if (heard.some(({ to, known }) => to < known)) faults.add("taken back");
  const steps = heard.filter(({ cosigned }) => cosigned).toSorted((one, other) => one.from - other.from);
  let size = 0;
  for (const { from, to } of steps) {
    if (from < size) faults.add("forked");
    size = Math.max(size, to);
  }
  if (remembered !== size) faults.add("taken back");
  return [...faults];
}

async function remembered(origin: string): Promise<number> {
  const { logs } = await world.ask(world.operator, "witness.list");
  return logs.find((log: { origin: string }) => log.origin === origin).size;
}

async function watched(origin: string): Promise<OwnLog> {
  const log = ownLog(origin, { size_max: SIZE_MAX });
  await world.say(world.operator, "witness.watch", { origin, vkey: log.vkey });
  return log;
}

describe("A witness that many ask at once", () => {
  it("cosigns one line of trees, on two servers of one database", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const log = await watched(`served.example/${round}`);
      const heard = await race(log, (asker, body) =>
        post(`${asker % 2 === 0 ? world.url : second}/witness/add-checkpoint`, body),
      );
      const count = heard.filter(({ cosigned }) => cosigned).length;
      assert.ok(count > SIZE_MAX / 9 && count < heard.length, `${count} of ${heard.length} were cosigned`);
      assert.deepEqual(witnessFaults(heard, await remembered(log.origin)), []);
    }
  });

  it("needs no other lock for that than its own row's", async () => {
    const config = await applicationConfig(world);
    const database = new Database({ ...config, max: ASKERS });
    after(() => database.end());
    const service = { name: "longwatch", role: "steward", inside: true } as const;
    const caller = { tenant_id: 1, tenant: "home", principal_id: 0, ...service };
    const consider = async (body: string): Promise<Answered> => {
      // The command without the door, which would lock the ledger's head first.
      const db = await database.begin(1, "read write");
      const nobody = { record: () => {}, authorityChanged: () => {}, at: async () => new Date() };
      const calls = [{ caller: { ...caller, incarnation: null }, input: { body } }];
      const [act] = await operations.consider.run({ tenant_id: 1, db, ...nobody } as never, calls);
      await db.commit();
      return (act as { output: Answered }).output;
    };
    for (let round = 0; round < ROUNDS; round++) {
      const log = await watched(`bare.example/${round}`);
      const heard = await race(log, (_, body) => consider(body));
      assert.deepEqual(witnessFaults(heard, await remembered(log.origin)), []);
    }
  });
});

/** Known-wrong ways to remember what was considered, each in one statement after the reading. */
const mutants = {
  "stores what it considered": { breaks: "taken back", store: "update bare_memory set size = $1, root = $2" },
  "stores what is larger than what is there": {
    breaks: "forked",
    store: "update bare_memory set size = $1, root = $2 where size <= $1",
  },
};

describe("A witness that", () => {
  const pool = new pg.Pool({ ...world.admin, max: ASKERS });
  after(() => pool.end());
  for (const [name, { breaks, store }] of Object.entries(mutants))
    it(`${name} is found: ${breaks}`, async () => {
      const log = ownLog("mutant.example", { size_max: SIZE_MAX });
      const verifiers = [parseVerifier(log.vkey)];
      const found = new Set<string>();
      for (let round = 0; round < ROUNDS_MAX && !found.has(breaks); round++) {
        await pool.query("drop table if exists bare_memory; create table bare_memory (size bigint, root bytea)");
        await pool.query("insert into bare_memory values (0, null)");
        const heard = await race(log, async (_, body) => {
          const { rows } = await pool.query("select size, root from bare_memory");
          const known = rows[0].root === null ? null : rows[0];
          const answer = considerCheckpoint({ known, verifiers, request: parseAddCheckpoint(body) });
          if (answer.status === 200) await pool.query(store, [answer.next.size, answer.next.root]);
          return answer;
        });
        const { rows } = await pool.query("select size from bare_memory");
        for (const fault of witnessFaults(heard, rows[0].size)) found.add(fault);
      }
      assert.ok(found.has(breaks), `it lived through ${ROUNDS_MAX} rounds; found: ${[...found].join() || "nothing"}`);
    });
});
