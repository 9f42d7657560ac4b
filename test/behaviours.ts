import ts from "typescript";
import { behaviours, REQUIRED } from "./behaviour_words.ts";
import { line, parsed, walk } from "./house.ts";

/** `npm run behaviours`: which behaviours a test holds, by the numbers in the titles, and which none does yet. */

type Held = { number: number; title: string; file: string; line: number };

const NUMBERS = /^(J\d+(?:, J\d+)*): \S/;

/** The behaviours that a test's title names. */
export function numbersOf(title: string): number[] {
  return (NUMBERS.exec(title)?.[1] ?? "").split(", ").flatMap((word) => (word === "" ? [] : [Number(word.slice(1))]));
}

/** Every test with a number at the start of its title. A suite's title is no test's. */
export function heldIn(sources: ReadonlyMap<string, ts.SourceFile>): Held[] {
  const held: Held[] = [];
  for (const [file, source] of sources) {
    if (!file.endsWith(".test.ts")) continue;
    walk(source, (node) => {
      if (!ts.isCallExpression(node) || !isTest(node)) return;
      const title = titleOf(node.arguments[0]!);
      for (const number of numbersOf(title)) held.push({ number, title, file, line: line(node) });
    });
  }
  return held;
}

/** A call of `test` or `it` with a body in which something happens; one that is skipped is none, whichever way. */
function isTest({ expression, arguments: given }: ts.CallExpression): boolean {
  const body = given.at(-1);
  return (
    ts.isIdentifier(expression) &&
    /^(test|it)$/.test(expression.text) &&
    given.length >= 2 &&
    body !== undefined &&
    (ts.isArrowFunction(body) || ts.isFunctionExpression(body)) &&
    !(ts.isBlock(body.body) && body.body.statements.length === 0) &&
    !given.slice(1, -1).some(isLeftOut)
  );
}

/** Options that leave a test out, always or somewhere. */
function isLeftOut(options: ts.Expression): boolean {
  if (!ts.isObjectLiteralExpression(options)) return false;
  return options.properties.some(({ name }) => name !== undefined && /^["']?(skip|todo)["']?$/.test(name.getText()));
}

function titleOf(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.head.text : "";
}

function told(held: readonly Held[]): string {
  const of = Map.groupBy(held, ({ number }) => number);
  const numbers = Object.keys(behaviours).map(Number);
  const lines = numbers.flatMap((number) => {
    const tests = of.get(number) ?? [];
    const where = tests.map(({ file, line: at }) => `     ${file}:${at}`);
    if (tests.length === 0) where.push(REQUIRED.includes(number) ? "     MISSING" : "     no test yet");
    return [`J${number} ${behaviours[number]}`, ...where];
  });
  const missing = REQUIRED.filter((number) => !of.has(number));
  const counted = `${of.size} of ${numbers.length} behaviours have ${held.length} tests.`;
  const sum =
    missing.length === 0
      ? `Of those that have to be there, none is missing (${REQUIRED.length}).`
      : `Missing of those that have to be there: ${missing.map((number) => `J${number}`).join(", ")}.`;
  return [...lines, "", counted, sum].join("\n");
}

if (import.meta.main) {
  const held = heldIn(parsed);
  const isJson = process.argv.includes("--json");
  console.log(isJson ? JSON.stringify({ required: REQUIRED, behaviours, held }) : told(held));
  process.exitCode = REQUIRED.every((number) => held.some((one) => one.number === number)) ? 0 : 1;
}
