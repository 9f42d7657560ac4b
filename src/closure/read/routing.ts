import type { Facts } from "./facts.ts";
import { requested } from "./imports.ts";
import { pathIn, takeCall, takeSql } from "./literals.ts";
import { isCall, isMember, lineOf, memberOf, type Node, nameOf, textOf } from "./syntax.ts";

const methods = new Set(["get", "post", "put", "patch", "delete", "head", "options", "all", "del"]);
const fetchers = new Set(["fetch", "$fetch", "ofetch", "useFetch", "useSWR", "useQuery", "request", "ky", "axios"]);
const makers = /^(express|Router|fastify|Fastify|Hono|OpenAPIHono|Elysia|KoaRouter|createRouter|polka|restana)$/;
const servers = /^(app|router|server|fastify|routes|instance|hono)$|Router$|Routes$|App$/;
const linking = /^(href|action|formAction|to|src|hx-(get|post|put|patch|delete)|data-(url|href|src|action))$/;

/** Paths that a script serves and paths that it asks for. */
export class Routing {
  private readonly facts: Facts;
  private readonly routers = new Set<string>();
  /** Literals that a call has spoken for. */
  private readonly done = new Set<Node>();

  constructor(facts: Facts) {
    this.facts = facts;
  }

  see(node: Node, parent: Node | null): void {
    if (node.type === "VariableDeclarator") this.router(node);
    else if (isCall(node)) this.call(node);
    else if (node.type === "JSXAttribute") this.attribute(node);
    else if (isDirective(parent) || this.done.has(node)) return;
    else if (node.type === "StringLiteral" || node.type === "TemplateLiteral") this.literal(node);
  }

  private router({ id, init }: Node): void {
    let at = init as Node | null;
    while (at && isCall(at) && isMember(at.callee)) {
      if (memberOf(at.callee) === "basePath" && id.type === "Identifier")
        this.facts.prefixes.set(id.name, textOf(at.arguments[0]) ?? "");
      if (makers.test(memberOf(at.callee) ?? "")) break;
      at = at.callee.object;
    }
    const made = isCall(at) || at?.type === "NewExpression" ? at.callee : null;
    const name = isMember(made) ? memberOf(made) : nameOf(made);
    if (name === null || !makers.test(name) || id.type !== "Identifier") return;
    this.routers.add(id.name);
    const options = (at!.arguments[0]?.properties ?? []) as Node[];
    const prefix = options.find((one) => nameOf(one.key) === "prefix");
    if (prefix && textOf(prefix.value)) this.facts.prefixes.set(id.name, textOf(prefix.value)!);
  }

  private call(node: Node): void {
    const { callee } = node;
    const args = node.arguments as Node[];
    const name = isMember(callee) ? memberOf(callee) : nameOf(callee);
    if (name === null) return;
    takeCall(
      this.facts,
      name,
      args.map((one) => textOf(one)),
      lineOf(node),
    );
    const first = textOf(args[0], "*");
    if (isMember(callee)) {
      const object = rootOf(callee.object);
      const isServer = object !== null && (this.routers.has(object) || servers.test(object));
      if (isServer && this.serve(node, object, name)) return;
    }
    const path = first === null ? null : pathIn(first);
    if (path === null) return;
    const own = methodIn(args[1]);
    if (fetchers.has(name)) this.ask(args[0]!, name === "fetch" ? (own ?? "GET") : own, path);
    else if (methods.has(name) && isMember(callee)) this.ask(args[0]!, name === "del" ? "DELETE" : name, path);
  }

  /** Whether the call registers something. */
  private serve(node: Node, object: string, name: string): boolean {
    const args = node.arguments as Node[];
    const path = textOf(args[0]);
    const chained = routeOf(node.callee.object);
    if (methods.has(name) && chained !== null) return this.register(node, object, name, chained);
    if (methods.has(name) && path !== null && args.length > 1 && isHandler(args.at(-1)!)) {
      this.done.add(args[0]!);
      return this.register(node, object, name, path);
    }
    if (name === "route" && args[0]?.type === "ObjectExpression") return this.described(node, object, args[0]);
    if (name === "register" || name === "mount" || name === "use" || name === "route")
      return this.mount(node, object, path);
    return false;
  }

