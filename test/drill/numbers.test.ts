import assert from "node:assert/strict";
import { test } from "node:test";
import { long } from "../harness.ts";
import { figures, muster, startFilers } from "./filers.ts";
import { reckon } from "./reckoning.ts";
import { dataDirectory, ServerProcess } from "./server_process.ts";

const size = long ? { sessions: 64, processes: 8, tickets: 100_000 } : { sessions: 16, processes: 2, tickets: 2_000 };

test("many sessions in several processes get every number once, and lose no acknowledged ticket", async () => {
  const server = await ServerProcess.start({ data: dataDirectory() });
  const operator = server.client();
  const { sessions } = await muster(operator, size.sessions);
  const filings = Math.ceil(size.tickets / size.sessions);
  const filers = startFilers({ urls: [server.url], sessions, processes: size.processes, filings });
  const outcome = await filers.outcome;
  assert.deepEqual(outcome.refused, []);
  const { tickets, entries } = await reckon(operator, outcome.acknowledgements);
  assert.equal(tickets, filings * size.sessions);
  if (long)
    console.log(`${size.sessions} sessions in ${size.processes} processes: ${figures(outcome)}; ${entries} entries`);
  operator.close();
  const ended = await server.terminate();
  assert.deepEqual([ended.code, ended.stderr], [0, ""]);
});
