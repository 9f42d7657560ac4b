import { randomUUID } from "node:crypto";
import { Pool } from "undici";
import { closedLoop } from "./sessions.ts";

/**
 * The load of `bench/filing.ts` over HTTP, in a process of its own so that it does not share the server's thread.
 * Arguments: JSON {url, tokens, seconds, keyed}. Prints one line of JSON.
 */
const { url, tokens, seconds, keyed } = JSON.parse(process.argv[2]!) as {
  url: string;
  tokens: string[];
  seconds: number;
  keyed: boolean;
};
const pool = new Pool(url, { connections: tokens.length, pipelining: 1 });
const reached = await closedLoop(tokens.length, seconds, async (session, n) => {
  const headers: Record<string, string> = {
    authorization: `Bearer ${tokens[session]}`,
    "content-type": "application/json",
  };
  if (keyed) headers["idempotency-key"] = randomUUID();
  const body = JSON.stringify({ namespace: "CMB", title: `Fix the login page ${n}` });
  const answer = await pool.request({ path: "/v1/ticket/file", method: "POST", headers, body });
  if (answer.statusCode !== 200) throw new Error(await answer.body.text());
  await answer.body.dump();
});
console.log(JSON.stringify(reached));
await pool.close();
