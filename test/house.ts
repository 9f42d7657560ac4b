import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** What the repository holds, read and parsed, for the test that keeps the house. */

export const root = fileURLToPath(new URL("../", import.meta.url));
const git = (...words: string[]) => execFileSync("git", words, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
/** What is in the repository or is about to be; fixtures and bench results are other people's words. */
export const files = git("ls-files", "--cached", "--others", "--exclude-standard")
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
export const read = (file: string) => readFileSync(join(root, file), "utf8");
export const isGenerated = (file: string) =>
  file.startsWith("golden/") ||
  file.startsWith("fixtures/") ||
  /^(web\/)?package-lock\.json$/.test(file) ||
  file === "LICENSE";
const isText = (file: string) => /\.(tsx?|mjs|css|sql|md|json|sh)$|^bin\//.test(file);
export const written = files.filter((file) => isText(file) && !isGenerated(file));
export const program = written.filter((file) => /\.tsx?$/.test(file));
export const sources = program.filter((file) => file.startsWith("src/"));
export const parsed = new Map(
  program.map((file) => [file, ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)]),
);

/** The line that a node begins on. */
export const line = (node: ts.Node) => node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1;
/** How many lines a node takes. */
export const lines = (node: ts.Node) =>
  node.getSourceFile().getLineAndCharacterOfPosition(node.end).line + 2 - line(node);

/** Visits a node and everything in it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** What an import or a re-export names. */
export function specifierOf(node: ts.Node): string | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
    return (node.moduleSpecifier as ts.StringLiteral).text;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [first] = node.arguments;
    return first && ts.isStringLiteral(first) ? first.text : undefined;
  }
  return undefined;
}

/** `a.b` or `a[b]`. */
export const isAccess = (node: ts.Node) => ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);

/** Whether an import is of types only, and so gone when the program runs. */
export function isErased(node: ts.Node): boolean {
  if (!ts.isImportDeclaration(node)) return false;
  const bindings = node.importClause?.namedBindings;
  if (node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return (
    bindings !== undefined && ts.isNamedImports(bindings) && bindings.elements.every(({ isTypeOnly }) => isTypeOnly)
  );
}

/** Whether a statement hands something out. */
export function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    Boolean(ts.getModifiers(statement)?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword))
  );
}

/** A comment, or parameters and a result that are all typed, in a function of a few lines. */
export function isTold(statement: ts.FunctionDeclaration): boolean {
  if (ts.getLeadingCommentRanges(statement.getSourceFile().text, statement.pos)?.length) return true;
  return (
    statement.type !== undefined &&
    statement.parameters.every(({ type }) => type !== undefined) &&
    lines(statement) <= 12
  );
}
