import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { hookCommand, type TurnEvent, turnHookCommand } from "../../guard/hook_command.ts";
import { type Env, homeOf, type Settings, settingsPath, writeSettings } from "../../guard/settings.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { quotedForShell } from "../../shell_words.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";
import { agentsMdConnected, agentsMdDisconnected } from "./agents_md.ts";
import { type Asked, askedIn, USAGE } from "./asked.ts";
import type { Setting } from "./clis/cli.ts";
import type { Trust } from "./codex_trust.ts";
import { type Edit, isChange, type Planned, planned, withoutEmpty, written } from "./edits.ts";
import { connectionsIn, recordBeside, recorded, undoable, undone } from "./record.ts";
import { type Seated, seated, settingsAt } from "./seat.ts";
import { selfTest } from "./self_test.ts";
import { type Target, targetOf } from "./target.ts";
import { type Report, told, toldDisconnected, toldPlan } from "./told.ts";

export type Around = {
  env: Env;
  cwd: string;
  /** The server, and the operator's token: never that of a seat in this directory. */
  operator(): { url: string; token: string | undefined };
  /** bin/longwatch, as the hooks start it. */
  launcher: string;
  stdout(text: string): void;
  stderr(text: string): void;
};

const DONE = 0;
const UNSURE = 1;

/** Connects, or disconnects, an agent's program or a git repository. Answers the exit code. */
export async function main(
  which: "connect" | "disconnect",
  argv: string[],
  globals: { json?: boolean },
  around: Around,
): Promise<number> {
  const { stdout, stderr } = around;
  try {
    const asked = askedIn(which, argv, around.cwd, globals.json === true);
    if (asked === null) return (stdout(USAGE[which]), DONE);
    return which === "connect" ? await connected(asked, around) : disconnected(asked, around);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return sayRefusal(error, globals.json === true || argv.includes("--json"), { write: stderr });
  }
}

/** Where one connection stands: its program, its settings, its files. */
function placeOf(asked: Asked, { env: given, launcher }: Around) {
  const { scope, project, managed_root, mcp, turns } = asked;
  const env = scope === "user" ? atHome(given) : given;
  if (!statSync(project, { throwIfNoEntry: false })?.isDirectory())
    throw new Refusal("invalid", "flags.invalid", `${project} is no directory.`);
  const looked_for_at = settingsPath(scope === "managed" ? "machine" : scope, { project, env });
  const settings_path = scope === "managed" ? join(managed_root || "/", looked_for_at) : looked_for_at;
  const target = targetOf(asked.target);
  // Nobody shall choose the hook's server by a file or a variable of his own, such as a checked-in `env` block.
  const hook = hookCommand(asked.target, launcher, looked_for_at);
  const turn_hook = (event: TurnEvent) => turnHookCommand(asked.target, event, launcher, looked_for_at);
  const setting: Setting = { project, scope, env, managed_root, hook, turn_hook, turns, launcher, mcp };
  return { target, setting, settings_path, looked_for_at, record: recordBeside(settings_path) };
}

/** An account without HOME has its home all the same; without either, a user's files would lie in `/`. */
function atHome(env: Env): Env {
  const home = homeOf(env);
  if (home !== undefined) return { ...env, HOME: home };
  throw new Refusal("invalid", "home.unknown", "Nobody says where your home directory is.", {
    hint: "Set HOME to an absolute path, or connect this project alone with `--scope project`.",
  });
}

async function connected(asked: Asked, around: Around): Promise<number> {
  const { target, setting, settings_path, looked_for_at, record } = placeOf(asked, around);
  const agents_md = join(asked.project, "AGENTS.md");
  const edits = [...target.connected(setting), ...(asked.agents_md ? [agentsMdConnected(agents_md)] : [])];
  const removal = [...target.disconnected(setting), agentsMdDisconnected(agents_md)];
  const plans = planned(edits);
  const known = settingsAt(settings_path, asked.project);
  if (asked.dry_run) return (around.stdout(toldPlan(asked, plans, settings_path)), DONE);

  const operator = around.operator();
  const seat = await seatFor(asked, target, setting, known, operator);
  const settings: Settings = {
    protected_branches: [],
    ...known,
    version: 1,
    url: operator.url,
    token: seat?.token ?? known?.token,
    seat: seat?.seat ?? known?.seat,
  };
  const all = connectionsIn(record);
  const { backups, connection } = undoable(plans, removal, asked.target, all);
  const changes = [...backups, ...plans].filter(isChange);
  const records = recorded(record, { ...all, [asked.target]: connection }).filter(isChange);
  const undo = put(settings_path, isDeepStrictEqual(known, settings) ? null : settings, [...changes, ...records]);
  let trust: Trust | undefined;
  try {
    trust = await settled(target, setting, asked, record);
  } catch (error) {
    undo();
    throw error;
  }
  const trials = await selfTest({
    ...target.attempts(setting),
    ...{ cwd: asked.project, env: around.env, settings_path, looked_for_at },
  });
  const exit = trust !== "no codex" && trials.every(({ wanted, got }) => wanted === got) ? DONE : UNSURE;
  const files = plans.map((plan) => ({ path: plan.path, what: plan.what, changed: isChange(plan) }));
  const fresh = changes.length > 0 || trust === "trusted" || seat?.how === "adopted";
  const report: Report = {
    ...{ target: asked.target, scope: asked.scope, state: fresh ? "connected" : "already connected" },
    ...{ seat: seat ? { name: seat.seat, role: seat.role, how: seat.how } : null },
    ...{ url: settings.url, settings: settings_path, files, trust: trust ?? null, trials },
    ...{ strength: target.strength(setting), notes: [...target.notes(setting), ...pathNote(around)], exit },
  };
  around.stdout(asked.json ? `${JSON.stringify(report)}\n` : told(report));
  return exit;
}

