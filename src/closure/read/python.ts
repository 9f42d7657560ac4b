import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";
import { type Facts, noFacts } from "./facts.ts";
import { Lines } from "./lines.ts";
import { pathIn, takeCall, takeSql } from "./literals.ts";
import { takePythonCall, takeDecorator } from "./python_routing.ts";

/** Reads Python with Lezer's grammar, which tolerates errors and keeps no stack of ours. */
export function readPython(text: string): Facts {
  const facts = noFacts();
  const lines = new Lines(text);
  const reader = new PythonReader(facts, text, lines);
  const stack: { node: SyntaxNode; inner: boolean }[] = [{ node: parser.parse(text).topNode, inner: false }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node, inner } = next;
    reader.see(node, inner);
    const isScope =
      inner || /^(FunctionDefinition|ClassDefinition|LambdaExpression|\w*Comprehension\w*)$/.test(node.name);
    const children: SyntaxNode[] = [];
    for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
    for (const child of children.reverse()) stack.push({ node: child, inner: isScope });
  }
  reader.finish();
  return facts;
}

export type Source = {
  facts: Facts;
  text(node: SyntaxNode): string;
  line(node: SyntaxNode): number;
  /** The text of a string literal; what an f-string fills in becomes `*`. */
  literal(node: SyntaxNode | null): string | null;
  /** Strings that a call has spoken for. */
  done: Set<number>;
};

class PythonReader implements Source {
  readonly facts: Facts;
  readonly done = new Set<number>();
  private readonly source: string;
  private readonly lines: Lines;
  private readonly wholes = new Map<string, string>();
  private readonly wanted = new Set<string>();
  private readonly members: { chain: string[]; line: number }[] = [];

  constructor(facts: Facts, source: string, lines: Lines) {
    this.facts = facts;
    this.source = source;
    this.lines = lines;
  }

  text(node: SyntaxNode): string {
    return this.source.slice(node.from, node.to);
  }

  line(node: SyntaxNode): number {
    return this.lines.at(node.from);
  }

