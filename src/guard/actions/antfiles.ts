import { quotedForShell } from "../../shell_words.ts";

type Target = { needs: string[]; commands: string[][] };

/**
 * The shell commands that say what Ant's targets start, with what they depend on or call: those of the names, or
 * without one those of the default; and those outside of any target, which start whichever is asked for.
 * `<exec executable="git"><arg value="push"/><arg line="origin main"/></exec>`
 */
export function antCommands(text: string, names: readonly string[]): string[] {
  const outside: Target = { needs: [], commands: [] };
  const targets = new Map<string, Target>();
  let wanted = new Set(names);
  let [target, words]: [Target, string[] | undefined] = [outside, undefined];
  for (const tag of tagsIn(text)) {
    const [name = ""] = /^\/?[\w-]*/.exec(tag) ?? [];
    const isWhole = tag.includes("/>");
    if (name === "project" && names.length === 0) wanted = new Set(listed(attribute(tag, "default")));
    else if (name === "target") {
      const own: Target = { needs: listed(attribute(tag, "depends")), commands: [] };
      targets.set(attribute(tag, "name") ?? "", own);
      target = isWhole ? outside : own;
    } else if (name === "/target") target = outside;
    else if (name === "antcall") target.needs.push(...listed(attribute(tag, "target")));
    else if (/^(exec|apply)$/.test(name)) {
      const own = [attribute(tag, "executable") ?? attribute(tag, "command") ?? ""];
      target.commands.push(own);
      words = isWhole ? undefined : own;
    } else if (/^\/(exec|apply)$/.test(name)) words = undefined;
    else if (name === "arg") words?.push(argumentOf(tag));
  }
  for (const need of outside.needs) wanted.add(need);
  // A set that is walked takes what is added meanwhile, and each name once.
  for (const name of wanted) for (const need of targets.get(name)?.needs ?? []) wanted.add(need);
  const run = [outside, ...[...wanted].flatMap((name) => targets.get(name) ?? [])];
  return [...new Set(run.flatMap(({ commands }) => commands.map((command) => command.join(" "))))];
}

/** What stands behind each `<` outside of comments. Nothing here looks twice at a character: files may be long. */
function tagsIn(text: string): string[] {
  const [before = "", ...comments] = text.split("<!--");
  return [before, ...comments.map((one) => one.slice(one.indexOf("-->") + 1))].join("").split("<").slice(1);
}

function argumentOf(tag: string): string {
  const word = attribute(tag, "value") ?? attribute(tag, "file") ?? attribute(tag, "path");
  return word === undefined ? (attribute(tag, "line") ?? "") : quotedForShell(word);
}

const listed = (names = "") => names.split(/[\s,]+/).filter((name) => name !== "");

function attribute(tag: string, name: string): string | undefined {
  const [, double, single] = new RegExp(`(?<![\\w-])${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag) ?? [];
  return (double ?? single)?.replaceAll(/&(quot|apos|lt|gt|amp);/g, (_, entity: string) => entities[entity]!);
}

const entities: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };
