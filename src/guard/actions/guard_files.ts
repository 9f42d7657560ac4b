import { normalize } from "node:path";
import { absolute, type Call } from "./call.ts";
import type { Around } from "../tool_call.ts";

/**
 * Where the guard lives: the CLIs' configuration that starts it, its own settings, git's hooks. Whoever can write one
 * of these can switch the guard off, so that they are nobody's but the operator's.
 */
const own: readonly [RegExp, string][] = [
  [/(^|\/)\.claude(\/(settings[\w.-]*\.json|hooks(\/.*)?|plugins(\/.*)?|\*.*)?)?$/, "Claude Code's settings"],
  [/(^|\/)\.claude\.json$/, "Claude Code's settings"],
  [/(^|\/)\.mcp\.json$/, "MCP servers"],
  [
    /(^|\/)\.codex(\/([\w.-]*config\.toml|hooks\.json|hooks(\/.*)?|requirements\.toml|rules(\/.*)?|\*.*)?)?$/,
    "Codex's settings",
  ],
  [
    /(^|\/)\.gemini(\/(settings\.json|policies(\/.*)?|extensions(\/.*)?|hooks(\/.*)?|trustedFolders\.json|\*.*)?)?$/,
    "Gemini CLI's settings",
  ],
  [/(^|\/)(opencode\.jsonc?|\.opencode(\/(plugins?|config|opencode\.jsonc?|\*)(\/.*)?)?)$/, "OpenCode's settings"],
  [/(^|\/)\.config\/opencode(\/(plugins?(\/.*)?|opencode\.jsonc?))?$/, "OpenCode's settings"],
  [/(^|\/)\.longwatch(\/.*)?$/, "Longwatch's settings"],
  [/(^|\/)\.config\/longwatch(\/.*)?$/, "Longwatch's settings"],
  [/(^|\/)longwatch\/(client|guard)\.json$/, "Longwatch's settings"],
  // Startup snapshots: what lies there is run in the guard's place.
  [/(^|\/)\.cache\/longwatch(\/.*)?$/, "Longwatch itself"],
  [/^\/etc\/(claude-code|codex|gemini-cli|longwatch)(\/.*)?$/, "the machine's settings"],
  [/^\/Library\/Application Support\/(ClaudeCode|GeminiCli)(\/.*)?$/, "the machine's settings"],
  [/(^|\/)\.git\/(hooks(\/.*)?|config(\.worktree)?)$/, "git's hooks"],
  [/(^|\/)\.gitconfig$|(^|\/)\.config\/git\/config$|^\/etc\/gitconfig$/, "git's settings"],
  [/(^|\/)(\.husky(\/.*)?|lefthook\.ya?ml|\.pre-commit-config\.yaml)$/, "git's hooks"],
  [/(^|\/)bin\/(longwatch|claude|codex|gemini|opencode)$/, "a guarded program"],
  [/(^|\/)node_modules\/(\.bin\/)?longwatch(\/.*)?$/, "Longwatch itself"],
];

/** Beginnings that reach one of these by a glob: `.cl*`, `.g?mini`. */
const globbed = [".claude", ".codex", ".gemini", ".longwatch", ".opencode", ".mcp.json", ".claude.json", ".husky"];

/** What of the guard a path is, if anything. Reading it is nobody's concern; this is asked of writers only. */
export function guardPathOf(path: string | null, call: Pick<Call, "cwd" | "env">, around: Around): string | undefined {
  if (path === null || path === "") return undefined;
  const whole = absolute(path, call as Call, around) ?? normalize(path);
  const bare = whole.replace(/\/+$/, "");
  const inside = bare.startsWith(`${around.worktree}/`) ? bare.slice(around.worktree.length + 1) : bare;
  // A path that leads through a link is what the link says, not what it is called; the caller resolves what it can.
  for (const [pattern, what] of own) if (pattern.test(inside)) return what;
  if (/[*?[]/.test(path)) {
    const segments = inside.split("/");
    const hit = segments.find((segment) => /[*?[]/.test(segment) && globbed.some((name) => matchesGlob(segment, name)));
    if (hit !== undefined) return "the guard's settings";
  }
  return undefined;
}

/** A leading dot has to be written out: `*` does not reach `.claude`. */
function matchesGlob(glob: string, name: string): boolean {
  if (!glob.startsWith(".")) return false;
  const source = glob
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".")
    .replaceAll("[!", "[^");
  try {
    return new RegExp(`^${source}$`).test(name);
  } catch {
    return true;
  }
}

/** A local branch written as a file: `.git/refs/heads/main`. */
export function branchFileOf(path: string): string | undefined {
  return /(?:^|\/)\.git\/(?:refs\/heads\/(.+)|packed-refs|HEAD)$/.exec(path)?.[1];
}
