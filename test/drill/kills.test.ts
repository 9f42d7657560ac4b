import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { long } from "../harness.ts";
import { figures, muster, startFilers } from "./filers.ts";
import { reckon } from "./reckoning.ts";
import { dataDirectory, postmasterPid, ServerProcess } from "./server_process.ts";

const size = long ? { sessions: 32, processes: 4, kills: 20 } : { sessions: 8, processes: 2, kills: 4 };

test("killing the server and PostgreSQL in turn loses nothing acknowledged and does nothing twice", async () => {
  const server = await ServerProcess.start({ data: dataDirectory() });
  const first = server.client();
  const { sessions } = await muster(first, size.sessions);
  first.close();
  const filers = startFilers({ urls: [server.url], sessions, processes: size.processes, filings: null });
  await filers.begun;
  const away_ms: number[] = [];
  for (let kill = 0; kill < size.kills; kill++) {
    // Anywhere in a batch: the moment is left to chance.
    await sleep((long ? 1000 : 300) + Math.random() * 500);
    const since = Date.now();
    await [killServer, killPostgres, killServer, killBackend][kill % 4]!(server);
    await server.untilServing();
    away_ms.push(Date.now() - since);
  }
  await sleep(500);
  filers.stop();
  const outcome = await filers.outcome;
  assert.deepEqual(outcome.refused, []);
  const operator = server.client();
  const { tickets, entries } = await reckon(operator, outcome.acknowledgements);
  assert.ok(tickets > 0);
  // What the server could not record while PostgreSQL was away, it told afterwards: AUD-COMPLETE.
  const { whole } = await operator.ask<{ whole: boolean }>("ledger.completeness");
  assert.ok(whole, "a number of some producer is neither recorded nor lost");
  operator.close();
  const longest = Math.max(...away_ms);
  if (long)
    console.log(`${size.kills} kills, away for ${longest} ms at the most: ${figures(outcome)}; ${entries} entries`);
  assert.equal((await server.terminate()).code, 0);
  assert.equal(postmasterPid(server.data), null, "PostgreSQL outlived an orderly end");
});

async function killServer(server: ServerProcess): Promise<void> {
  await server.kill();
  await server.startAgain();
}

/** The backends outlive their postmaster for a moment: what they still commit must count. */
async function killPostgres(server: ServerProcess): Promise<void> {
  const pid = postmasterPid(server.data);
  assert.ok(pid, "there is no PostgreSQL to kill");
  process.kill(pid, "SIGKILL");
  for (const since = Date.now(); [pid, null].includes(postmasterPid(server.data)); await sleep(20))
    assert.ok(Date.now() - since < 300_000, `PostgreSQL did not come back:\n${server.stderr}`);
}

/** What a machine short of memory does: PostgreSQL throws out everybody and recovers under the same postmaster. */
async function killBackend(server: ServerProcess): Promise<void> {
  const postgres = await server.superuser();
  try {
    const { rows } = await postgres.query(
      "select pid from pg_stat_activity where usename = 'longwatch_app' order by random() limit 1",
    );
    process.kill(rows[0].pid, "SIGKILL");
    await assert.rejects(async () => {
      for (;;) await postgres.query("select pg_sleep(0.01)");
    });
  } finally {
    await postgres.end().catch(() => {});
  }
}
