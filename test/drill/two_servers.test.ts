import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { derivedPassword, migrate } from "../../src/database/migrate.ts";
import { freshDatabase, long } from "../harness.ts";
import { figures, muster, startFilers } from "./filers.ts";
import { reckon } from "./reckoning.ts";
import { dataDirectory, ServerProcess } from "./server_process.ts";

const size = long ? { sessions: 64, processes: 8, seconds: 20 } : { sessions: 8, processes: 2, seconds: 1.5 };

async function twoServers(): Promise<[ServerProcess, ServerProcess]> {
  const { host, port, user, password, database } = await freshDatabase();
  const query = `host=${encodeURIComponent(host)}&port=${port}&user=${user}&password=${password}`;
  const database_url = `postgresql:///${database}?${query}`;
  const start = () => ServerProcess.start({ data: dataDirectory(), database_url });
  // At once, so that both find the database as it is and bring it up to date.
  const servers = await Promise.all([start(), start()]);
  after(() => Promise.all(servers.map((server) => server.kill().catch(() => {}))));
  return servers;
}

test("two servers of one database give every number once, and a killed one's sessions go on at the other", async () => {
  const [one, other] = await twoServers();
  const operator = other.client();
  const { sessions } = await muster(operator, size.sessions);
  const filers = startFilers({ urls: [one.url, other.url], sessions, processes: size.processes, filings: null });
  await filers.begun;
  await sleep(size.seconds * 1000);
  await one.kill();
  await sleep(size.seconds * 1000);
  filers.stop();
  const outcome = await filers.outcome;
  assert.deepEqual(outcome.refused, []);
  assert.ok(outcome.again > 0, "nobody was at the server that was killed");
  const { entries } = await reckon(operator, outcome.acknowledgements);
  if (long) console.log(`two servers, one killed: ${figures(outcome)}; ${entries} entries`);
  operator.close();
  assert.equal((await other.terminate()).code, 0);
});

test("one key said at both servers at once takes effect once, and all are told the same", async () => {
  const servers = await twoServers();
  const [operator, same] = servers.map((server) => server.client({ token: servers[0].token })) as [any, any];
  await operator.say("namespace.define", { prefix: "KEY", format: "KEY-NNNN" });
  for (let n = 1; n <= 40; n++) {
    const say = (client: typeof operator) =>
      client.say("ticket.file", { namespace: "KEY", title: `Key ${n}` }, { key: `k${n}` });
    const answers = await Promise.all([operator, same, operator, same].map(say));
    for (const answer of answers) assert.equal(answer.id, `KEY-${String(n).padStart(4, "0")}`);
  }
  operator.close();
  same.close();
});

test(
  "a server that hangs with the ledger in its hand does not hold up the other for long",
  { skip: !long },
  async () => {
    const [one, other] = await twoServers();
    const operator = other.client();
    const { sessions } = await muster(operator, size.sessions);
    const filers = startFilers({ urls: [one.url, other.url], sessions, processes: size.processes, filings: null });
    const filed = async () => (await operator.ask<{ seq: number }>("ledger.head")).seq;
    const stops: number[] = [];
    for (let round = 0; round < 3; round++) {
      await sleep(2000 + Math.random() * 500);
      // A suspended machine keeps its connections, and with them its locks.
      one.signal("SIGSTOP");
      await sleep(300);
      const [before, since] = [await filed(), Date.now()];
      while ((await filed()) === before && Date.now() - since < 60_000) await sleep(50);
      stops.push(Date.now() - since);
      await sleep(2000);
      one.signal("SIGCONT");
    }
    await sleep(2000);
    filers.stop();
    const outcome = await filers.outcome;
    console.log(`one server hung three times: nothing was written for ${stops.join(", ")} ms; ${figures(outcome)}`);
    assert.deepEqual(outcome.refused, []);
    assert.ok(Math.max(...stops) < 15_000);
    await reckon(operator, outcome.acknowledgements);
    operator.close();
  },
);

test("servers that start at once on several databases of one cluster do not get in each other's way", async () => {
  const databases = await Promise.all(Array.from({ length: 4 }, () => freshDatabase()));
  for (let round = 0; round < (long ? 30 : 3); round++)
    await Promise.all(databases.map((database) => migrate(database, derivedPassword(database.password))));
});
