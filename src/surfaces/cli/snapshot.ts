import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isatty } from "node:tty";
import { exchangeOverSocket } from "../../client/wire.ts";
import type { Catalogue } from "../../kernel/catalogue.ts";
import * as refusals from "../../kernel/refusal.ts";
import { isOperation, run, type Terminal } from "./run.ts";
import type { Spooling } from "./saying.ts";
import { become, besideServer, endNow, fromSnapshot, type Start, writeWhole } from "./snapshot_process.ts";

/**
 * The generated commands as one file, dist/cli.cjs. bin/longwatch runs it out of a startup snapshot or, until there is
 * one, as it is: `node cli.cjs <called as> <words>`. For everything else it becomes dist/longwatch.js.
 */

/** Put there by scripts/build.ts. */
declare const LONGWATCH_CATALOGUE: Catalogue;
/** The programs of two words, which are not here even where an operation has that name. */
declare const LONGWATCH_PROGRAMS: readonly string[];

async function main({ bundle, calledAs, words }: Start): Promise<void> {
  if (!isOperation(words, LONGWATCH_CATALOGUE, calledAs, LONGWATCH_PROGRAMS))
    return become(join(dirname(bundle), "longwatch.js"), words);
  const code = await run(words, {
    catalogue: LONGWATCH_CATALOGUE,
    env: process.env,
    cwd: process.cwd(),
    stdout: terminal(1),
    stderr: terminal(2),
    stdin: () => process.stdin,
    calledAs,
    spool: async () => spoolBeside(bundle),
    // Only plain http is worth the shortcut; TLS needs Node's own client.
    exchange: (sent) => (sent.url.protocol === "http:" ? exchangeOverSocket(sent) : undefined),
  });
  endNow(code);
}

/**
 * dist/spool.cjs, which few commands need: in the snapshot it would cost each of them half a millisecond. A refusal
 * that it throws has to be one of ours.
 */
function spoolBeside(bundle: string): Spooling {
  const text = readFileSync(join(dirname(bundle), "spool.cjs"), "utf8");
  const module = { exports: {} as Spooling };
  const given = (name: string) => (name.endsWith("/refusal.ts") ? refusals : process.getBuiltinModule(name));
  new Function("require", "module", text)(given, module);
  return module.exports;
}

function terminal(descriptor: 1 | 2): Terminal {
  return {
    write: (text) => writeWhole(descriptor, text),
    get isTTY() {
      return isatty(descriptor);
    },
    get columns() {
      return isatty(descriptor) ? (descriptor === 1 ? process.stdout : process.stderr).columns : undefined;
    },
  };
}

/** A queue that is read, and a ticket that is filed, in a directory without settings. */
async function rehearse(): Promise<void> {
  const nothing = { write: () => {} };
  const nowhere = "/nonexistent";
  const answer = (asked: string) => (asked.startsWith("GET") ? { sections: [] } : { id: "CMB-1", state: "filed" });
  await besideServer(answer, async (url) => {
    for (const words of [["queue", "read"], "ticket file --namespace CMB --title rehearsed".split(" ")])
      if (isOperation(words, LONGWATCH_CATALOGUE, "longwatch", LONGWATCH_PROGRAMS))
        await run(words, {
          catalogue: LONGWATCH_CATALOGUE,
          env: { LONGWATCH_URL: url, LONGWATCH_TOKEN: "none", LONGWATCH_SPOOL: nowhere },
          cwd: nowhere,
          stdout: nothing,
          stderr: nothing,
          stdin: () => process.stdin,
          exchange: exchangeOverSocket,
        });
  });
}

function fail(error: unknown): never {
  writeWhole(2, `longwatch failed, which is a bug of ours: ${(error as Error)?.stack ?? error}\n`);
  process.exit(1);
}

fromSnapshot(main, fail, rehearse);
