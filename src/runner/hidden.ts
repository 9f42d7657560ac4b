import { dirname, join } from "node:path";
import type { Env } from "./environment.ts";

/** Where programs keep what logs in somewhere, below a home. */
const IN_A_HOME = [
  ...[".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".netrc", ".npmrc", ".pypirc", ".git-credentials"],
  ...[".config/gcloud", ".config/gh", ".config/git/credentials", ".config/longwatch", ".local/share/longwatch"],
  ...[".pgpass", ".my.cnf", ".vault-token", ".password-store", ".local/share/keyrings", ".s3cfg", ".boto", ".oci"],
  ...[".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials", ".composer/auth.json", ".terraform.d"],
  ...[".m2/settings.xml", ".gradle/gradle.properties", ".yarnrc.yml", ".config/containers", ".config/rclone", ".fly"],
  ...[".config/hcloud", ".config/doctl", ".config/op", ".config/configstore", ".config/opencode", ".netlify"],
  ...[".local/share/opencode", ".config/github-copilot", ".wrangler", ".config/.wrangler", ".mozilla"],
  ...[".config/google-chrome", ".config/chromium", ".zsh_history", ".psql_history", ".node_repl_history"],
  ...[".bash_history", ".claude", ".claude.json", ".codex", ".gemini", ".vercel", ".config/hub"],
];

/** Where a project keeps what opens things on its developer's machine. */
const SETTINGS = [".env", ...["local", "development", "production", "staging"].map((one) => `.env.${one}`)];

/** What a verify command must not see: the server's things, the guards' settings, and the runner's other keys. */
export function hiddenFrom(env: Env, data: string, directories: readonly string[]): string[] {
  const homes = [env.HOME, env.XDG_CONFIG_HOME && dirname(env.XDG_CONFIG_HOME)].filter((one) => one !== undefined);
  const projects = directories.flatMap(upwards).map((at) => join(at, ".longwatch"));
  const repositories = directories.flatMap((at) => [
    join(at, ".git", "config"),
    ...SETTINGS.map((one) => join(at, one)),
  ]);
  const config = env.XDG_CONFIG_HOME ? [join(env.XDG_CONFIG_HOME, "longwatch")] : [];
  const own = [data, env.LONGWATCH_ANCHORS, "/etc/longwatch", "/var/lib/longwatch", ...config].filter((one) => !!one);
  const keys = homes.flatMap((home) => IN_A_HOME.map((one) => join(home!, one)));
  return [...new Set([...own.map(String), ...projects, ...repositories, ...keys])].filter((one) => !one.includes("\n"));
}

function upwards(from: string): string[] {
  const found = [from];
  for (let at = from; dirname(at) !== at; at = dirname(at)) found.push(dirname(at));
  return found;
}
