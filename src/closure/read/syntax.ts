import type { ParserPlugin } from "@babel/parser";
import { parse } from "@babel/parser";

/** A node as Babel makes it. Readers look at few of its many fields, and skip a shape that they do not know. */
export type Node = { type: string; [field: string]: any };

const usual: ParserPlugin[] = [
  "decorators-legacy",
  "explicitResourceManagement",
  "importAttributes",
  "deferredImportEvaluation",
  "sourcePhaseImports",
];

/** The plugins to try, in order: what a name promises first, then what people write in it anyway. */
function dialects(path: string): ParserPlugin[][] {
  if (/\.d\.[mc]?ts$/.test(path)) return [["typescript"]];
  if (/\.tsx$/.test(path)) return [["typescript", "jsx"]];
  if (/\.[mc]?ts$/.test(path)) return [["typescript"], ["typescript", "jsx"]];
  if (/\.(vue|svelte|astro)$/.test(path)) return [["typescript"], ["typescript", "jsx"]];
  return [["jsx"], ["jsx", "flow"], ["typescript", "jsx"]];
}

/** The program of a text, or why there is none. Babel throws at deep nesting where a native parser would crash us. */
export function parseScript(path: string, text: string): { program: Node } | { why: string } {
  let why = "";
  for (const plugins of dialects(path))
    try {
      const { program } = parse(text, {
        sourceType: "unambiguous",
        plugins: [...usual, ...plugins],
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
        allowSuperOutsideMethod: true,
        allowUndeclaredExports: true,
        allowNewTargetOutsideFunction: true,
        attachComment: false,
      });
      return { program };
    } catch (error) {
      why ||= (error as Error).message.slice(0, 200);
    }
  return { why };
}

const skipped = new Set(["loc", "extra", "tokens", "comments", "errors", "range"]);

/** Every node with its parent and grandparent; without recursion, for a text may nest deeply. */
export function walk(root: Node, visit: (node: Node, parent: Node | null, grand: Node | null) => void): void {
  const stack: [Node, Node | null, Node | null][] = [[root, null, null]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, parent, grand] = next;
    visit(node, parent, grand);
    const inner: Node[] = [];
    for (const key in node) {
      if (skipped.has(key)) continue;
      const value = node[key];
      if (Array.isArray(value)) {
        for (const one of value) if (one && typeof one.type === "string") inner.push(one);
      } else if (value && typeof value.type === "string") inner.push(value);
    }
    for (const one of inner.reverse()) stack.push([one, node, parent]);
  }
}

export function lineOf(node: Node): number {
  return node.loc?.start.line ?? 1;
}

/** The text of a literal; what a template fills in becomes `hole`. Null for anything else. */
export function textOf(node: Node | null | undefined, hole: string | null = null): string | null {
  if (!node) return null;
  if (node.type === "StringLiteral") return node.value as string;
  if (node.type === "JSXExpressionContainer") return textOf(node.expression, hole);
  if (node.type === "TemplateLiteral") {
    if (node.expressions.length > 0 && hole === null) return null;
    return (node.quasis as Node[]).map((part) => part.value.cooked ?? "").join(hole ?? "");
  }
  if (node.type === "BinaryExpression" && node.operator === "+" && hole !== null) {
    // A chain of sums leans to the left: it is taken apart in a loop.
    const parts: string[] = [];
    let known = false;
    let at: Node = node;
    const part = (one: Node) => {
      const text = one.type === "BinaryExpression" ? null : textOf(one, hole);
      known ||= text !== null;
      parts.unshift(text ?? hole);
    };
    for (; at.type === "BinaryExpression" && at.operator === "+"; at = at.left) part(at.right);
    part(at);
    return known ? parts.join("") : null;
  }
  return null;
}

/** The name of an identifier or of a quoted key. */
export function nameOf(node: Node | null | undefined): string | null {
  if (!node) return null;
  if (node.type === "Identifier" || node.type === "JSXIdentifier") return node.name as string;
  return node.type === "StringLiteral" ? (node.value as string) : null;
}

/** `a.b` and `a["b"]`: the b. */
export function memberOf(node: Node): string | null {
  return node.computed ? textOf(node.property) : nameOf(node.property);
}

type Member = Node & { object: Node; property: Node };
type Call = Node & { callee: Node; arguments: Node[] };

export function isMember(node: Node | null | undefined): node is Member {
  return node?.type === "MemberExpression" || node?.type === "OptionalMemberExpression";
}

export function isCall(node: Node | null | undefined): node is Call {
  return node?.type === "CallExpression" || node?.type === "OptionalCallExpression";
}

/** Names that a binding pattern declares. */
export function declaredBy(pattern: Node | null): string[] {
  const found: string[] = [];
  const stack = [pattern];
  while (stack.length > 0) {
    const node = stack.pop();
    if (!node) continue;
    if (node.type === "Identifier") found.push(node.name);
    else if (node.type === "ObjectPattern") stack.push(...node.properties);
    else if (node.type === "ObjectProperty") stack.push(node.value);
    else if (node.type === "ArrayPattern") stack.push(...node.elements);
    else if (node.type === "AssignmentPattern") stack.push(node.left);
    else if (node.type === "RestElement") stack.push(node.argument);
    else if (node.type === "TSParameterProperty") stack.push(node.parameter);
  }
  return found;
}

/** The keys that `const { a, b: c } = …` takes by their names. */
export function keysOf(pattern: Node): string[] {
  return (pattern.properties as Node[]).flatMap((one) =>
    one.type === "ObjectProperty" && !one.computed ? (nameOf(one.key) ?? []) : [],
  );
}
