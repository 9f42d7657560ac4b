import * as fs from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";

/**
 * Which server a seat's guard asks, and as whom. `longwatch connect` writes it; the guard and the command line read it.
 * It never is the operator's own client.json: an agent's guard must not speak with a person's rights.
 */
export type Settings = {
  version: 1;
  url: string;
  /** May be missing in a machine's file: then each project, user or environment brings its own, for the same server. */
  token?: string | undefined;
  /** The seat that the token is for, to be read by people. */
  seat?: string | undefined;
  /** Branches that count as protected besides the usual ones. */
  protected_branches: string[];
  /** What the agent may write in; without it the CLI's project directory. */
  worktree?: string | undefined;
  /** What to do about a human approval where the CLI can wait for one: Claude in print mode stops and is resumed. */
  approvals?: "defer" | "deny" | undefined;
  /** How long the server may take in all. */
  wait_seconds?: number | undefined;
};

export type Env = Readonly<Record<string, string | undefined>>;
export type Place = "project" | "user" | "machine";
/** What is known about the server: its settings, or why there are none. */
export type Known =
  | { state: "found"; settings: Settings & { token: string }; from: string }
  | { state: "absent"; looked_at: string[] }
  | { state: "broken"; from: string; why: string };

/** A project's settings lie here, below its directory. */
const PROJECT_FILE = join(".longwatch", "guard.json");
const MACHINE_FILE = "/etc/longwatch/guard.json";
/** More than any settings; a file of that size is something else. */
const BYTES_MAX = 64 * 1024;
const FROM_ENVIRONMENT = "the environment";

/** Where the settings of a place are written. */
export function settingsPath(place: Place, { project, env }: { project: string; env: Env }): string {
  if (place === "project") return join(project, PROJECT_FILE);
  if (place === "machine") return MACHINE_FILE;
  const [path] = userFiles(env);
  if (path === undefined) throw new Error("Nobody says where your home directory is; set HOME and say it again.");
  return path;
}

/** The user's file, or none for an account without a home. */
function userFiles(env: Env): string[] {
  const home = env.XDG_CONFIG_HOME ? undefined : homeOf(env);
  const directory = env.XDG_CONFIG_HOME || (home && join(home, ".config"));
  return directory ? [join(directory, "longwatch", "guard.json")] : [];
}

/** The home directory: HOME, or the account's, since services often start their programs without HOME. */
export function homeOf(env: Env): string | undefined {
  try {
    return env.HOME || userInfo().homedir;
  } catch {
    return undefined;
  }
}

/** The nearest project's settings file from a directory upwards. */
export function projectSettings(cwd: string): string | undefined {
  for (let at = cwd; ; at = dirname(at)) {
    const path = join(at, PROJECT_FILE);
    if (fs.existsSync(path)) return path;
    if (dirname(at) === at) return undefined;
  }
}

/**
 * The settings for a directory. Which server: a `pinned` file's, else the environment's LONGWATCH_URL, else that of the
 * first file there is: the nearest project's upwards, the user's, the machine's. As whom: LONGWATCH_TOKEN, else the
 * first token in the order project, pinned, user, machine. A token only ever goes to the server that it was written
 * down for, and a file that cannot be read ends the search: what it would have said is not known.
 */
