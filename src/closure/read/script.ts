import { Exports } from "./exports.ts";
import { type Facts, noFacts } from "./facts.ts";
import { Imports } from "./imports.ts";
import { Routing } from "./routing.ts";
import { parseScript, walk } from "./syntax.ts";

/** Reads JavaScript, TypeScript and JSX with Babel's parser. */
export function readScript(path: string, text: string): Facts {
  const parsed = parseScript(path, text);
  if ("why" in parsed) return noFacts(parsed.why);
  const facts = noFacts();
  const [imports, exports, routing] = [new Imports(facts), new Exports(facts), new Routing(facts)];
  walk(parsed.program, (node, parent, grand) => {
    imports.see(node, parent, grand);
    exports.see(node, parent, grand);
    routing.see(node, parent);
  });
  // TypeScript's oldest way to say what a file needs is a comment.
  for (const { index, 1: path } of text.matchAll(/^\/\/\/\s*<reference\s+path\s*=\s*["']([^"']+)["']/gm))
    facts.references.push({
      ...{ line: text.slice(0, index).split("\n").length, name: null, how: "asset" },
      specifier: path!.startsWith(".") ? path! : `./${path}`,
    });
  imports.finish();
  exports.finish();
  // What an ambient declaration hands out, it need not say.
  if (/\.d\.[mc]?ts$/.test(path)) facts.exported.open = true;
  return facts;
}
