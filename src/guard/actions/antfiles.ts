import { quotedForShell } from "../../shell_words.ts";

/**
 * The shell commands that say what Ant's targets start, with what they depend on: those of the names, or without one
 * those of the default. `<exec executable="git"><arg value="push"/><arg line="origin main"/></exec>`
 */
export function antCommands(text: string, names: readonly string[]): string[] {
  const targets = new Map<string, { needs: readonly string[]; inside: string }>();
  for (const [, own, inside] of text.matchAll(/<target\b([^>]*)>(.*?)<\/target>/gs))
    targets.set(attribute(own!, "name") ?? "", { needs: listed(attribute(own!, "depends")), inside: inside! });
  const [, project = ""] = /<project\b([^>]*)>/.exec(text) ?? [];
  const wanted = new Set(names.length > 0 ? names : listed(attribute(project, "default")));
  // A set that is walked takes what is added meanwhile, and each name once.
  for (const name of wanted) for (const need of targets.get(name)?.needs ?? []) wanted.add(need);
  return [...wanted].flatMap((name) => commandsIn(targets.get(name)?.inside ?? ""));
}

function commandsIn(inside: string): string[] {
  return [...inside.matchAll(/<(exec|apply)\b([^>]*?)(?:\/>|>(.*?)<\/\1>)/gs)].map(([, , own, args = ""]) => {
    const words = [...args.matchAll(/<arg\b([^>]*)>/g)].map(([, arg]) => {
      const word = attribute(arg!, "value") ?? attribute(arg!, "file") ?? attribute(arg!, "path");
      return word === undefined ? (attribute(arg!, "line") ?? "") : quotedForShell(word);
    });
    return [attribute(own!, "executable") ?? attribute(own!, "command") ?? "", ...words].join(" ");
  });
}

const listed = (names = "") => names.split(/[\s,]+/).filter((name) => name !== "");

function attribute(tag: string, name: string): string | undefined {
  const [, double, single] = new RegExp(`(?<![\\w-])${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag) ?? [];
  return (double ?? single)?.replaceAll(/&(quot|apos|lt|gt|amp);/g, (_, entity: string) => entities[entity]!);
}

const entities: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };
