import { parseArgs } from "node:util";
import { Client } from "../../client/client.ts";
import { Refusal, refusalKinds } from "../../kernel/refusal.ts";
import { harmless } from "../../surfaces/cli/show.ts";
import { version } from "../../version.ts";
import { type Finding, problem } from "./finding.ts";
import { addressIn, machineFindings, type Place, programFinding } from "./machine_checks.ts";
import { serverFindings, type Served } from "./server_checks.ts";
import { spoolFindings } from "./spool_checks.ts";

const USAGE = `usage: longwatch doctor [--url URL] [--token TOKEN] [--json]

Says what is wrong with an installation, and how to mend it: the server, its alarms, your token, the ledger's
verification and signing, clocks, the data directory, the copy of the checkpoints, and what waits in the spool of this
machine. It changes nothing. Without a server it looks at the data directory (LONGWATCH_DATA).

  --url URL      the server; else LONGWATCH_URL, else what the server wrote
  --token TOKEN  who you are; else LONGWATCH_TOKEN, else what the server wrote
  --json         print the findings as one line of JSON

Exit code: 0 all is well, 1 something is wrong, 8 the server does not answer.
`;

const WELL = 0;
const UNWELL = 1;

type Given = { url?: string; token?: string; json?: boolean };

type Whose = { url: string; token: string | undefined };

export type Around = Place & {
  /** Where filings wait for a server that was away, if there is such a place. */
  spool: string | undefined;
  /** Which server, and as whom. */
  connection(given: { url?: string; token?: string }): Whose;
  stdout(text: string): void;
  stderr(text: string): void;
};

/** Looks at everything, says one line for each, and answers the exit code. */
export async function main(argv: string[], globals: Given, around: Around): Promise<number> {
  const { stdout, stderr } = around;
  let given: Given & { help?: boolean };
  try {
    const text = { type: "string" } as const;
    const flag = { type: "boolean" } as const;
    const options = { url: text, token: text, json: flag, help: { ...flag, short: "h" } } as const;
    given = { ...globals, ...parseArgs({ args: argv, options }).values };
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return refusalKinds.invalid.exit;
  }
  if (given.help) {
    stdout(USAGE);
    return WELL;
  }
  const { findings, reachable } = await examined(given, around);
  const problems = findings.filter(({ state }) => state === "problem").length;
  const exit = !reachable ? refusalKinds.unavailable.exit : problems > 0 ? UNWELL : WELL;
  stdout(given.json ? `${JSON.stringify({ well: exit === WELL, exit, findings })}\n` : harmless(told(findings)));
  return exit;
}

async function examined(given: Given, around: Around): Promise<{ findings: Finding[]; reachable: boolean }> {
  const findings = [programFinding(version)];
  const { served, whose } = await serverOf(given, around);
  const url = whose?.url ?? null;
  findings.push(...served.findings);
  const { reachable, caller, coverage } = served;
  // What another server publishes says nothing about the files here.
  const address = await addressIn(around.data);
  const isOurs = address !== null && url !== null && URL.parse(address)?.origin === URL.parse(url)?.origin;
  const signer = coverage?.signer;
  const published =
    isOurs && caller && signer && signer.state !== "elsewhere"
      ? { tenant: caller.tenant, origin: signer.origin, size: coverage.anchored.size }
      : null;
  findings.push(...(await machineFindings(around, { reachable, published })));
  if (around.spool !== undefined) findings.push(...spoolFindings(around.spool, whose));
  return { findings, reachable };
}

async function serverOf(given: Given, { connection }: Around): Promise<{ served: Served; whose: Whose | null }> {
  let client: Client | null = null;
  try {
    const whose = connection(given);
    client = new Client(whose);
    return { served: await serverFindings(client, whose.token, version), whose };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, hint } = error;
    const finding = problem("server", `${code}: ${message}`, hint ?? "See longwatch doctor --help.");
    return { served: { findings: [finding], reachable: false, caller: null, coverage: null }, whose: null };
  } finally {
    client?.close();
  }
}

function told(findings: readonly Finding[]): string {
  const widest = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ state, check, told: words, next }) => {
    const line = `${state.padEnd("problem".length)}  ${check.padEnd(widest)}  ${words}`;
    return next === null ? [line] : [line, `${" ".repeat("problem".length + 2 + widest + 2)}next: ${next}`];
  });
  const problems = findings.filter(({ state }) => state === "problem").length;
  const sum = problems === 0 ? "All is well." : problems === 1 ? "1 problem." : `${problems} problems.`;
  return `${[...lines, "", sum].join("\n")}\n`;
}