  literal(node: SyntaxNode | null): string | null {
    if (node?.name !== "String" && node?.name !== "FormatString") return null;
    let text = "";
    let at = node.from;
    for (const hole of node.getChildren("FormatReplacement")) {
      text += `${this.source.slice(at, hole.from)}*`;
      at = hole.to;
    }
    text += this.source.slice(at, node.to);
    return text.replace(/^[a-z]*("""|'''|"|')/i, "").replace(/("""|'''|"|')$/, "");
  }

  see(node: SyntaxNode, inner: boolean): void {
    switch (node.name) {
      case "ImportStatement":
        return this.import(node, inner);
      case "FunctionDefinition":
      case "ClassDefinition":
        return this.define(node.getChild("VariableName"), inner);
      case "AssignStatement":
        return this.assign(node, inner);
      case "ForStatement":
      case "WithStatement":
      case "NamedExpression":
        return inner ? undefined : this.bindIn(node);
      case "MemberExpression":
        return this.member(node);
      case "CallExpression":
        return this.call(node);
      case "Decorator":
        return takeDecorator(this, node);
      case "String":
      case "FormatString":
        return this.string(node);
    }
  }

  finish(): void {
    for (const { chain, line } of this.members)
      for (let length = chain.length - 1; length > 0; length--) {
        const specifier = this.wholes.get(chain.slice(0, length).join("."));
        if (specifier === undefined) continue;
        this.want(specifier, chain[length]!, line);
        break;
      }
  }

  private want(specifier: string, name: string | null, line: number): void {
    const key = `${specifier} ${name}`;
    if (this.wanted.has(key)) return;
    this.wanted.add(key);
    this.facts.references.push({ line, specifier, name, how: "python" });
  }

  private import(node: SyntaxNode, inner: boolean): void {
    // Told apart by its words: `from . import (a as b, c)`, `import a.b as c, d`.
    const words = this.text(node)
      .replace(/#[^\n]*|\\\n/g, " ")
      .match(/\.|,|\*|\w+/gu);
    if (!words) return;
    const line = this.line(node);
    const at = words[0] === "from" ? words.indexOf("import") : 0;
    if (at < 0) return;
    const from = words.slice(1, at).join("");
    const parts = words
      .slice(at + 1)
      .join(" ")
      .split(",")
      .map((part) => part.trim().split(/\s+/).filter(Boolean));
    if (words[0] === "from") this.want(from, null, line);
    for (const part of parts) {
      const as = part.indexOf("as");
      const name = (as > 0 ? part.slice(0, as) : part).join("");
      if (name === "") continue;
      const local = as > 0 ? part[as + 1]! : name.split(".")[0]!;
      if (words[0] === "from") this.from(from, name, local, line, inner);
      else {
        this.want(name, null, line);
        this.wholes.set(as > 0 ? local : name, name);
        this.facts.bindings.set(local, { specifier: name, name: null });
        if (!inner) this.facts.exported.names.add(local);
      }
    }
  }

  private from(from: string, name: string, local: string, line: number, inner: boolean): void {
    if (name === "*") {
      if (!inner) this.facts.exported.from.push({ name: null, specifier: from, imported: null });
      return;
    }
    this.want(from, name, line);
    this.facts.bindings.set(local, { specifier: from, name });
    this.wholes.set(local, from.endsWith(".") ? `${from}${name}` : `${from}.${name}`);
    if (!inner) this.facts.exported.names.add(local);
  }

  private define(name: SyntaxNode | null, inner: boolean): void {
    if (!name || inner) return;
    this.facts.exported.names.add(this.text(name));
    if (this.text(name) === "__getattr__") this.facts.exported.open = true;
  }

  private assign(node: SyntaxNode, inner: boolean): void {
    const first = node.firstChild;
    const name = first?.name === "VariableName" ? this.text(first) : null;
    const value = node.lastChild;
    if (name === "__tablename__" || name === "db_table") {
      const table = this.literal(value);
      if (table) this.facts.tables.push({ line: this.line(node), name: table.toLowerCase() });
    }
    if (inner) return;
    if (name === "__all__" && value) this.all(value);
    this.bindIn(node);
  }

  private all(value: SyntaxNode): void {
    const names = value.getChildren("String").map((one) => this.literal(one)!);
    this.facts.exported.starred = new Set([...(this.facts.exported.starred ?? []), ...names]);
  }

  /** Names bound before the last `=`, in the head of a `for`, after `as`. */
  private bindIn(node: SyntaxNode): void {
    const isWith = node.name === "WithStatement";
    let last: SyntaxNode | null = null;
    for (let child = node.firstChild; child; child = child.nextSibling)
      if (child.name === "AssignOp" || child.name === "in") last = child;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (isWith ? child.name === "Body" : last !== null && child.from >= last.from) break;
      if (child.name === "TypeDef" || (isWith && child.prevSibling?.name !== "as")) continue;
      for (const name of namesIn(child)) this.facts.exported.names.add(this.text(name));
    }
  }

  private member(node: SyntaxNode): void {
    if (node.parent?.name === "MemberExpression" && node.parent.firstChild?.from === node.from) return;
    const chain = this.text(node).replace(/\s+/g, "").split(".");
    if (chain.length < 20 && chain.every((part) => /^\w+$/u.test(part)))
      this.members.push({ chain, line: this.line(node) });
    else {
      // `a.b(1).c`: the innermost part is a chain of its own, and is visited.
      const inner = node.firstChild;
      if (inner?.name === "MemberExpression")
        this.members.push({ chain: this.text(inner).split("."), line: this.line(node) });
    }
  }

  private call(node: SyntaxNode): void {
    const callee = node.firstChild;
    const args = node.getChild("ArgList");
    if (!callee || !args) return;
    const path = this.text(callee);
    const name = path.slice(path.lastIndexOf(".") + 1);
    const values: (string | null)[] = [];
    for (let child = args.firstChild; child; child = child.nextSibling)
      if (!/^[(),]$/.test(child.name) && child.name !== "VariableName") values.push(this.literal(child));
    const [module] = values;
    if (LOADERS.test(path) && module && /^\.*\w+(\.\w+)*$/u.test(module)) this.want(module, null, this.line(node));
    takeCall(this.facts, name, values, this.line(node));
    takePythonCall(this, node, path, args);
  }

  private string(node: SyntaxNode): void {
    if (this.done.has(node.from)) return;
    const text = this.literal(node);
    if (text === null) return;
    takeSql(this.facts, text, this.line(node));
    const path = pathIn(text);
    if (path !== null) this.facts.asked.push({ line: this.line(node), method: null, path });
  }
}

/** What loads a module by its name. */
const LOADERS = /^(?:importlib\.)?import_module$|^__import__$/;

function namesIn(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const stack = [node];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next.name === "VariableName") found.push(next);
    if (/^(TupleExpression|ArrayExpression|ParenthesizedExpression|StarExpression)$/.test(next.name))
      for (let child = next.firstChild; child; child = child.nextSibling) stack.push(child);
  }
  return found;
}
