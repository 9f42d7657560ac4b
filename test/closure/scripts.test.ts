import { describe, test } from "node:test";
import { type Case, check, manifest } from "./cases.ts";

const scripts: Case[] = [
  {
    says: "a file that another commit brings",
    base: { "src/a.ts": "export const a = 1;\n" },
    branch: [
      { "src/b.ts": "export const b = 2;\n" },
      { "src/a.ts": 'import { b } from "./b.js";\nexport const a = b;\n' },
    ],
    pick: [1],
    lacks: [["file", "src/b.ts", "src/a.ts:1", 0]],
  },
  {
    says: "an export that another commit adds, through a star of a star",
    base: {
      "src/index.js": 'export * from "./inner/index.js";\n',
      "src/inner/index.js": 'export * from "./cards.js";\n',
      "src/inner/cards.js": "export const one = 1;\n",
      "use.js": 'import { one } from "./src/index.js";\none;\n',
    },
    branch: [
      { "src/inner/cards.js": "export const one = 1;\nexport const list = 2;\n" },
      { "use.js": 'import { one, list } from "./src/index.js";\none, list;\n' },
    ],
    pick: [1],
    lacks: [["export", "list of src/index.js", "use.js:1", 0]],
  },
  {
    says: "users that a renaming leaves behind",
    base: {
      "lib/old.js": "exports.run = () => 1;\nexports.keep = 2;\n",
      "main.js": 'const old = require("./lib/old");\nold.run();\n',
      "page.js": 'const { run } = require("./lib/old");\nrun();\n',
    },
    branch: [
      { "main.js": 'const old = require("./lib/old");\nold.start();\n', "page.js": "module.exports = 1;\n" },
      { "lib/old.js": "exports.start = () => 1;\nexports.keep = 2;\n" },
    ],
    pick: [1],
    lacks: [
      ["export", "run of lib/old.js", "main.js:2", 0],
      ["export", "run of lib/old.js", "page.js:1", 0],
    ],
  },
  {
    says: "importers of a file that the pick removes",
    base: { "a/index.ts": "export default 1;\n", "b.ts": 'import a from "./a";\nexport const b = a;\n' },
    branch: [{ "b.ts": "export const b = 1;\n" }, { "a/index.ts": null }],
    pick: [1],
    lacks: [["file", "a/index.ts", "b.ts:1", 0]],
  },
  {
    says: "aliases of tsconfig.json, members of a namespace, types, and lazy imports",
    base: {
      "tsconfig.json": '{ "compilerOptions": { "baseUrl": ".", "paths": { "@lib/*": ["src/lib/*"] } } } // ours\n',
      "src/lib/time.ts": "export const now = 1;\n",
      "src/page.tsx": "export default () => <p />;\n",
    },
    branch: [
      { "src/lib/time.ts": "export const now = 1;\nexport const later = 2;\nexport type Zone = string;\n" },
      { "src/lib/lazy.ts": "export const load = 1;\n" },
      {
        "src/page.tsx": `import * as time from "@lib/time";
import type { Zone } from "@lib/time";
export default (zone: Zone) => <p title={zone}>{time.later}</p>;
export const lazy = async () => (await import("./lib/lazy")).load;
`,
      },
    ],
    pick: [2],
    lacks: [
      ["export", "Zone of src/lib/time.ts", "src/page.tsx:2", 0],
      ["file", "src/lib/lazy.ts", "src/page.tsx:4", 1],
      ["export", "later of src/lib/time.ts", "src/page.tsx:3", 0],
    ],
  },
  {
    says: "a package of the workspace and a package from outside",
    base: {
      "package.json": manifest(),
      "packages/ui/package.json": '{ "name": "@app/ui", "exports": { ".": "./src/index.ts" } }',
      "packages/ui/src/index.ts": "export const Button = 1;\n",
      "src/a.ts": 'import { Button } from "@app/ui";\nexport const a = Button;\n',
    },
    branch: [
      { "packages/ui/src/index.ts": "export const Button = 1;\nexport const Card = 2;\n" },
      { "package.json": manifest({ "left-pad": "^1.0.0" }) },
      {
        "src/a.ts":
          'import { Card } from "@app/ui";\nimport pad from "left-pad/lib/x.js";\nexport const a = pad(Card);\n',
      },
    ],
    pick: [2],
    lacks: [
      ["export", "Card of packages/ui/src/index.ts", "src/a.ts:1", 0],
      ["dependency", "left-pad", "src/a.ts:2", 1],
    ],
  },
  {
    says: "the lock file of a manifest",
    base: { "package.json": manifest(), "package-lock.json": '{ "packages": { "": {} } }' },
    branch: [
      { "package-lock.json": '{ "packages": { "": { "dependencies": { "zod": "^4.0.0" } } } }' },
      { "package.json": manifest({ zod: "^4.0.0" }) },
    ],
    pick: [1],
    lacks: [["dependency", "zod@^4.0.0 in package-lock.json", "package.json:null", 0]],
  },
  {
    says: "assets: of a script, of a style sheet, of a page, beside a URL and beside __dirname",
    base: { "a.js": "1;\n", "style.css": "p {}\n", "index.html": "<p></p>\n" },
    branch: [
      { "img/a.png": "a", "img/b.png": "b", "c.css": "p {}", "worker.js": "1;\n", "sql/x.sql": "select 1;\n" },
      {
        "a.js": 'import "./c.css";\nnew URL("./worker.js", import.meta.url);\njoin(__dirname, "sql", "x.sql");\n',
        "style.css": "p { background: url(img/a.png); }\n",
        "index.html": '<p>\n<img src="img/b.png?1"><a href="https://example.org/x">x</a>\n',
      },
    ],
    pick: [1],
    lacks: [
      ["asset", "c.css", "a.js:1", 0],
      ["file", "worker.js", "a.js:2", 0],
      ["file", "sql/x.sql", "a.js:3", 0],
      ["asset", "img/b.png", "index.html:2", 0],
      ["asset", "img/a.png", "style.css:1", 0],
    ],
  },
];

