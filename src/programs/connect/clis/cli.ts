import type { TurnEvent } from "../../../guard/hook_command.ts";
import type { Env } from "../../../guard/settings.ts";
import type { Edit } from "../edits.ts";
import type { Piece } from "../json_file.ts";

export const scopes = ["project", "user", "managed"] as const;
export type Scope = (typeof scopes)[number];

/** Where and with what a CLI is connected. */
export type Setting = {
  project: string;
  scope: Scope;
  env: Env;
  /** Stands before the paths below /etc: empty on a machine, a directory when an image is made. */
  managed_root: string;
  /** The hook's command line. */
  hook: string;
  /** The command lines of the turn's hooks. */
  turn_hook(event: TurnEvent): string;
  /** Whether the turn's hooks are written, too. */
  turns: boolean;
  /** Our own program, as a path that is good from any directory. */
  launcher: string;
  /** Whether the CLI shall reach the server's tools, too. */
  mcp: boolean;
};

/** A way around the guard, and whether it works at this scope. */
export type Dodge = { way: string; works: boolean };
export type Strength = { dodges: Dodge[]; stronger: string };

/** A tool call in the CLI's own words, for the self-test. */
export type Sample = (command: string, cwd: string) => object;

export type Cli = {
  /** The first part of its seats' names. */
  provider: string;
  scopes: readonly Scope[];
  connected(setting: Setting): Edit[];
  /** What takes the same out again; it holds for MCP that was left out, too. */
  disconnected(setting: Setting): Edit[];
  /** The file that has the hook, and the hook's command line as that file says it now. */
  hookFile(setting: Setting): string;
  hookIn(path: string, text: string): string | undefined;
  sample: Sample;
  /** A stop in the CLI's own words; without it this CLI has no hooks of turns. */
  stop?: object;
  strength(scope: Scope): Strength;
  /** What a person has to do or to know besides. */
  notes(setting: Setting): string[];
};

/** Whether a hook's command line is one of ours, by whatever version and from wherever. */
export function isOurHook(command: unknown, cli: string): boolean {
  const ours = new RegExp(`longwatch['"]?\\s+(guard|turn-hook) ${cli}\\b`, "i");
  return typeof command === "string" && ours.test(command);
}

/** A member of a list of hooks that has no hook but ours. */
function isOurGroup(element: unknown, cli: string): boolean {
  const hooks = (element as { hooks?: { command?: unknown }[] } | null)?.hooks;
  return Array.isArray(hooks) && hooks.length > 0 && hooks.every((hook) => isOurHook(hook?.command, cli));
}

/** Our hooks of a turn, each in its event's list: `value` is how this CLI writes one. */
export function turnPieces(
  cli: string,
  events: Partial<Record<TurnEvent, string>>,
  value: (event: TurnEvent) => object,
): Piece[] {
  return Object.entries(events).map(([event, name]) => hookPiece(cli, ["hooks", name], value(event as TurnEvent)));
}

/** A hook of ours in a list of groups; a person may have put his own into the group with it. */
export function hookPiece(cli: string, at: readonly string[], value: object): Piece {
  const within = { key: "hooks", mine: (hook: unknown) => isOurHook((hook as { command?: unknown })?.command, cli) };
  return { kind: "list", at, value, mine: (element) => isOurGroup(element, cli), within };
}

/** The command line of our hook in a list of hooks, as the file has it. */
export function hookAmong(groups: unknown, cli: string): string | undefined {
  if (!Array.isArray(groups)) return undefined;
  return groups.find((group) => isOurGroup(group, cli))?.hooks[0].command;
}