export function settingsFor(cwd: string, env: Env, pinned?: string): Known {
  const near = projectSettings(cwd);
  const about = [pinned, near].filter((path) => path !== undefined);
  const paths = [...new Set([...about, ...userFiles(env), MACHINE_FILE])];
  const files: { path: string; settings: Settings }[] = [];
  let server = pinned === undefined ? env.LONGWATCH_URL || undefined : undefined;
  const whoever = () => {
    const nearest = [...files].sort((a, b) => Number(b.path === near) - Number(a.path === near));
    const known = nearest.find(({ settings: { token, url } }) => token && sameOrigin(server!, url));
    const written = known && { token: known.settings.token!, seat: known.settings.seat, from: known.path };
    return environments(env, server) ?? written;
  };
  try {
    for (const path of paths) {
      // A project's own file is read in any case: it says which branches are protected there.
      if (!about.includes(path) && whoever()) break;
      const settings = read(path);
      if (!settings && path === pinned) return { state: "absent", looked_at: [path] };
      if (!settings) continue;
      server ??= settings.url;
      files.push({ path, settings });
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { state: "broken", from: error.path, why: error.message };
  }
  const who: { token: string; seat?: string | undefined; from: string } | undefined = whoever();
  if (server === undefined) return { state: "absent", looked_at: paths };
  if (!who)
    return { state: "broken", from: files[0]?.path ?? FROM_ENVIRONMENT, why: "there is no token for its server" };
  const first = <Field extends keyof Settings>(field: Field) =>
    files.map(({ settings }) => settings[field]).find((value) => value !== undefined);
  const settings = {
    version: 1 as const,
    url: server,
    token: who.token,
    seat: who.seat,
    protected_branches: [...new Set(files.flatMap(({ settings }) => settings.protected_branches))],
    worktree: first("worktree"),
    approvals: first("approvals"),
    wait_seconds: first("wait_seconds"),
  };
  return { state: "found", settings, from: who.from };
}

/** The environment's token, unless it stands there with the address of another server. */
function environments({ LONGWATCH_URL: url, LONGWATCH_TOKEN: token }: Env, server: string | undefined) {
  if (!token || server === undefined || (url && !sameOrigin(server, url))) return undefined;
  return { token, from: FROM_ENVIRONMENT };
}

function sameOrigin(one: string, other: string): boolean {
  return one === other || (URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin);
}

/** A settings file that is there and cannot be used. */
class Unreadable extends Error {
  readonly path: string;
  constructor(path: string, why: string) {
    super(why);
    this.path = path;
  }
}

/** The last of the three digits that `chmod` takes: everybody's right to write. */
const WRITABLE_BY_ALL = 0o002;

/**
 * Settings of one's own or of root, and for root those of the person whose directory they lie in. A
 * `.longwatch` that somebody else has put into /tmp says nothing about a project of mine below it.
 */
function isTrusted(owner: number, path: string): boolean {
  const own = process.geteuid?.();
  if (own === undefined || owner === own || owner === 0) return true;
  // In a container, root often works in a directory that belongs to the person outside.
  const { uid, mode } = fs.statSync(dirname(dirname(path)));
  return own === 0 && uid === owner && (mode & WRITABLE_BY_ALL) === 0;
}

function read(path: string): Settings | undefined {
  let text: string;
  try {
    const { size, mode, uid } = fs.statSync(path);
    if (mode & WRITABLE_BY_ALL) throw new Unreadable(path, "everybody may write it; `chmod 600` mends that");
    if (!isTrusted(uid, path)) throw new Unreadable(path, "it belongs to somebody else");
    if (size > BYTES_MAX) throw new Unreadable(path, "it is too large for a settings file");
    text = fs.readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error instanceof Unreadable ? error : new Unreadable(path, `it cannot be read (${code ?? message})`);
  }
  return settingsIn(text, path);
}

function settingsIn(text: string, path: string): Settings {
  let value: Partial<Record<keyof Settings, unknown>>;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Unreadable(path, "it is not JSON");
  }
  const wrong = (field: string): never => {
    throw new Unreadable(path, `its ${field} is not what it should be`);
  };
  if (value?.version !== 1) return wrong("version");
  const text_or_nothing = (field: "token" | "seat" | "worktree") => {
    const given = value[field];
    return given === undefined || (typeof given === "string" && given !== "") ? given : wrong(field);
  };
  const { url, protected_branches = [], approvals, wait_seconds } = value;
  if (typeof url !== "string" || !/^https?:/.test(url) || !URL.canParse(url)) return wrong("url");
  if (!Array.isArray(protected_branches) || !protected_branches.every((one) => typeof one === "string"))
    return wrong("protected_branches");
  if (approvals !== undefined && approvals !== "defer" && approvals !== "deny") return wrong("approvals");
  if (wait_seconds !== undefined && !(typeof wait_seconds === "number" && wait_seconds > 0 && wait_seconds <= 60))
    return wrong("wait_seconds");
  const [token, seat, worktree] = [text_or_nothing("token"), text_or_nothing("seat"), text_or_nothing("worktree")];
  return { version: 1, url, token, seat, protected_branches, worktree, approvals, wait_seconds };
}

/**
 * Writes settings for their owner alone, whole or not at all. A project's directory for them is kept out of git, since
 * a token that was committed is everybody's.
 */
export function writeSettings(path: string, settings: Settings): void {
  const directory = dirname(path);
  fs.mkdirSync(directory, { recursive: true });
  if (path.endsWith(PROJECT_FILE)) fs.writeFileSync(join(directory, ".gitignore"), "*\n");
  const fresh = `${path}.${process.pid}`;
  try {
    fs.rmSync(fresh, { force: true });
    // A machine's file without a token holds no secret, and everybody's guard has to read it.
    fs.writeFileSync(fresh, `${JSON.stringify(settings, null, 2)}\n`, { mode: settings.token ? 0o600 : 0o644 });
    fs.renameSync(fresh, path);
  } finally {
    fs.rmSync(fresh, { force: true });
  }
}
