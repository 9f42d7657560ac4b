/**
 * The actions that are decided before they happen. The guard finds them in what an agent is about to do; the shipped
 * policy says who may. Everything else an agent does is nobody's business here.
 */
export const actions = {
  deploy: "Put code or configuration into a running environment.",
  push: "Move a protected branch or a tag of a remote repository.",
  merge: "Bring changes into a protected branch: a merge, a pull request's merge, a rebase or reset of it.",
  publish: "Hand a package, an image or a release to a registry.",
  migrate: "Change the schema or the rows of a database that is not a throw-away one.",
  delete: "Destroy what the worktree cannot bring back.",
  reconfigure_guard: "Change, remove or step around the guard: its hooks, its settings, its tokens, its server.",
  write_outside: "Write files outside the worktree and the temporary directories.",
  spend: "Order what costs money.",
} as const;

export type ActionName = keyof typeof actions;
export const actionNames = Object.keys(actions) as ActionName[];

/** What an action is done to. `production` says whether people outside the fleet live with the result. */
export const resourceTypes = ["environment", "branch", "package", "database", "path", "guard", "service"] as const;
export type ResourceType = (typeof resourceTypes)[number];

export type Resource = {
  type: ResourceType;
  /** `production`, `origin/main`, `npm:left-pad`, `/etc/passwd`; `unknown` where the text does not tell. */
  id: string;
  properties: { production: boolean } & Record<string, string | number | boolean | string[]>;
};

/** A protected action found in a tool call. */
export type Found = {
  action: ActionName;
  resource: Resource;
  /** False where the text could not be read whole and a protected word stands near. */
  certain: boolean;
  /** The part of the command or the path that it was found in; secrets are already out of it. */
  text: string;
  /** Why the guard thinks so, in a few words for people: `git push to main`. */
  because: string;
};

/**
 * Finds the tickets that words name, provisional ones too: by the namespaces there are, so that UTF-8 is none. A
 * branch's name is written in any case: `codex/cmb-0007-ready`.
 */
export function ticketsNamed(words: string, prefixes: readonly string[], written: "plainly" | "anyhow"): string[] {
  if (prefixes.length === 0) return [];
  const those = prefixes.map((prefix) => prefix.replaceAll(/[^A-Za-z0-9]/g, "\\$&")).join("|");
  const number = String.raw`(?:\d+(?:-\d+)*|\?(?=~))(?:~[a-z0-9]+)?`;
  const flags = written === "anyhow" ? "gi" : "g";
  const found = words.matchAll(new RegExp(String.raw`(?<![A-Za-z0-9-])(${those})-(${number})(?![A-Za-z0-9])`, flags));
  return [...new Set([...found].map(([, prefix, rest]) => `${prefix!.toUpperCase()}-${rest}`))];
}
