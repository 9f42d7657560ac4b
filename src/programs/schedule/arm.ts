import { hostname } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Client } from "../../client/client.ts";
import type { Env } from "../../guard/settings.ts";
import { Refusal, refusalKinds } from "../../kernel/refusal.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";
import { seen } from "./worktree.ts";

const USAGE = `usage: longwatch schedule arm NAME [--worktree DIR] [--json]

Lets a schedule fire. One that writes into a git repository is armed where it writes: its working tree is looked at
first (what is not committed, the branch, the commit, git's lock, whose tree it is), and what was seen stands in the
ledger. It is not armed on a dirty tree, nor in somebody else's.

  --worktree DIR  where its runs write; it is looked at and not changed
  --json          print the answer, or the refusal, as one line of JSON

Exit code: 0 when it is armed, 6 when the state of the tree or of the schedule forbids it; else as every command's.
`;

export type Place = {
  connect(retryFor_seconds: number): Client;
  env: Env;
  cwd: string;
  stdout(text: string): void;
  stderr(text: string): void;
};

const options = {
  name: { type: "string" },
  worktree: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** `longwatch schedule arm …`. Answers the exit code. */
export async function main(argv: string[], place: Place, json = false): Promise<number> {
  const { stdout, stderr, env, cwd } = place;
  let name: string;
  let worktree: string | undefined;
  try {
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    if (values.help) {
      stdout(USAGE);
      return 0;
    }
    const names = [...positionals, ...(values.name === undefined ? [] : [values.name])];
    if (names.length !== 1) throw new Error("Say which schedule, and one only.");
    name = names[0]!;
    worktree = values.worktree;
    json ||= values.json === true;
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return refusalKinds.invalid.exit;
  }
  const client = place.connect(5);
  try {
    const looked = worktree === undefined ? {} : seen(resolve(cwd, worktree), hostname(), env);
    const armed = await client.say<{ next_at: string }>("schedule.arm", { name, ...looked });
    stdout(json ? `${JSON.stringify(armed)}\n` : `armed: ${name} is due at ${armed.next_at}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) {
      stderr(`${worktree} cannot be looked at: ${(error as Error).message.trim()}\n`);
      return 1;
    }
    return sayRefusal(error, json, { write: stderr });
  } finally {
    client.close();
  }
}
