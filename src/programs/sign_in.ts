import { parseArgs } from "node:util";
import type { Client } from "../client/client.ts";
import { Refusal } from "../kernel/refusal.ts";
import { sayRefusal } from "../surfaces/cli/refused.ts";
import type { Terminal } from "./import/telling.ts";

const USAGE = `usage: longwatch sign-in [--json]

Prints a new link to sign in to the console with, as the operator. It works once, within 15 minutes.

  --json  print it as one line of JSON: {"url"}
`;

const options = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

/** Prints a new one-time sign-in link for the operator. */
export async function main(
  argv: string[],
  connect: () => Client,
  { stdout, stderr }: Pick<Terminal, "stdout" | "stderr">,
  json = false,
): Promise<number> {
  let said;
  try {
    said = parseArgs({ args: argv, options }).values;
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (said.help) {
    stdout(USAGE);
    return 0;
  }
  json ||= said.json === true;
  const client = connect();
  try {
    const { token } = await client.say<{ token: string }>("token.issue", { scope: "sign_in" });
    const url = new URL(`/sign-in?code=${token}`, client.url).href;
    stdout(json ? `${JSON.stringify({ url })}\n` : `${url}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return sayRefusal(error, json, { write: stderr });
  } finally {
    client.close();
  }
}
