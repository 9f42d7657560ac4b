import * as fs from "node:fs";
import { dirname, join, resolve } from "node:path";
import { projectSettings } from "../guard/settings.ts";
import type { Operation } from "./lines.ts";

/** Where filings wait for a server that cannot be reached. Each command looks here once, so this file stays small. */

type Env = Readonly<Record<string, string | undefined>>;

const KEPT = new Set<string>(["ticket.file", "post.append"] satisfies Operation[]);

/** Whether a command can wait for a server: what asks for something that only the server can give at once cannot. */
export const canBeKept = (name: string): name is Operation => KEPT.has(name);

/** The end of an empty file's name that says: in the journal of this name something waits. */
export const WAITING = ".waiting";

/**
 * LONGWATCH_SPOOL, else beside the settings of the project that the directory is in, else the user's own state. Nothing
 * without a home: then there is no place that outlives the process.
 */
export function spoolPlace(env: Env, cwd?: string): string | undefined {
  if (env.LONGWATCH_SPOOL) return resolve(cwd ?? "/", env.LONGWATCH_SPOOL);
  const settings = cwd === undefined ? undefined : projectSettings(cwd);
  if (settings) return join(dirname(settings), "spool");
  const state = env.XDG_STATE_HOME || (env.HOME ? join(env.HOME, ".local", "state") : undefined);
  return state && join(state, "longwatch", "spool");
}

/** Whether somebody's filings wait there. It may say so for a while after the last was settled, never the reverse. */
export function somethingWaits(place: string): boolean {
  try {
    return fs.readdirSync(place).some((name) => name.endsWith(WAITING));
  } catch {
    return false;
  }
}
