import { parseArgs } from "node:util";
import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { faces } from "../../surfaces/cli/faces.ts";
import { show } from "../../surfaces/cli/show.ts";
import type { Terminal } from "../import/telling.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";

const USAGE = `usage: longwatch ticket drift [--repair [--reason TEXT]]

Folds the ledger and compares the queue that it gives with the tables; lists every difference, every collision that
nothing was amended for, every actor that never registered and every cycle of waiting. Also: queue-drift-check.

  --repair       make the tables say what the ledger says, ticket by ticket; each leaves an entry with what was there
  --reason TEXT  why, for those entries
  --json         print the outcome as one line of JSON

Exit code: 0 when nothing is listed, 1 when something is (after a repair: still), 2 for a wrong call, else as every
command's.
`;

const options = {
  repair: { type: "boolean" },
  reason: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Drift = { found: { id: string }[] };

/** `longwatch ticket drift`. Answers the exit code. */
export async function main(argv: string[], client: () => Client, terminal: Terminal, json = false): Promise<number> {
  const { stdout, stderr } = terminal;
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
  const server = client();
  try {
    let drift = await server.ask<Drift>("ticket.drift");
    const repaired = said.repair ? await mended(server, drift, said.reason ?? "ticket drift --repair") : [];
    if (repaired.length > 0) drift = await server.ask<Drift>("ticket.drift");
    const told = said.repair ? { repaired, ...drift } : drift;
    stdout(json || said.json ? `${JSON.stringify(told)}\n` : show(told, { columns: undefined, color: false }));
    return faces["queue-drift-check"]!.exit!(drift);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return sayRefusal(error, json || said.json === true, { write: stderr });
  } finally {
    server.close();
  }
}

type Repaired = { id: string; repaired: object[]; left: string[] };

/** Repairs each ticket that is listed. One that moves meanwhile is compared anew by the server, under its lock. */
async function mended(server: Client, { found }: Drift, reason: string): Promise<object[]> {
  const repaired: object[] = [];
  for (const id of new Set(found.map((one) => one.id)))
    repaired.push(...(await server.say<Repaired>("ticket.repair", { id, reason })).repaired);
  return repaired;
}
