import { parseArgs } from "node:util";
import { webhookSecret } from "../../surfaces/http/webhook_secret.ts";
import type { Place } from "../land/land.ts";
import { refusedExit } from "../land/told.ts";
import { keyPath, readKey } from "./key.ts";

const USAGE = `usage: longwatch webhook secret NAME

Prints the secret of a webhook, and where the provider sends to. It is made out of a key in the server's data directory
(LONGWATCH_DATA): say it there, as the server's user. Who has the secret can tell this server what is merged.

  GitHub   Settings, Webhooks: content type application/json, this secret, the events Pushes and Pull requests.
  GitLab   Settings, Webhooks: this as the signing token (as the secret token where GitLab has none), the triggers
           Push events and Merge request events.

  --json   print name, address and secret as one line of JSON
`;

type Listed = {
  tenant: string;
  webhooks: { name: string; repository: string; round: number; closed_at: string | null }[];
};

/** `longwatch webhook secret …`. Answers the exit code. */
export async function main(argv: string[], place: Place, json = false): Promise<number> {
  const { stdout, stderr, data } = place;
  const options = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
  let name: string;
  try {
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    if (values.help) {
      stdout(USAGE);
      return 0;
    }
    if (positionals.length !== 1) throw new Error("Say which webhook.");
    name = positionals[0]!;
    json ||= values.json === true;
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const client = place.connect(5);
  try {
    const { tenant, webhooks } = await client.ask<Listed>("webhook.list");
    const hook = webhooks.find((one) => one.name === name && one.closed_at === null);
    if (hook === undefined) {
      stderr(`There is no open webhook ${name}: longwatch webhook list\n`);
      return 5;
    }
    const key = await readKey(data);
    if (key === null) {
      stderr(`There is no ${keyPath(data)}: say this where the server runs, with its LONGWATCH_DATA.\n`);
      return 5;
    }
    const secret = webhookSecret(key, { tenant, ...hook });
    const base = client.url.href.replace(/\/$/, "");
    const address = `${base}/webhooks/${encodeURIComponent(tenant)}/${name}`;
    const told = { name, repository: hook.repository, address, secret };
    stdout(json ? `${JSON.stringify(told)}\n` : `address: ${address}\nsecret: ${secret}\n`);
    return 0;
  } catch (error) {
    return refusedExit(error, json, place);
  } finally {
    client.close();
  }
}
