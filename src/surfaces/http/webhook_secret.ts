import { createHmac } from "node:crypto";

type Hook = { tenant: string; name: string; round: number };

/**
 * The secret of a webhook, made out of the server's key: so that no table, dump or ledger holds one, and each round has
 * another. Standard Webhooks' form; as GitHub's secret and GitLab's token it is taken as it stands.
 */
export function webhookSecret(key: Buffer, { tenant, name, round }: Hook): string {
  const about = JSON.stringify(["longwatch webhook", tenant, name, round]);
  return `whsec_${createHmac("sha256", key).update(about).digest("base64")}`;
}
