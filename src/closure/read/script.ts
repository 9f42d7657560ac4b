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
  imports.finish();
  exports.finish();
  // What an ambient declaration hands out, it need not say.
  if (/\.d\.[mc]?ts$/.test(path)) facts.exported.open = true;
  return facts;
}
