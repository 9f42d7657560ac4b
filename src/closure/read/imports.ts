import type { Facts, How } from "./facts.ts";
import { declaredBy, isCall, isMember, keysOf, lineOf, memberOf, type Node, nameOf, textOf } from "./syntax.ts";

/** What a script wants of other modules. It is shown every node once, then asked to finish. */
export class Imports {
  private readonly facts: Facts;
  private readonly asked = new Set<string>();
  /** Local names that stand for a whole module. */
  private readonly wholes = new Map<string, { specifier: string; how: How }>();
  private readonly members: { local: string; name: string; line: number }[] = [];
  /** How often a name is declared: a shadowed one says nothing of the module. */
  private readonly declared = new Map<string, number>();

  constructor(facts: Facts) {
    this.facts = facts;
  }

  see(node: Node, parent: Node | null, grand: Node | null): void {
    this.count(node, parent);
    if (/^(Import|Export)\w*Declaration$/.test(node.type)) this.declaration(node);
    else if (node.type === "TSImportEqualsDeclaration") this.equals(node);
    else if (node.type === "TSImportType") this.typeImport(node);
    else if (isCall(node) || node.type === "ImportExpression") this.call(node, parent, grand);
    else if (node.type === "NewExpression") this.url(node);
    else if (node.type === "TemplateLiteral") this.besideTemplate(node);
    else this.member(node, parent);
  }

  finish(): void {
    for (const { local, name, line } of this.members) {
      const whole = this.wholes.get(local);
      if (whole && (this.declared.get(local) ?? 0) <= 1) this.want(whole.specifier, name, line, whole.how);
    }
  }

  private want(specifier: string, name: string | null, line: number, how: How): void {
    const key = JSON.stringify([specifier, name, how === "asset"]);
    if (specifier === "" || this.asked.has(key)) return;
    this.asked.add(key);
    this.facts.references.push({ line, specifier, name, how });
  }

  private bind(local: string, specifier: string, name: string | null): void {
    this.facts.bindings.set(local, { specifier, name });
  }

  private declaration(node: Node): void {
    const specifier = textOf(node.source);
    if (specifier === null) return;
    const how: How = [node.importKind, node.exportKind].some((kind) => kind === "type") ? "type" : "module";
    this.want(specifier, null, lineOf(node), how);
    for (const one of (node.specifiers ?? []) as Node[]) {
      if (one.type === "ImportDefaultSpecifier") {
        this.want(specifier, "default", lineOf(one), how);
        this.bind(one.local.name, specifier, "default");
      } else if (one.type === "ImportNamespaceSpecifier") {
        this.wholes.set(one.local.name, { specifier, how });
        this.bind(one.local.name, specifier, null);
      } else if (one.type === "ImportSpecifier") {
        const name = nameOf(one.imported)!;
        this.want(specifier, name, lineOf(one), how);
        this.bind(one.local.name, specifier, name);
      } else if (one.type === "ExportSpecifier") this.want(specifier, nameOf(one.local)!, lineOf(one), how);
    }
  }

  private equals(node: Node): void {
    const from = node.moduleReference;
    if (from?.type !== "TSExternalModuleReference") return;
    const specifier = textOf(from.expression);
    if (specifier === null) return;
    this.want(specifier, null, lineOf(node), "require");
    this.wholes.set(node.id.name, { specifier, how: "require" });
    this.bind(node.id.name, specifier, null);
  }

  private typeImport(node: Node): void {
    const specifier = textOf(node.argument?.type === "TSLiteralType" ? node.argument.literal : node.argument);
    if (specifier === null) return;
    let name: Node | null = node.qualifier ?? null;
    while (name?.type === "TSQualifiedName") name = name.left;
    this.want(specifier, nameOf(name), lineOf(node), "type");
  }

  private call(node: Node, parent: Node | null, grand: Node | null): void {
    const found = requested(node);
    if (found === null) return this.besidePath(node);
    const { specifier, how } = found;
    this.want(specifier, null, lineOf(node), how);
    // `await import("./x")` is one thing with what is around it.
    const [around, outer] = parent?.type === "AwaitExpression" ? [grand, null] : [parent, grand];
    const awaited = how === "module" && parent?.type !== "AwaitExpression";
    if (!around || awaited) return this.then(node, parent, grand, specifier);
    if (isMember(around) && (around.object === node || around.object === parent)) {
      const name = memberOf(around);
      const isWritten = outer?.type === "AssignmentExpression" && outer.left === around;
      if (name !== null && !isWritten) this.want(specifier, name, lineOf(around), how);
    } else if (around.type === "VariableDeclarator" && around.id) this.pattern(around.id, specifier, how);
  }

  private pattern(id: Node, specifier: string, how: How): void {
    if (id.type === "Identifier") {
      this.wholes.set(id.name, { specifier, how });
      this.bind(id.name, specifier, null);
    } else if (id.type === "ObjectPattern") {
      for (const name of keysOf(id)) this.want(specifier, name, lineOf(id), how);
      for (const one of id.properties as Node[])
        if (one.type === "ObjectProperty" && one.value.type === "Identifier" && nameOf(one.key) !== null)
          this.bind(one.value.name, specifier, nameOf(one.key));
    }
  }

