import { randomUUID } from "node:crypto";
import { Pool } from "undici";
import { closedLoop, pacedLoop } from "./sessions.ts";

/** What one process asks over HTTP: a session for each token, one POST after the other. */
export type HttpLoad = {
  url: string;
  tokens: string[];
  seconds: number;
  path: string;
  /** `{n}` in it is the number of the request. */
  body: string;
  /** With an Idempotency-Key for each. */
  keyed: boolean;
  /** How often each session asks; without it, as soon as it is answered. */
  every_ms?: number;
};

/**
 * The load of `bench/filing.ts` and `bench/deciding.ts` over HTTP, in a process of its own so that it does not share
 * the server's thread. Argument: an HttpLoad as JSON. Prints one line of JSON.
 */
const { url, tokens, seconds, path, body, keyed, every_ms } = JSON.parse(process.argv[2]!) as HttpLoad;
const pool = new Pool(url, { connections: tokens.length, pipelining: 1 });
const ask = async (session: number, n: number) => {
  const headers: Record<string, string> = {
    authorization: `Bearer ${tokens[session]}`,
    "content-type": "application/json",
  };
  if (keyed) headers["idempotency-key"] = randomUUID();
  const said = body.replace("{n}", String(n));
  const answer = await pool.request({ path, method: "POST", headers, body: said });
  if (answer.statusCode !== 200) throw new Error(await answer.body.text());
  await answer.body.dump();
};
const reached = await (every_ms === undefined
  ? closedLoop(tokens.length, seconds, ask)
  : pacedLoop(tokens.length, seconds, every_ms, ask));
console.log(JSON.stringify(reached));
await pool.close();
