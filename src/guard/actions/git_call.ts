import { either } from "./either.ts";
import { absolute, type Call, type Scene } from "./call.ts";

/** A git command as git reads it: what stands before the subcommand is taken apart. */
export type GitCall = {
  call: Call;
  cwd: string | null;
  /** What has to stand before a question to the same repository. */
  where: readonly string[];
  /** Settings of this call alone, from `-c` and the environment; keys in lower case. */
  configs: ReadonlyMap<string, string | null>;
  /** Null where it is not known. */
  name: string | null;
  args: readonly (string | null)[];
};

const valued = new Set(["--git-dir", "--work-tree", "--namespace", "--super-prefix", "--attr-source", "--exec-path"]);

export function gitCall(call: Call, scene: Scene): GitCall {
  const configs = environmentConfigs(call);
  const where: string[] = [];
  const directory = call.env.get("GIT_DIR");
  if (directory) where.push(`--git-dir=${directory}`);
  let cwd = call.cwd;
  let index = 0;
  const args = call.args;
  for (; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === null || !arg.startsWith("-")) break;
    const next = args[index + 1] ?? null;
    if (arg === "-C") {
      cwd = absolute(next, { ...call, cwd }, scene.around);
      index++;
    } else if (arg === "-c" || arg === "--config-env") {
      const [, key, value] = /^([^=]+)=?(.*)$/s.exec(next ?? "") ?? [];
      if (key !== undefined) configs.set(key.toLowerCase(), arg === "-c" ? value! : (call.env.get(value!) ?? null));
      index++;
    } else if (arg.startsWith("--config-env=")) {
      const [key = "", variable = ""] = arg.slice(13).split("=");
      configs.set(key.toLowerCase(), call.env.get(variable) ?? null);
    } else if (arg.startsWith("--git-dir=") || arg.startsWith("--work-tree=")) where.push(arg);
    else if (valued.has(arg)) {
      if (next !== null && /^--(git-dir|work-tree)$/.test(arg)) where.push(`${arg}=${next}`);
      index++;
    }
  }
  return { call, cwd, where, configs, name: args[index] ?? null, args: args.slice(index + 1) };
}

/** Git also takes settings from variables, which outrank its files. */
function environmentConfigs({ env }: Call): Map<string, string | null> {
  const configs = new Map<string, string | null>();
  for (const [name, key] of env) {
    const [, number] = /^GIT_CONFIG_KEY_(\d+)$/.exec(name) ?? [];
    if (number !== undefined && key) configs.set(key.toLowerCase(), env.get(`GIT_CONFIG_VALUE_${number}`) ?? null);
  }
  for (const [, whole] of (env.get("GIT_CONFIG_PARAMETERS") ?? "").matchAll(/'((?:[^']|'\\'')*)'/g)) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(whole!) ?? [];
    if (key !== undefined) configs.set(key.toLowerCase(), value!);
  }
  return configs;
}

/** A read-only question to the repository that the call is about. */
export function ask(git: GitCall, scene: Scene, ...args: string[]): string | null {
  if (git.cwd === null) return null;
  return scene.around.git([...git.where, ...args], git.cwd)?.trim() || null;
}

/** A setting as this call would see it: its own, one that the same command has written before, the repository's. */
export function configOf(git: GitCall, scene: Scene, key: string): string | null {
  const own = git.configs.get(key.toLowerCase()) ?? scene.configs.get(key.toLowerCase());
  return own ?? ask(git, scene, "config", "--get", key);
}

/** Settings whose value is a command that git runs. */
const commands = either(
  /^core\.(pager|editor|sshcommand|fsmonitor|askpass|gitproxy|alternaterefscommand)$/,
  /^(sequence\.editor|pager\..+|web\.browser|browser\..+\.cmd|man\..+\.cmd|help\.browser|init\.templatedir)$/,
  /^diff\.(external|.+\.(command|textconv))$|^(diff|merge)tool\..+\.cmd$|^merge\..+\.driver$/,
  /^credential\.(.+\.)?helper$|^filter\..+\.(clean|smudge|process)$|^gpg\.(.+\.)?program$/,
  /^uploadpack\.packobjectshook$|^remote\..+\.(receivepack|uploadpack)$|^interactive\.difffilter$/,
  /^trailer\..+\.(cmd|command)$|^sendemail\..*cmd$|^submodule\..+\.update$/,
);
export const runsCommand = (key: string) => commands.test(key.toLowerCase());

/** Variables whose value is a command that git or its pager runs. */
export const commandVariables = new Set(
  `GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER PAGER EDITOR VISUAL GIT_SSH_COMMAND GIT_SSH GIT_EXTERNAL_DIFF
  GIT_ASKPASS SSH_ASKPASS GIT_PROXY_COMMAND LESSOPEN LESSCLOSE MANPAGER BROWSER`.split(/\s+/),
);

/** The full name of a long option: git takes any beginning of it that is the only one. */
export function longOption(arg: string, names: readonly string[]): string | undefined {
  const [typed] = arg.split("=");
  if (!typed!.startsWith("--") || typed!.length < 4) return undefined;
  if (names.includes(typed!)) return typed;
  const candidates = names.filter((name) => name.startsWith(typed!));
  return candidates.length === 1 ? candidates[0] : undefined;
}
