import type { SyntaxNode } from "@lezer/common";
import { pathIn } from "./literals.ts";
import type { Source } from "./python.ts";

/** Routes of Flask, FastAPI and Django, templates, and what Python's HTTP clients ask for. */
const methods = /^(get|post|put|patch|delete|head|options)$/;
const rendering = /^(render_template|TemplateResponse|get_template|render|render_to_string)$/;

/** `@app.route("/x", methods=["POST"])`, `@router.get("/x")`. */
export function takeDecorator(source: Source, node: SyntaxNode): void {
  const args = node.getChild("ArgList");
  const names = node.getChildren("VariableName").concat(node.getChildren("PropertyName"));
  const object = names[0] ? source.text(names[0]) : "";
  const verb = /\.\s*(\w+)\s*$/.exec(source.text(node).split("(")[0]!)?.[1] ?? "";
  if (!args || !(methods.test(verb) || /^(route|api_route|websocket)$/.test(verb))) return;
  const first = firstString(source, args) ?? keyword(source, args, "path");
  const path = source.literal(first);
  if (path === null || first === null) return;
  source.done.add(first.from);
  const listed = keywordNode(source, args, "methods");
  const given = listed ? listed.getChildren("String").map((one) => source.literal(one)!.toUpperCase()) : [];
  const known = methods.test(verb)
    ? [verb.toUpperCase()]
    : given.length > 0
      ? given
      : verb === "route"
        ? ["GET"]
        : [null];
  for (const method of known) source.facts.registrations.push({ line: source.line(node), object, method, path });
}

export function takePythonCall(source: Source, node: SyntaxNode, callee: string, args: SyntaxNode): void {
  const { facts } = source;
  const name = callee.split(".").at(-1)!;
  const object = callee.includes(".") ? callee.split(".")[0]! : "";
  const first = firstString(source, args);
  const text = source.literal(first);
  const line = source.line(node);
  if (/^(Blueprint|APIRouter|SimpleRouter|DefaultRouter)$/.test(name)) {
    const prefix = source.literal(keyword(source, args, "url_prefix") ?? keyword(source, args, "prefix"));
    const target = node.parent?.name === "AssignStatement" ? node.parent.firstChild : null;
    if (prefix && target) facts.prefixes.set(source.text(target), prefix);
    for (const one of [keyword(source, args, "url_prefix"), keyword(source, args, "prefix")])
      if (one) source.done.add(one.from);
  } else if (/^(include_router|register_blueprint)$/.test(name)) mount(source, object, args);
  else if (name === "path" && object === "" && text !== null) django(source, node, args, first!, text);
  else if (rendering.test(name)) {
    const template = positional(args)
      .map((one) => source.literal(one))
      .find((one) => one !== null && /^[\w./-]+\.\w+$/.test(one));
    if (template) facts.references.push({ line, specifier: template, name: null, how: "template" });
  } else if (methods.test(name) && object !== "" && text !== null && first) {
    const path = pathIn(text);
    if (path === null) return;
    source.done.add(first.from);
    facts.asked.push({ line, method: name.toUpperCase(), path });
  }
}

function mount(source: Source, object: string, args: SyntaxNode): void {
  const target = positional(args)[0];
  if (!target) return;
  const given = keyword(source, args, "url_prefix") ?? keyword(source, args, "prefix");
  if (given) source.done.add(given.from);
  const chain = source.text(target).replace(/\s+/g, "").split(".");
  source.facts.mounts.push({ object, prefix: source.literal(given) ?? "", target: chain[0]!, specifier: null });
}

/** `path("cards/<int:id>/", view)`, `path("api/", include("app.urls"))`. */
function django(source: Source, node: SyntaxNode, args: SyntaxNode, first: SyntaxNode, text: string): void {
  source.done.add(first.from);
  const second = positional(args)[1];
  if (!second) return;
  const prefix = `/${text}`;
  if (second.name === "CallExpression" && /^(\w+\.)?include\b/.test(source.text(second))) {
    const inner = source.literal(firstString(source, second.getChild("ArgList")!));
    if (inner !== null) source.facts.mounts.push({ object: "urlpatterns", prefix, target: "", specifier: inner });
  } else
    source.facts.registrations.push({ line: source.line(node), object: "urlpatterns", method: null, path: prefix });
}

/** Arguments without a name. */
function positional(args: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = args.firstChild; child; child = child.nextSibling) {
    const isNamed = child.nextSibling?.name === "AssignOp" || child.prevSibling?.name === "AssignOp";
    if (!/^[(),]$/.test(child.name) && child.name !== "AssignOp" && !isNamed) found.push(child);
  }
  return found;
}

function firstString(source: Source, args: SyntaxNode): SyntaxNode | null {
  const first = positional(args)[0] ?? null;
  return source.literal(first) === null ? null : first;
}

function keywordNode(source: Source, args: SyntaxNode, name: string): SyntaxNode | null {
  for (let child = args.firstChild; child; child = child.nextSibling)
    if (child.name === "VariableName" && child.nextSibling?.name === "AssignOp" && source.text(child) === name)
      return child.nextSibling.nextSibling;
  return null;
}

function keyword(source: Source, args: SyntaxNode, name: string): SyntaxNode | null {
  const node = keywordNode(source, args, name);
  return node?.name === "String" ? node : null;
}