/** Whom the program acts as. The hook of a whole machine may leave that to each project. */
async function seatFor(
  asked: Asked,
  target: Target,
  setting: Setting,
  known: Settings | undefined,
  operator: ReturnType<Around["operator"]>,
): Promise<Seated | null> {
  const { scope, seat, role, lane, token, replace } = asked;
  if (scope === "managed" && seat === undefined && token === undefined && !known?.token) return null;
  const wanted = { url: operator.url, operator: operator.token, seat, role, lane, token, replace };
  return seated({ ...wanted, usual_role: target.role(setting) }, known, target.provider);
}

/** Writes the settings and all files, or nothing. Answers how to take it back. */
function put(settings_path: string, settings: Settings | null, changes: readonly Planned[]): () => void {
  const before = existsSync(settings_path) ? readFileSync(settings_path) : null;
  const was_there = existsSync(dirname(settings_path));
  const back = () => {
    if (settings === null) return;
    if (before !== null) writeSettings(settings_path, JSON.parse(before.toString()));
    else if (!was_there) rmSync(dirname(settings_path), { recursive: true, force: true });
    else rmSync(settings_path, { force: true });
  };
  try {
    if (settings !== null) writeSettings(settings_path, settings);
    const made = written(changes);
    return () => {
      written(changes.map((plan) => ({ ...plan, before: plan.after, after: plan.before, mode: plan.mode_before })));
      withoutEmpty(made);
      back();
    };
  } catch (error) {
    back();
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof Refusal || code === undefined) throw error;
    throw new Refusal("conflict", "connect.unwritable", `${message}.`, { hint: "Nothing was changed." });
  }
}

/** Lets the program itself do what only it can, and remembers what it wrote for us. */
async function settled(target: Target, setting: Setting, asked: Asked, record: string): Promise<Trust | undefined> {
  if (!target.settled) return undefined;
  const [file] = planned([{ path: target.written_by_itself!(setting), what: "its trust", change: (text) => text }]);
  const trust = await target.settled(setting);
  const after = existsSync(file!.path) ? readFileSync(file!.path) : null;
  if (trust !== "trusted" || after === null) return trust;
  const all = connectionsIn(record);
  const plan = { ...file!, after };
  const { backups, connection } = undoable([plan], target.disconnected(setting), asked.target, all);
  written([...backups, ...recorded(record, { ...all, [asked.target]: connection })].filter(isChange));
  return trust;
}

function disconnected(asked: Asked, around: Around): number {
  const { target, setting, settings_path, record } = placeOf(asked, around);
  const all = connectionsIn(record);
  const removal: Edit[] = [...target.disconnected(setting), agentsMdDisconnected(join(asked.project, "AGENTS.md"))];
  const { plans, left } = undone(removal, asked.target, all);
  const { [asked.target]: ended, ...others } = all;
  const known = settingsAt(settings_path, asked.project);
  const last = Object.keys(others).length === 0 && ended !== undefined;
  const gone = (path: string): Edit => ({ path, what: "the settings", change: () => null });
  const directory = dirname(settings_path);
  // A spool that lies there stays, and so does what keeps it out of commits.
  const stays = existsSync(join(directory, "spool"));
  const ignored = asked.scope === "project" && !stays ? [join(directory, ".gitignore")] : [];
  const ours = last ? [settings_path, ...ignored] : [];
  const changes = [...plans, ...planned(ours.map(gone)), ...recorded(record, others)].filter(isChange);
  if (!asked.dry_run) {
    written(changes);
    withoutEmpty([...(ended?.directories ?? []), ...(last ? [directory] : [])]);
  }
  const seat = last ? (known?.seat ?? null) : null;
  around.stdout(toldDisconnected(asked, changes, { left, seat }));
  return DONE;
}

/** A denial gives commands of ours to say, which an agent has to find. npx's own directory is there for us alone. */
function pathNote({ env, launcher }: Around): string[] {
  const places = (env.PATH ?? "")
    .split(":")
    .filter((place) => place !== "" && !/\/node_modules\/\.bin\/?$/.test(place));
  if (places.some((place) => existsSync(join(place, "longwatch")))) return [];
  return [
    "Denials name commands of `longwatch`, which is not on PATH yet. Once, into any directory that is: " +
      `ln -s ${quotedForShell(launcher)} ~/.local/bin/`,
  ];
}
