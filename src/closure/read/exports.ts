import type { Facts } from "./facts.ts";
import { requested } from "./imports.ts";
import { declaredBy, isCall, isMember, memberOf, type Node, nameOf, textOf } from "./syntax.ts";

/** What a script hands out, as ES modules, TypeScript and CommonJS say it. */
export class Exports {
  private readonly facts: Facts;
  /** Local names that are exported: an imported one is a re-export. */
  private readonly locals: { name: string; local: string }[] = [];

  constructor(facts: Facts) {
    this.facts = facts;
  }

  see(node: Node, parent: Node | null, grand: Node | null): void {
    const { exported } = this.facts;
    // What a TypeScript namespace exports, it alone has.
    if (/^Export\w+Declaration$/.test(node.type) && parent?.type !== "Program") return;
    if (node.type === "ExportNamedDeclaration") this.named(node);
    else if (node.type === "ExportDefaultDeclaration") exported.names.add("default");
    else if (node.type === "ExportAllDeclaration")
      exported.from.push({ name: nameOf(node.exported), specifier: node.source.value, imported: null });
    else if (node.type === "TSExportAssignment") this.whole(node.expression);
    else if (node.type === "TSImportEqualsDeclaration" && node.isExport) exported.names.add(node.id.name);
    else if (node.type === "AssignmentExpression") this.assignment(node);
    else if (isCall(node)) this.call(node);
    else if (node.type === "Identifier" && node.name === "exports") this.loose(node, parent, grand);
  }

  finish(): void {
    const { exported, bindings } = this.facts;
    for (const { name, local } of this.locals) {
      const from = bindings.get(local);
      if (from) exported.from.push({ name, specifier: from.specifier, imported: from.name });
      else exported.names.add(name);
    }
  }

  private named(node: Node): void {
    const { exported } = this.facts;
    for (const name of declared(node.declaration)) exported.names.add(name);
    const specifier = textOf(node.source);
    for (const one of node.specifiers as Node[]) {
      const name = nameOf(one.exported)!;
      if (specifier === null) this.locals.push({ name, local: nameOf(one.local)! });
      else if (one.type === "ExportNamespaceSpecifier") exported.from.push({ name, specifier, imported: null });
      else if (one.type === "ExportDefaultSpecifier") exported.from.push({ name, specifier, imported: "default" });
      else exported.from.push({ name, specifier, imported: nameOf(one.local) });
    }
  }

  private assignment({ left, right }: Node): void {
    const { exported } = this.facts;
    if (isModuleExports(left)) this.whole(right);
    else if (isMember(left) && isExports(left.object)) {
      exported.commonjs = true;
      const name = memberOf(left);
      if (name === null) exported.open = true;
      else exported.names.add(name);
    }
  }

  /** `module.exports = …` */
  private whole(value: Node): void {
    const { exported } = this.facts;
    exported.commonjs = true;
    exported.names.add("default");
    const from = requested(value);
    if (from) exported.from.push({ name: null, specifier: from.specifier, imported: null });
    else if (value.type === "ObjectExpression") this.object(value);
    else if (value.type === "AssignmentExpression") this.whole(value.right);
    else exported.open = true;
  }

  private object(value: Node): void {
    const { exported } = this.facts;
    for (const one of value.properties as Node[]) {
      const name = one.computed ? null : nameOf(one.key);
      const spread = one.type === "SpreadElement" ? requested(one.argument) : null;
      if (spread) exported.from.push({ name: null, specifier: spread.specifier, imported: null });
      else if (name === null) exported.open = true;
      else exported.names.add(name);
    }
  }

  /** What compilers write: `Object.defineProperty(exports, "a", …)`, `__exportStar(require("./x"), exports)`. */
  private call(node: Node): void {
    const { exported } = this.facts;
    const [first, second] = node.arguments as Node[];
    const callee = isMember(node.callee) ? memberOf(node.callee) : nameOf(node.callee);
    if (callee === "defineProperty" && first && isExports(first)) {
      const name = textOf(second);
      exported.commonjs = true;
      if (name === null) exported.open = true;
      else if (name !== "__esModule") exported.names.add(name);
    } else if (/^_*export(Star)?$/i.test(callee ?? "")) {
      const from = [first, second].map((one) => requested(one)).find(Boolean);
      if (from) exported.from.push({ name: null, specifier: from.specifier, imported: null });
    } else if ([first, second].some((one) => one && isExports(one))) {
      // Object.assign(exports, …) and whatever else is given them may add names.
      exported.commonjs = true;
      exported.open = true;
    }
  }

  /** `const e = exports` lets go of them. */
  private loose(node: Node, parent: Node | null, grand: Node | null): void {
    const isAway = parent?.type === "VariableDeclarator" && parent.init === node;
    const whole = isMember(parent) && isModuleExports(parent) && grand?.type === "VariableDeclarator";
    if (isAway || whole) this.facts.exported.open = true;
  }
}

function declared(node: Node | null | undefined): string[] {
  if (!node) return [];
  if (node.type === "VariableDeclaration") return (node.declarations as Node[]).flatMap(({ id }) => declaredBy(id));
  const name = nameOf(node.id);
  return name === null ? [] : [name];
}

function isModuleExports(node: Node | null | undefined): boolean {
  return isMember(node) && nameOf(node.object) === "module" && memberOf(node) === "exports";
}

function isExports(node: Node): boolean {
  return nameOf(node) === "exports" || isModuleExports(node);
}
