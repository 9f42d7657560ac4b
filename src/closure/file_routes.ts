import { posix } from "node:path";

export type Handler = { method: string | null; path: string; file: string; line: number | null };

const pages = /\.(tsx?|jsx?|mdx?|vue|svelte|astro)$/;

/**
 * Routes that a file serves by lying where it lies: Next.js, SvelteKit, Remix, Nuxt, Astro, functions, and the files of
 * a public folder. `names` are its exports, which tell the methods.
 */
export function fileRoutes(file: string, names: ReadonlySet<string>): Handler[] {
  const all = (path: string, methods: readonly (string | null)[]) =>
    methods.map((method): Handler => ({ method, path, file, line: null }));
  const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].filter((one) => names.has(one));
  const open = /(?:^|\/)(?:public|static|www)\/(.+)$/.exec(file);
  if (open) return all(`/${open[1]}`, ["GET"]);
  const next = /(?:^|\/)app\/(.*?)\/?(page|route)\.(tsx?|jsx?|mdx?)$/.exec(file);
  if (next) return all(bracketed(next[1]!), next[2] === "page" ? ["GET"] : verbs);
  const kit = /(?:^|\/)src\/routes\/(.*?)\/?\+(page|server)(\.server)?\.(ts|js|svelte)$/.exec(file);
  if (kit) return all(bracketed(kit[1]!), kit[2] === "page" ? [null] : verbs);
  const remix = /(?:^|\/)app\/routes\/([^/]+?)(?:\/route)?\.(tsx?|jsx?)$/.exec(file);
  if (remix) return all(dotted(remix[1]!), [null]);
  const nuxt = /(?:^|\/)server\/(api|routes)\/(.+?)(?:\.(get|post|put|patch|delete))?\.(ts|js|mjs)$/.exec(file);
  if (nuxt) return all(bracketed(`${nuxt[1] === "api" ? "api/" : ""}${nuxt[2]}`), [nuxt[3]?.toUpperCase() ?? null]);
  const page = /(?:^|\/)pages\/(.+)$/.exec(file);
  if (page && pages.test(file) && !/^_|\.(test|spec)\./.test(posix.basename(file)))
    return all(bracketed(page[1]!.replace(pages, "")), verbs.length > 0 ? verbs : [null]);
  const serverless = /^api\/(.+)\.(ts|js|mjs|py)$/.exec(file);
  return serverless ? all(bracketed(`api/${serverless[1]}`), [null]) : [];
}

/** `(group)/cards/[id]/index` as `/cards/*`. */
function bracketed(path: string): string {
  const parts = path.split("/").filter((one) => one !== "" && !/^\(.*\)$|^@/.test(one));
  if (parts.at(-1) === "index") parts.pop();
  return `/${parts.map((one) => (/^\[{1,2}\.\.\./.test(one) ? "**" : one.startsWith("[") ? "*" : one)).join("/")}`;
}

/** Remix: `_auth.cards.$id` as `/cards/*`. */
function dotted(name: string): string {
  const parts = name.split(".").filter((one) => !one.startsWith("_"));
  return `/${parts.map((one) => (one === "$" ? "**" : one.startsWith("$") ? "*" : one.replace(/_$/, ""))).join("/")}`;
}

/** `/cards/:id/*`, `/cards/{id}`, `/cards/<int:id>` with stars in place of what varies. */
export function pattern(path: string): string {
  const parts = path.split("/").filter(Boolean);
  return `/${parts
    .map((one) => {
      if (one === "*" || one === "**" || /^\{\*|^<path:/.test(one)) return "**";
      return /^:|^\{.*\}$|^<.*>$|^\$/.test(one) ? "*" : one.replace(/\?$/, "");
    })
    .join("/")}`;
}

/** Whether a handler's pattern serves a path. What a template fills in only ever stands for a part that varies. */
export function serves(handler: string, asked: string): boolean {
  const [want, have] = [asked.split("/").filter(Boolean), handler.split("/").filter(Boolean)];
  let literal = false;
  for (const [index, part] of have.entries()) {
    if (part === "**") return literal;
    const given = want[index];
    if (given === undefined) return false;
    // `:id` and `{id}` in what is asked for are filled in by somebody else.
    const isHole = given.includes("*") || /^[:{<]/.test(given);
    if (part === "*") continue;
    if (isHole || given !== part) return false;
    literal = true;
  }
  return literal && want.length === have.length;
}
