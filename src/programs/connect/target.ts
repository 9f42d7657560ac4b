import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { turnEvents } from "../../guard/hook_command.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { type Cli, type Scope, scopes, type Setting, type Strength } from "./clis/cli.ts";
import { codexHome } from "./clis/codex.ts";
import { type CliName, clis } from "./clis/index.ts";
import { type Trust, trustInCodex } from "./codex_trust.ts";
import { backupOf, type Edit } from "./edits.ts";
import { git } from "./git_hooks.ts";
import { type Attempt, hookArgv, pluginArgv, type Trials } from "./self_test.ts";
import { hasOurs } from "./toml_file.ts";

/** What can be connected: an agent's program, or git. */
export type Target = {
  provider: string;
  scopes: readonly Scope[];
  /** The role that its seat has when nobody says one. */
  role(setting: Setting): string;
  connected(setting: Setting): Edit[];
  disconnected(setting: Setting): Edit[];
  /** What the self-test tries, read from the files as they are now. */
  attempts(setting: Setting): Pick<Trials, "harmless" | "protected_calls" | "without_server" | "turn_end">;
  /** What the program itself has to be asked for, and the file that it writes then. */
  settled?(setting: Setting): Promise<Trust>;
  written_by_itself?(setting: Setting): string;
  strength(setting: Setting): Strength;
  notes(setting: Setting): string[];
};

export const targetNames = [...(Object.keys(clis) as CliName[]), "git"] as const;
export type TargetName = CliName | "git";

export function targetOf(name: TargetName): Target {
  if (name === "git") return git;
  return ofCli(name, clis[name]);
}

const HARMLESS = "git log --oneline -1";
/** The first is what everybody fears; the last is denied to every seat, even to one that may push. */
const PROTECTED = ["git push --force origin main", "rm -rf .longwatch"];

function ofCli(name: CliName, cli: Cli): Target {
  return {
    ...cli,
    role: () => "implementer",
    attempts(setting) {
      const path = cli.hookFile(setting);
      const hook = existsSync(path) ? cli.hookIn(path, readFileSync(path, "utf8")) : undefined;
      if (hook === undefined)
        throw new Refusal("conflict", "connect.no_hook", `${path} has no hook of ours that ${name} would call.`, {
          hint: `Look whether hooks are switched off there, then say \`longwatch connect ${name}\` again.`,
        });
      const usual = name === "opencode" ? pluginArgv(path) : hookArgv(hook);
      const attempt = (call: string, argv = usual) => ({
        call,
        argv,
        input: JSON.stringify(cli.sample(call, setting.project)),
      });
      return {
        harmless: attempt(HARMLESS),
        protected_calls: PROTECTED.map((call) => attempt(call)),
        without_server: attempt(PROTECTED[0]!, hookArgv(hook)),
        ...(cli.stop && setting.turns ? { turn_end: turnEnd(cli.stop, setting) } : {}),
      };
    },
    ...(name === "codex" ? { settled, written_by_itself } : {}),
    strength: ({ scope }) => cli.strength(scope),
  };
}

function turnEnd(stop: object, { project, turn_hook }: Setting): Attempt {
  const input = JSON.stringify({ ...stop, session_id: "longwatch-self-test", cwd: project });
  // A hook that broke off would let every turn pass, and its program would not mind.
  return { call: "the end of a turn", argv: hookArgv(turn_hook("stop")), input, refuses: (code) => code !== 0 };
}

const written_by_itself = (setting: Setting): string => join(codexHome(setting), "config.toml");

async function settled(setting: Setting): Promise<Trust> {
  // What an administrator requires needs nobody's trust.
  if (setting.scope === "managed") return "trusted already";
  const { env, hook, turns, turn_hook } = setting;
  const hooks = [hook, ...(turns ? turnEvents.map(turn_hook) : [])];
  const project = realpathSync(setting.project);
  const hook_file = realpathSync(clis.codex.hookFile(setting));
  const may_trust_folder = setting.scope === "project" && !hasOwnConfiguration(setting);
  return trustInCodex({ project, hook_file, hooks, home: codexHome(setting), env, may_trust_folder });
}

/** Whether trusting the folder would set more to work than what we wrote. */
function hasOwnConfiguration({ project }: Setting): boolean {
  const path = join(project, ".codex", "config.toml");
  return existsSync(path) && (existsSync(backupOf(path)) || !hasOurs(readFileSync(path, "utf8")));
}

/** Reads a scope; a refusal says what there is. */
export function scopeOf(said: string, name: TargetName): Scope {
  const known = targetOf(name).scopes;
  const scope = scopes.find((one) => one === said);
  if (scope && known.includes(scope)) return scope;
  throw new Refusal("invalid", "flags.invalid", `${name} has no scope ${said}: it has ${known.join(", ")}.`);
}
