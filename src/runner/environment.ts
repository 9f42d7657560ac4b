/** What every command gets of the runner's environment: where programs are and how to write, and nothing that opens. */
const PASSED = ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "SHELL", "USER", "LOGNAME", "HOME"];
/** Never handed on, whoever names them: with these one speaks as the runner. */
const OURS = /^(LONGWATCH_|DATABASE_URL$|PG)/;

export type Env = Readonly<Record<string, string | undefined>>;
type Passed = { env: Record<string, string>; secrets: string[] };

/**
 * The environment of one command: a fixed list, what the environment's own definition names in that line as `$NAME`,
 * and what the deploy is about. The named ones are hidden from the log, for they are how a deploy logs in somewhere.
 */
export function environmentFor(line: string, from: Env, about: Record<string, string>): Passed {
  const named = [...line.matchAll(/\$\{?([A-Za-z_][A-Za-z0-9_]*)/g)].map(([, name]) => name!);
  const own = named.filter((name) => !OURS.test(name) && !PASSED.includes(name) && from[name]);
  const env: Record<string, string> = {};
  for (const name of [...PASSED, ...own]) if (from[name] !== undefined) env[name] = from[name];
  return { env: { ...env, ...about }, secrets: own.map((name) => from[name]!) };
}
