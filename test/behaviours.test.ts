import assert from "node:assert/strict";
import { test } from "node:test";
import ts from "typescript";
import { behaviours, REQUIRED } from "./behaviour_words.ts";
import { heldIn, numbersOf } from "./behaviours.ts";
import { parsed } from "./house.ts";

const held = heldIn(parsed);
const source = (text: string) =>
  new Map([["a.test.ts", ts.createSourceFile("a.test.ts", text, ts.ScriptTarget.Latest, true)]]);

test("every behaviour that has to be there has a test that carries its number", () => {
  const numbers = new Set(held.map(({ number }) => number));
  assert.deepEqual(
    REQUIRED.filter((number) => !numbers.has(number)).map((number) => `J${number}`),
    [],
  );
});

test("each number in a test's title is a behaviour's, and all ninety-five have their words", () => {
  assert.deepEqual(
    held.filter(({ number }) => behaviours[number] === undefined),
    [],
  );
  assert.equal(Object.keys(behaviours).length, 95);
});

test("a number counts at the start of a real test's title, and nowhere else", () => {
  const body = "() => { ok(); }";
  const found = (text: string) => heldIn(source(text)).map(({ number }) => number);
  assert.deepEqual(found(`test("J7: finds it", ${body}); it("J8, J9: both", ${body});`), [7, 8, 9]);
  assert.deepEqual(found(`test(\`J7: finds \${it}\`, async () => { await it(); })`), [7]);
  for (const none of [
    `describe("J7: finds it", ${body})`,
    `test("finds it (J7)", ${body})`,
    `test("J7: finds it", () => {})`,
    `test("J7: finds it")`,
    `test.skip("J7: finds it", ${body})`,
    `test("J7: finds it", { skip: true }, ${body})`,
    `test("J7: finds it", { todo: "later" }, ${body})`,
    `// test("J7: finds it", ${body})`,
    `log("J7: finds it", ${body})`,
  ])
    assert.deepEqual(found(none), [], none);
  assert.deepEqual(numbersOf("J7:no"), []);
});