  private register(node: Node, object: string, name: string, path: string): boolean {
    const method = name === "all" ? null : name === "del" ? "DELETE" : name.toUpperCase();
    this.facts.registrations.push({ line: lineOf(node), object, method, path });
    return true;
  }

  /** `fastify.route({ method, url, handler })` */
  private described(node: Node, object: string, options: Node): boolean {
    const field = (name: string) => (options.properties as Node[]).find((one) => nameOf(one.key) === name)?.value;
    const url = field("url") ?? field("path");
    const path = textOf(url);
    if (path === null) return false;
    this.done.add(url);
    const method = field("method");
    const listed = method?.type === "ArrayExpression" ? (method.elements as Node[]).map((one) => textOf(one)) : [];
    for (const one of listed.length > 0 ? listed : [textOf(method)])
      this.facts.registrations.push({ line: lineOf(node), object, method: one?.toUpperCase() ?? null, path });
    return true;
  }

  private mount(node: Node, object: string, path: string | null): boolean {
    const args = node.arguments as Node[];
    const options = (args[1]?.properties ?? []) as Node[];
    const prefix = path ?? textOf(options.find((one) => nameOf(one.key) === "prefix")?.value) ?? "";
    for (const given of path === null ? args.slice(0, 1) : args.slice(1)) {
      const target = rootOf(given);
      const specifier = requested(given)?.specifier ?? null;
      if (target !== null || specifier !== null)
        this.facts.mounts.push({ object, prefix, target: target ?? "", specifier });
    }
    if (path !== null && args.length > 1) this.done.add(args[0]!);
    return path !== null && args.length > 1;
  }

  private attribute(node: Node): void {
    const name = nameOf(node.name) ?? "";
    const text = textOf(node.value, "*");
    const path = text === null ? null : pathIn(text);
    const value = node.value?.type === "JSXExpressionContainer" ? node.value.expression : node.value;
    if (path !== null && linking.test(name)) this.ask(value, null, path);
  }

  private ask(literal: Node, method: string | null, path: string): void {
    this.done.add(literal);
    const known = method === null ? null : method.toUpperCase();
    this.facts.asked.push({ line: lineOf(literal), method: known === "ALL" ? null : known, path });
  }

  private literal(node: Node): void {
    const text = textOf(node, "*");
    if (text === null) return;
    takeSql(this.facts, text, lineOf(node));
    const path = pathIn(text);
    if (path !== null) this.ask(node, null, path);
  }
}

/** What follows `from` is no path that is asked for. */
function isDirective(parent: Node | null): boolean {
  return parent === null || /^(Import|Export)\w*Declaration$|^TSLiteralType$/.test(parent.type);
}

function isHandler(node: Node): boolean {
  return (
    /^(FunctionExpression|ArrowFunctionExpression|Identifier|ArrayExpression)$/.test(node.type) ||
    isMember(node) ||
    isCall(node)
  );
}

/** The identifier that a chain of calls begins with. */
function rootOf(node: Node | null | undefined): string | null {
  let at = node;
  for (;;) {
    if (isCall(at)) at = at.callee as Node;
    else if (isMember(at)) at = at.object as Node;
    else break;
  }
  if (at?.type === "NewExpression") return null;
  return at ? nameOf(at) : null;
}

/** The path of `router.route("/x").get(…).post(…)`. */
function routeOf(node: Node | null | undefined): string | null {
  for (let at = node; isCall(at) && isMember(at.callee); at = at.callee.object)
    if (memberOf(at.callee) === "route") return textOf(at.arguments[0]);
  return null;
}

function methodIn(options: Node | undefined): string | null {
  if (options?.type !== "ObjectExpression") return null;
  return textOf((options.properties as Node[]).find((one) => nameOf(one.key) === "method")?.value);
}
