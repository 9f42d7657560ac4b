import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Refusal } from "../../kernel/refusal.ts";
import type { Scope } from "./clis/cli.ts";
import { scopeOf, type TargetName, targetNames } from "./target.ts";

export const USAGE = {
  connect: `usage: longwatch connect <${targetNames.join("|")}> [flags]

Writes the guard's hook, those of turns and the server's tools (MCP) into the program's own configuration, gives it a
seat, and tries whether the hooks do what they should. What is there stays; said again it changes nothing;
longwatch disconnect takes it back.

  --scope SCOPE      project (this directory), user, or managed (the whole machine, by its administrator)
  --project DIR      the directory that the agent works in; without it, this one
  --seat NAME        the seat to adopt; without it the next free one of this machine
  --role ROLE        its role; without it implementer, in a bare repository gatekeeper
  --lane LANE        the lane that it serves
  --token TOKEN      the token of a seat that is adopted already; nothing is adopted then
  --replace          take another seat than the one of before, and end a session that holds it
  --no-mcp           without the server's tools
  --no-turns         without the hooks of turns: the brief at a session's begin, the look at its end
  --agents-md        write a section into the project's AGENTS.md, too
  --managed-root DIR for --scope managed: write below DIR instead of below /, to make an image
  --dry-run          only say what would be written
  --json             print what was done as one line of JSON

Exit code: 0 connected and tried, 1 written but a trial failed, 2 a wrong call, 6 refused with nothing changed.
`,
  disconnect: `usage: longwatch disconnect <${targetNames.join("|")}> [--scope SCOPE] [--project DIR] [--json]

Takes out what longwatch connect wrote. A file that nobody changed since is again as it was, to the byte.

  --scope SCOPE      project, user or managed, as it was connected
  --project DIR      the directory that was connected; without it, this one
  --managed-root DIR as for longwatch connect
  --dry-run          only say what would be changed
  --json             print what was done as one line of JSON
`,
};

export type Asked = {
  target: TargetName;
  scope: Scope;
  project: string;
  managed_root: string;
  seat: string | undefined;
  role: string | undefined;
  lane: string | undefined;
  token: string | undefined;
  replace: boolean;
  mcp: boolean;
  turns: boolean;
  agents_md: boolean;
  dry_run: boolean;
  json: boolean;
};

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const options = {
  connect: {
    ...{ scope: text, project: text, seat: text, role: text, lane: text, token: text, "managed-root": text },
    ...{ replace: flag, "no-mcp": flag, "no-turns": flag, "agents-md": flag, "dry-run": flag, json: flag },
    help: { ...flag, short: "h" },
  },
  disconnect: {
    ...{ scope: text, project: text, "managed-root": text, "dry-run": flag, json: flag },
    help: { ...flag, short: "h" },
  },
} as const;

/** Reads the words after `connect` or `disconnect`. Null: they asked for help. */
export function askedIn(which: keyof typeof options, argv: string[], cwd: string, json: boolean): Asked | null {
  let parsed;
  try {
    parsed = parseArgs({ args: argv, options: options[which], allowPositionals: true });
  } catch (error) {
    throw wrong((error as Error).message, which);
  }
  const values = parsed.values as Record<string, string | boolean | undefined>;
  if (values.help) return null;
  const [said, ...rest] = parsed.positionals;
  const target = targetNames.find((one) => one === said);
  if (target === undefined || rest.length > 0)
    throw wrong(said === undefined ? "Say what to connect." : `There is no ${[said, ...rest].join(" ")}.`, which);
  const word = (name: string) => values[name] as string | undefined;
  return {
    target,
    scope: scopeOf(word("scope") ?? "project", target),
    project: resolve(cwd, word("project") ?? "."),
    managed_root: word("managed-root") === undefined ? "" : resolve(cwd, word("managed-root")!),
    seat: word("seat"),
    role: word("role"),
    lane: word("lane"),
    token: word("token"),
    replace: values.replace === true,
    mcp: values["no-mcp"] !== true,
    turns: values["no-turns"] !== true,
    agents_md: values["agents-md"] === true,
    dry_run: values["dry-run"] === true,
    json: json || values.json === true,
  };
}

function wrong(why: string, which: keyof typeof options): Refusal {
  const hint = `One of ${targetNames.join(", ")}; see \`longwatch ${which} --help\`.`;
  return new Refusal("invalid", "flags.invalid", why, { hint });
}
