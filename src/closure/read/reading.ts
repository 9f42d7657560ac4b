import { type Facts, noFacts } from "./facts.ts";
import { takeMade } from "./literals.ts";
import { readComponent, readCss, readHtml } from "./markup.ts";
import { readPython } from "./python.ts";
import { readScript } from "./script.ts";

export const isScript = (path: string) => /\.([mc]?[jt]s|[jt]sx)$/.test(path);
export const isPython = (path: string) => /\.pyi?$/.test(path);
const isComponent = (path: string) => /\.(vue|svelte|astro)$/.test(path);

/** Files that other files take names from. */
export const isModule = (path: string) => isScript(path) || isPython(path) || isComponent(path);
export const isCode = (path: string) => isModule(path) || /\.(html?|s?css|less|sql)$/.test(path);

/** Reads one file by the language that its name tells. */
export function readFacts(path: string, text: string): Facts {
  // A pointer of Git LFS stands for bytes that are elsewhere.
  if (text.startsWith("version https://git-lfs.github.com/spec/")) return noFacts("is a pointer to Git LFS");
  if (isScript(path)) return readScript(path, text);
  if (isPython(path)) return readPython(text);
  if (isComponent(path)) return readComponent(path, text);
  if (/\.html?$/.test(path)) return readHtml(text);
  if (/\.(s?css|less)$/.test(path)) return readCss(text);
  const facts = noFacts();
  if (/\.sql$/.test(path)) {
    facts.sql.push({ line: 1, text });
    takeMade(facts, text);
  }
  return facts;
}
