import { describe, test } from "node:test";
import { type Case, check, manifest } from "./cases.ts";

/** Picks that passed although something was missing, and whole ones that had to go on passing while that was mended. */

const lacking: Case[] = [
  {
    says: "a component that another component's script imports",
    base: { "A.vue": "<template><p /></template>\n", "C.svelte": "<p />\n", "E.astro": "<p />\n" },
    branch: [
      { "B.vue": "<template><p /></template>\n", "D.svelte": "<p />\n", "F.astro": "<p />\n" },
      {
        "A.vue": '<template><B /></template>\n<script setup lang="ts">\nimport B from "./B.vue";\n</script>\n',
        "C.svelte": '<script>\nimport D from "./D.svelte";\n</script>\n<D />\n',
        "E.astro": '---\nimport F from "./F.astro";\n---\n<F />\n',
      },
    ],
    pick: [1],
    lacks: [
      ["file", "B.vue", "A.vue:3", 0],
      ["file", "D.svelte", "C.svelte:2", 0],
      ["file", "F.astro", "E.astro:2", 0],
    ],
  },
  {
    says: "a module of a Python project that is named like its package",
    base: {
      "pyproject.toml": '[project]\nname = "shop"\n',
      "src/shop/__init__.py": "",
      "src/shop/a.py": "x = 1\n",
      "tests/test_a.py": "1\n",
    },
    branch: [{ "src/shop/b.py": "y = 1\n" }, { "tests/test_a.py": "from shop.b import y\n" }],
    pick: [1],
    lacks: [["file", "src/shop/b.py", "tests/test_a.py:1", 0]],
  },
  {
    says: "a Python module that is loaded by its name",
    base: { "p/__init__.py": "", "p/a.py": "x = 1\n" },
    branch: [{ "p/b.py": "y = 1\n" }, { "p/a.py": 'import importlib\nx = importlib.import_module("p.b")\n' }],
    pick: [1],
    lacks: [["file", "p/b.py", "p/a.py:2", 0]],
  },
  {
    says: "a file behind a pattern of a workspace's exports",
    base: {
      "package.json": manifest({}, { workspaces: ["packages/*"] }),
      "packages/ui/package.json": '{ "name": "@app/ui", "exports": { "./*": "./src/*.ts" } }',
      "packages/ui/src/a.ts": "export const a = 1;\n",
      "m.ts": "1;\n",
    },
    branch: [{ "packages/ui/src/b.ts": "export const b = 1;\n" }, { "m.ts": 'import { b } from "@app/ui/b";\nb;\n' }],
    pick: [1],
    lacks: [["file", "packages/ui/src/b.ts", "m.ts:1", 0]],
  },
  {
    says: "what a Sass module and a reference of TypeScript's lead to",
    base: { "m.scss": "p {}\n", "m.ts": "1;\n" },
    branch: [
      { "_v.scss": "$a: 1;\n", "g.d.ts": "declare const G: number;\n" },
      { "m.scss": '@use "./v";\n', "m.ts": '/// <reference path="./g.d.ts" />\nG;\n' },
    ],
    pick: [1],
    lacks: [
      ["file", "_v.scss", "m.scss:1", 0],
      ["file", "g.d.ts", "m.ts:1", 0],
    ],
  },
];

const circle = (more: string) => ({
  "a.ts": `export * from "./b";\nexport const a = 1;\n${more}`,
  "b.ts": 'export * from "./a";\nexport const b = 1;\n',
});
lacking.push({
  says: "an export of files that star each other",
  base: { ...circle(""), "m.ts": 'import { a } from "./b";\na;\n' },
  branch: [circle("export const d = 2;\n"), { "m.ts": 'import { a, d } from "./b";\na, d;\n' }],
  pick: [1],
  lacks: [["export", "d of b.ts", "m.ts:1", 0]],
});

const whole: Case[] = [
  {
    says: "a workspace whose entries are built, and so in no tree",
    base: {
      "package.json": manifest({}, { workspaces: ["packages/*"] }),
      "packages/ui/package.json":
        '{ "name": "@app/ui", "main": "dist/index.js", "exports": { ".": "./dist/index.js" } }',
      "packages/ui/src/index.ts": "export const a = 1;\n",
      ".gitignore": "dist\n",
    },
    branch: [{ "m.ts": 'import { a } from "@app/ui";\nimport "@app/ui/styles.css";\na;\n' }],
    pick: [0],
    lacks: [],
  },
  {
    says: "files that star each other, and one that stars itself",
    base: {
      "a.ts": 'export * from "./b";\nexport const a = 1;\n',
      "b.ts": 'export * from "./c";\nexport const b = 1;\n',
      "c.ts": 'export * from "./a";\nexport * from "./c";\nexport const c = 1;\n',
      "p/__init__.py": "from .q import *\n",
      "p/q.py": "from . import *\nx = 1\n",
    },
    branch: [
      {
        "m.ts": 'import { a, b, c } from "./a";\nimport * as z from "./b";\na, b, c, z.a;\n',
        "m.py": "from p import x\n",
      },
    ],
    pick: [0],
    lacks: [],
  },
  {
    says: "Python's own and other people's modules beside a package of ours",
    base: { "pyproject.toml": '[project]\nname = "shop"\n', "shop/__init__.py": "", "shop/a.py": "1\n" },
    branch: [{ "shop/a.py": "import os.path, numpy\nfrom shop.generated import x\nimport google.cloud.storage\n" }],
    pick: [0],
    lacks: [],
  },
  {
    says: "a component in TypeScript, with two scripts, a style and words that look like code",
    base: { "B.vue": "<template><p /></template>\n", "t.ts": "export type T = 1;\n" },
    branch: [
      {
        "A.vue": `<script lang="ts">
export interface P { a: number }
</script>
<script setup lang="ts" generic="T extends string">
import B from "./B.vue";
import type { T as U } from "./t";
const props = withDefaults(defineProps<P>(), { a: 1 as U });
</script>
<template><B v-if="props.a > 1" @click="() => 1">import x from "./nowhere"</B></template>
<style scoped lang="scss">p { color: red; }</style>
`,
      },
    ],
    pick: [0],
    lacks: [],
  },
];

describe("Looked at again, a pick is told that it lacks", () => {
  for (const one of lacking) test(one.says, () => check(one));
});

describe("Looked at again, a whole pick passes with", () => {
  for (const one of whole) test(one.says, () => check(one));
});
