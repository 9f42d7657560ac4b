import { parseArgs } from "node:util";
import progress from "cli-progress";
import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import type { Report } from "../../rooms/ledger/index.ts";
import { type Against, verifyExport } from "./export_source.ts";
import { copiesIn, keptIn, verifiersOf } from "./outside.ts";
import { told } from "./told.ts";
import { Unverifiable } from "./unverifiable.ts";
import { verifyUrl } from "./url_source.ts";

export type Terminal = { stdout(text: string): void; stderr(text: string): void; interactive: boolean };

const USAGE = `usage: longwatch ledger verify [--json]
       longwatch ledger verify --file EXPORT [--key VKEY]... [--anchors DIR] [--after FILE] [--json]
       longwatch ledger verify --url URL --key VKEY... [--anchors DIR] [--after FILE] [--token TOKEN] [--json]

Hashes every entry anew, compares with everything that was signed, and names the first broken entry.
Without a source it asks the server. With one it needs no server and no database of ours.

  --file EXPORT  an export, made by: longwatch ledger export FILE
  --url URL      a log's address, https://host/ledger/<tenant>; any C2SP tlog-tiles log is read
  --key VKEY     a key to trust, of the log or of a witness; repeatable. Get it from somebody else than the server
                 that you verify: whoever has one, the file vkeys of a copy of the anchors, a witness
  --anchors DIR  a copy of LONGWATCH_ANCHORS: every note in it is compared. Copy it before you export
  --after FILE   a checkpoint that you kept from before: what it covered must still be there, unchanged
  --token TOKEN  for the server, or for the --url of a log that only members may read
  --json         print the report as one line of JSON

Exit code: 0 whole, 1 broken, 2 it could not be checked.
`;

export const WHOLE = 0;
export const BROKEN = 1;
export const UNCHECKED = 2;

const options = {
  file: { type: "string" },
  url: { type: "string" },
  key: { type: "string", multiple: true },
  anchors: { type: "string" },
  after: { type: "string" },
  token: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Asked = {
  file?: string;
  url?: string;
  key: string[];
  anchors?: string;
  after?: string;
  token?: string;
  json: boolean;
};

/** Verifies a ledger. Answers the exit code. */
export async function main(
  argv: string[],
  client: (given: { token?: string }) => Client,
  terminal: Terminal,
  json = false,
): Promise<number> {
  const { stdout, stderr } = terminal;
  let asked: Asked;
  try {
    const { values } = parseArgs({ args: argv, options });
    if (values.help) {
      stdout(USAGE);
      return WHOLE;
    }
    asked = { ...values, key: values.key ?? [], json: json || values.json === true };
    mustFit(asked);
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return UNCHECKED;
  }
  try {
    const began = performance.now();
    const report = await verified(asked, client, terminal);
    const seconds = Math.round(performance.now() - began) / 1000;
    // Nothing may say "whole" above the line that says it was not checked. An empty log's address was checked before.
    const isSigned = report.size > 0 || (asked.url !== undefined && report.entries === 0);
    if (report.whole && asked.key.length > 0 && !isSigned)
      throw new Unverifiable("No checkpoint of this ledger is signed by a key that you gave.");
    const notice = noticeOf(asked, report);
    if (notice !== null) stderr(`${notice}\n`);
    stdout(asked.json ? `${JSON.stringify({ ...report, seconds })}\n` : told(report, seconds));
    return report.whole ? WHOLE : BROKEN;
  } catch (error) {
    if (error instanceof Refusal) stderr(`not checked (${error.code}): ${error.message}\n${hintOf(error.hint)}`);
    else if (error instanceof Unverifiable) stderr(`not checked: ${error.message}\n${hintOf(error.hint)}`);
    else throw error;
    return UNCHECKED;
  }
}

function mustFit({ file, url, key, anchors, after, token }: Asked): void {
  if (file !== undefined && url !== undefined) throw new Error("Give --file or --url, not both.");
  if (file === undefined && url === undefined && (key.length > 0 || anchors !== undefined || after !== undefined))
    throw new Error("--key, --anchors and --after are for --file and --url; the server is asked as it is.");
  if (token !== undefined && file !== undefined) throw new Error("--token is for the server and for --url.");
  if (url !== undefined && key.length === 0)
    throw new Error(
      "--url needs --key: a stranger trusts a key and nothing else. Ask the operator, or a witness, for the log's " +
        "verifier key (longwatch ledger checkpoint shows it), over another way than this address. To ask a Longwatch " +
        "server what it says of itself: longwatch --url URL ledger verify",
    );
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new Error(`--url must be an address such as https://host/ledger/home, not ${url}`);
}

async function verified(
  asked: Asked,
  client: (given: { token?: string }) => Client,
  terminal: Terminal,
): Promise<Report> {
  const { file, url, key, anchors, after, token } = asked;
  if (file === undefined && url === undefined) {
    const connection = client(token === undefined ? {} : { token });
    return connection.ask<Report>("ledger.verify").finally(() => connection.close());
  }
  const against: Against = {
    keys: verifiersOf(key),
    copies: anchors === undefined ? [] : await copiesIn(anchors),
    kept: after === undefined ? [] : [await keptIn(after)],
  };
  const bar = terminal.interactive ? newBar() : null;
  const shown = { total: (total: number) => bar?.start(total, 0), at: (done: number) => bar?.update(done) };
  try {
    if (file !== undefined) return await verifyExport(file, against, shown);
    return await verifyUrl(new URL(url!.replace(/\/+$/, "")), token, against, shown);
  } finally {
    bar?.stop();
  }
}

function noticeOf({ file, key, anchors }: Asked, { whole }: Report): string | null {
  if (file === undefined || key.length > 0 || anchors !== undefined || !whole) return null;
  return (
    "The signatures were checked against the keys that the export names itself, not against a key from outside: " +
    "whoever made it could have signed it anew. Give --key, or --anchors."
  );
}

const hintOf = (hint: string | undefined) => (hint === undefined ? "" : `next: ${hint}\n`);

function newBar(): progress.SingleBar {
  const format = "verifying  {bar}  {percentage}%  {eta_formatted} left";
  return new progress.SingleBar({ format, etaBuffer: 100 }, progress.Presets.shades_classic);
}
