import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { projectSettings, settingsFor } from "../../guard/settings.ts";
import { Refusal } from "../../kernel/refusal.ts";

export const DEFAULT_URL = "http://127.0.0.1:4780";

/** The server writes its address and the operator's first token here, readable by its owner alone. */
const CLIENT_FILE = "client.json";

type Env = Record<string, string | undefined>;
type Wanted = { url?: string | undefined; token?: string | undefined };
export type Connection = {
  url: string;
  token: string | undefined;
  /** Whose token it is, where that is known. */ seat?: string;
};

/** Where Longwatch keeps its things on this machine. */
export function dataDirectory(env: Env): string {
  if (env.LONGWATCH_DATA) return env.LONGWATCH_DATA;
  if (process.getuid?.() === 0) return "/var/lib/longwatch";
  if (process.platform === "darwin") return join(homeOf(env), "Library", "Application Support", "longwatch");
  // A relative one counts for nothing, as the server reads it.
  const given = env.XDG_DATA_HOME?.startsWith("/") ? env.XDG_DATA_HOME : undefined;
  return join(given ?? join(homeOf(env), ".local", "share"), "longwatch");
}

/** In a container the account may have no home, and an empty HOME would be the working directory. */
function homeOf(env: Env): string {
  try {
    const home = env.HOME || homedir();
    if (isAbsolute(home)) return home;
  } catch {}
  throw new Refusal("invalid", "home.unknown", "Nobody says where your home directory is.", {
    hint: "Set HOME to an absolute path, or LONGWATCH_DATA to the data directory.",
  });
}

/**
 * Which server to talk to, and as whom: flags, then the environment, then the settings of the project that the working
 * directory is in, then what the server wrote. In a connected project everybody speaks as its seat, and whatever is
 * wrong with those settings is a refusal: an agent there must not come to speak as the operator.
 */
export function connectionOf(flags: Wanted, env: Env, cwd?: string): Connection {
  const url = flags.url ?? (env.LONGWATCH_URL || undefined);
  const token = flags.token ?? (env.LONGWATCH_TOKEN || undefined);
  if (url !== undefined && token !== undefined) return { url, token };
  const project = cwd === undefined ? undefined : projectSettings(cwd);
  const written: Wanted & { seat?: string | undefined } = project
    ? seatIn(cwd!, project, env)
    : writtenIn(join(dataDirectory(env), CLIENT_FILE));
  // The written token is for the server that wrote it; another address must not get to see it.
  const same = url === undefined || written.url === undefined || originOf(url) === originOf(written.url);
  const whose = token === undefined && same && written.seat ? { seat: written.seat } : {};
  return { url: url ?? written.url ?? DEFAULT_URL, token: token ?? (same ? written.token : undefined), ...whose };
}

function seatIn(cwd: string, file: string, env: Env): Wanted & { seat?: string | undefined } {
  // A file that came with a clone is readable for everybody; its server would hear whatever is said here.
  if ((statSync(file).mode & 0o077) !== 0)
    throw new Refusal("conflict", "connection.not_private", `${file} can be read by others than its owner.`, {
      hint: "If `longwatch connect` wrote it, say `chmod 600` to it. If it came with the files of somebody, delete it.",
    });
  const known = settingsFor(cwd, { ...env, LONGWATCH_URL: undefined, LONGWATCH_TOKEN: undefined }, file);
  if (known.state === "found") return known.settings;
  const why = known.state === "broken" ? known.why : "it is gone";
  throw new Refusal("invalid", "connection.malformed", `${file} cannot be used: ${why}.`, {
    hint: "Say `longwatch connect` for this project again; or give --url and --token.",
  });
}

function writtenIn(file: string): Wanted {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Not there, or not ours to read: then the flags and the environment have to say it.
    return {};
  }
  try {
    const { url, token } = JSON.parse(text) as Wanted;
    return { url, token };
  } catch {
    throw new Refusal("invalid", "connection.malformed", `${file} is not JSON.`, {
      hint: "Delete it and start the server, which writes it anew; or give --url and --token.",
    });
  }
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