  /** `import("./x").then((m) => m.a)` and `.then(({ a }) => …)`. */
  private then(node: Node, parent: Node | null, grand: Node | null, specifier: string): void {
    if (!isMember(parent) || parent.object !== node || memberOf(parent) !== "then" || !isCall(grand)) return;
    const taker = grand.arguments[0]?.params?.[0] as Node | undefined;
    if (taker?.type === "ObjectPattern")
      for (const name of keysOf(taker)) this.want(specifier, name, lineOf(taker), "module");
    const body = grand.arguments[0]?.body as Node | undefined;
    if (taker?.type === "Identifier" && isMember(body) && nameOf(body.object) === taker.name) {
      const name = memberOf(body);
      if (name !== null) this.want(specifier, name, lineOf(body), "module");
    }
  }

  /** `new URL("./x.wasm", import.meta.url)`. */
  private url(node: Node): void {
    const [first, second] = node.arguments as Node[];
    const specifier = textOf(first);
    const isHere = isMember(second) && second.object.type === "MetaProperty" && memberOf(second) === "url";
    if (nameOf(node.callee) === "URL" && isHere && specifier !== null && !/^[a-z]+:/i.test(specifier))
      this.want(/^\.{0,2}\//.test(specifier) ? specifier : `./${specifier}`, null, lineOf(node), "asset");
  }

  /** `join(__dirname, "a", "b.sql")`: certain, for all of it is literal. */
  private besidePath(node: Node): void {
    const callee = isMember(node.callee) ? memberOf(node.callee) : nameOf(node.callee);
    const [first, ...rest] = node.arguments as Node[];
    if ((callee !== "join" && callee !== "resolve") || !isHere(first) || rest.length === 0) return;
    const parts = rest.map((one) => textOf(one));
    if (parts.every((part) => part !== null && !part.startsWith("/")))
      this.want(`./${parts.join("/")}`, null, lineOf(node), "asset");
  }

  private besideTemplate(node: Node): void {
    if (node.expressions.length !== 1 || !isHere(node.expressions[0]) || node.quasis[0].value.raw !== "") return;
    const rest = node.quasis[1].value.cooked as string | null;
    if (rest?.startsWith("/")) this.want(`.${rest}`, null, lineOf(node), "asset");
  }

  private member(node: Node, parent: Node | null): void {
    let local: string | null = null;
    let name: string | null = null;
    if (isMember(node)) [local, name] = [nameOf(node.object), memberOf(node)];
    else if (node.type === "JSXMemberExpression") [local, name] = [nameOf(node.object), nameOf(node.property)];
    else if (node.type === "TSQualifiedName") [local, name] = [nameOf(node.left), nameOf(node.right)];
    else if (node.type === "VariableDeclarator" && node.id.type === "ObjectPattern") {
      local = nameOf(node.init);
      if (local !== null)
        for (const key of keysOf(node.id)) this.members.push({ local, name: key, line: lineOf(node) });
      return;
    }
    const isWritten = parent?.type === "AssignmentExpression" && parent.left === node;
    if (local !== null && name !== null && !isWritten) this.members.push({ local, name, line: lineOf(node) });
  }

  private count(node: Node, parent: Node | null): void {
    const add = (names: readonly string[]) => {
      for (const name of names) this.declared.set(name, (this.declared.get(name) ?? 0) + 1);
    };
    if (node.type === "VariableDeclarator") add(declaredBy(node.id));
    else if (/^Import\w*Specifier$/.test(node.type)) add([node.local.name]);
    else if (node.type === "CatchClause") add(declaredBy(node.param));
    else if (/Function|Method/.test(node.type) && Array.isArray(node.params)) {
      add((node.params as Node[]).flatMap((one) => declaredBy(one)));
      if (node.type === "FunctionDeclaration" && parent) add(declaredBy(node.id));
    } else if (node.type === "ClassDeclaration") add(declaredBy(node.id));
  }
}

function isHere(node: Node | undefined): boolean {
  if (nameOf(node) === "__dirname") return true;
  return isMember(node) && node.object.type === "MetaProperty" && memberOf(node) === "dirname";
}

const mocks = new Set(["mock", "doMock", "unmock", "requireActual", "importActual", "requireMock", "importMock"]);

/** `require("./x")`, `import("./x")`, `require.resolve("./x")`, `jest.mock("./x")`. */
export function requested(node: Node | null | undefined): { specifier: string; how: How } | null {
  if (node?.type === "ImportExpression") {
    const specifier = textOf(node.source);
    return specifier === null ? null : { specifier, how: "module" };
  }
  if (!isCall(node)) return null;
  const specifier = textOf(node.arguments[0]);
  if (specifier === null) return null;
  const { callee } = node;
  if (callee.type === "Import") return { specifier, how: "module" };
  if (nameOf(callee) === "require" && node.arguments.length === 1) return { specifier, how: "require" };
  if (!isMember(callee)) return null;
  const [object, name] = [nameOf(callee.object), memberOf(callee)];
  if (object === "require" && name === "resolve") return { specifier, how: "require" };
  if (callee.object.type === "MetaProperty" && name === "resolve") return { specifier, how: "module" };
  return (object === "jest" || object === "vi") && mocks.has(name ?? "") ? { specifier, how: "require" } : null;
}
