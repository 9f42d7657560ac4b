import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Refusal } from "../../kernel/refusal.ts";

export const DEFAULT_URL = "http://127.0.0.1:4780";

/** The server writes its address and the operator's first token here, readable by its owner alone. */
const CLIENT_FILE = "client.json";

type Env = Record<string, string | undefined>;
type Wanted = { url?: string | undefined; token?: string | undefined };

/** Where Longwatch keeps its things on this machine. */
export function dataDirectory(env: Env): string {
  if (env.LONGWATCH_DATA) return env.LONGWATCH_DATA;
  if (process.getuid?.() === 0) return "/var/lib/longwatch";
  const home = env.HOME ?? homedir();
  if (process.platform === "darwin") return join(home, "Library", "Application Support", "longwatch");
  return join(env.XDG_DATA_HOME || join(home, ".local", "share"), "longwatch");
}

/** Which server to talk to, and as whom: flags, then the environment, then what the server wrote. */
export function connectionOf(flags: Wanted, env: Env): { url: string; token: string | undefined } {
  const url = flags.url ?? (env.LONGWATCH_URL || undefined);
  const token = flags.token ?? (env.LONGWATCH_TOKEN || undefined);
  if (url !== undefined && token !== undefined) return { url, token };
  const written = writtenIn(join(dataDirectory(env), CLIENT_FILE));
  // The written token is for the server that wrote it; another address must not get to see it.
  const same = url === undefined || written.url === undefined || originOf(url) === originOf(written.url);
  return { url: url ?? written.url ?? DEFAULT_URL, token: token ?? (same ? written.token : undefined) };
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