describe("A pick of scripts is told that it lacks", () => {
  for (const one of scripts) test(one.says, () => check(one));
});

describe("A branch that is broken at its head", () => {
  test("is told what it takes from a file of the base, though no commit of it mends that", async () => {
    await check({
      says: "",
      base: { "a.js": "export const a = 1;\n", "b.js": 'import { a } from "./a.js";\na;\n' },
      branch: [{ "a.js": "export const c = 1;\n" }],
      pick: [0],
      lacks: [["export", "a of a.js", "b.js:1", null]],
    });
  });
});

describe("A pick is not blamed for", () => {
  const innocent: Case[] = [
    {
      says: "what the base and the branch lack as well: optional imports, generated files, unknown aliases",
      base: { "package.json": manifest(), "a.ts": "export const a = 1;\n" },
      branch: [
        {
          "a.ts": `import made from "./generated.js";
import what from "virtual:thing";
import other from "~unknown/x";
import outside from "undeclared";
import { up } from "../../outside.js";
export const a = [made, what, other, outside, up, await import("./maybe.js").catch(() => null)];
fetch("/nobody/serves/this");
`,
        },
      ],
      pick: [0],
      lacks: [],
    },
    {
      says: "a shadowed name, a member that is written, a default of CommonJS and what an open module may have",
      base: { "lib.cjs": "module.exports = function make() {};\n", "ns.js": "export const b = 1;\n", "a.js": "1;\n" },
      branch: [
        { "ns.js": "export const a = 1;\nexport const b = 1;\n" },
        {
          "a.js": `import * as ns from "./ns.js";
import lib from "./lib.cjs";
export const use = (ns) => ns.a;
lib.name = ns.b;
`,
        },
      ],
      pick: [1],
      lacks: [],
    },
    {
      says: "a generated file that the branch stops keeping",
      base: { "dist/a.js": "export const a = 1;\n", "b.js": 'import { a } from "./dist/a.js";\na;\n' },
      branch: [{ "dist/a.js": null, ".gitignore": "dist\n" }],
      pick: [0],
      lacks: [],
    },
  ];
  for (const one of innocent) test(one.says, () => check(one));
});
