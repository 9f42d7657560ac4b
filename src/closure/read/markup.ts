import { parser as css } from "@lezer/css";
import { parser as html } from "@lezer/html";
import type { Tree as Parsed } from "@lezer/common";
import { type Facts, noFacts } from "./facts.ts";
import { Lines } from "./lines.ts";
import { pathIn } from "./literals.ts";
import { readScript } from "./script.ts";

const attributes = /^(href|src|action|formaction|poster|data|hx-(get|post|put|patch|delete))$/i;

/** Reads HTML: what it loads, where it links and posts to. */
export function readHtml(text: string): Facts {
  const facts = noFacts();
  const lines = new Lines(text);
  each(html.parse(text), "Attribute", (node) => {
    const name = text.slice(node.firstChild!.from, node.firstChild!.to).toLowerCase();
    const value = node.getChild("AttributeValue") ?? node.getChild("UnquotedAttributeValue");
    if (!value || !attributes.test(name)) return;
    const written = text
      .slice(value.from, value.to)
      .replace(/^["']|["']$/g, "")
      .trim();
    const line = lines.at(node.from);
    const method = /^hx-/.test(name) ? name.slice(3).toUpperCase() : null;
    if (written.startsWith("/")) {
      const path = pathIn(written);
      if (path !== null) facts.asked.push({ line, method, path });
    } else if (isLocal(written))
      facts.references.push({ line, specifier: relative(written), name: null, how: "asset" });
  });
  return facts;
}

/** Reads CSS, Sass and Less as far as CSS's grammar goes: what it imports and paints with. */
export function readCss(text: string): Facts {
  const facts = noFacts();
  const lines = new Lines(text);
  const want = (literal: string, from: number) => {
    const written = literal.replace(/^["']|["']$/g, "").trim();
    if (isLocal(written) && !/^[@~$#]/.test(written))
      facts.references.push({ line: lines.at(from), specifier: relative(written), name: null, how: "asset" });
  };
  each(css.parse(text), "ImportStatement", (node) => {
    const literal = node.getChild("StringLiteral");
    if (literal) want(text.slice(literal.from, literal.to), node.from);
  });
  // Sass's own, which CSS's grammar knows nothing of.
  for (const { index, 1: path } of text.matchAll(/^\s*@(?:use|forward)\s+["']([^"']+)["']/gm)) want(path!, index);
  each(css.parse(text), "CallLiteral", (node) => {
    const inside = /^url\(\s*(.*?)\s*\)$/is.exec(text.slice(node.from, node.to));
    if (inside) want(inside[1]!, node.from);
  });
  return facts;
}

/** A component's file: its scripts are read where they stand, everything else is blank. */
export function readComponent(path: string, text: string): Facts {
  let script = text.replace(/[^\n]/g, " ");
  const keep = (from: number, to: number) => {
    script = script.slice(0, from) + text.slice(from, to) + script.slice(to);
  };
  const front = /\.astro$/.test(path) ? /^---\n([\s\S]*?)\n---/.exec(text) : null;
  if (front) keep(4, 4 + front[1]!.length);
  each(html.parse(text), "ScriptText", ({ from, to }) => keep(from, to));
  const facts = readScript(path, script);
  if (facts.unreadable !== null) return noFacts(facts.unreadable);
  facts.exported.names.add("default");
  const markup = readHtml(text);
  facts.references.push(...markup.references);
  facts.asked.push(...markup.asked);
  return facts;
}

function each(tree: Parsed, name: string, visit: (node: Parsed["topNode"]) => void): void {
  tree.iterate({
    enter: (at) => {
      if (at.name === name) visit(at.node);
    },
  });
}

/** Not of another origin, not a fragment, not made by a template. */
function isLocal(written: string): boolean {
  return written !== "" && !/^([a-z][\w+.-]*:|\/|#|\?)/i.test(written) && !/[{}<>%$\s]/.test(written);
}

function relative(written: string): string {
  const path = written.replace(/[?#].*$/, "");
  return path.startsWith(".") ? path : `./${path}`;
}
