import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { testServer } from "../../../test/harness.ts";
import { main as bringIn } from "./import.ts";
import { main as writeOut } from "./export.ts";

const here = mkdtempSync(join(tmpdir(), "longwatch-doctrine-"));
after(() => rmSync(here, { recursive: true, force: true }));
const world = await testServer();

async function run(program: typeof bringIn, argv: string[], server: typeof world = world) {
  let [out, err] = ["", ""];
  const terminal = { stdout: (text: string) => void (out += text), stderr: (text: string) => void (err += text) };
  const code = await program(argv, () => server.client(), { ...terminal, interactive: false });
  return { code, out, err };
}

const HARD = `---
id: ORA-2026-0012
type: DOCTRINE
title: "A number is reserved: always"
date: 2026-05-03
maturity: M2
tags: [numbers, a-tag]
observed-by: operator
rule: |
  Reserve it.
  Then write.
activation-test: Am I about to write a number?
gates: ["M3: no_collision window=P7D"]
promotion-gate: A full week without a collision.
amends: ORA-2026-0011
mode: reject
mechanisms: [refusal:reservation.held]
sunset_on: 2999-01-01
confidence: { level: 0.8, of: [a, b] }
---
# Why

See **ORA-2026-0011**. <script>alert(1)</script> [bad](javascript:alert(1)) ![x](https://example.org/x.png)

---
\ttabs, trailing spaces   \r
`;
const OLD = `---\ntype: observation\ndate: 2026-04-15\n---\n# Two seats, one number\n\nSeen at night.\n`;

describe("doctrine import", () => {
  const directory = join(here, "in");
  mkdirSync(join(directory, "below"), { recursive: true });
  writeFileSync(join(directory, "hard.md"), HARD);
  writeFileSync(join(directory, "below", "ORA-2026-0011-two-seats.md"), OLD);

  it("brings in each record with its id, its date, its words, and the fields that have no name here", async () => {
    const { code, out } = await run(bringIn, [directory, "--json"]);
    assert.deepEqual([code, JSON.parse(out)], [0, { imported: 2, known: 0, refused: [], warnings: [] }]);
    const show = (id: string) => world.ask(world.operator, "doctrine.show", { id });
    const hard = await show("ORA-2026-0012");
    assert.deepEqual([hard.dated, hard.maturity, hard.rule], ["2026-05-03", "M2", "Reserve it.\nThen write."]);
    assert.deepEqual([hard.held_by, hard.mode], ["a running mechanism", "reject"]);
    assert.deepEqual(hard.observed_by, ["operator"]);
    assert.deepEqual(hard.extra, {
      "promotion-gate": "A full week without a collision.",
      confidence: { level: 0.8, of: ["a", "b"] },
    });
    const old = await show("ORA-2026-0011");
    assert.deepEqual(
      [old.title, old.linked_from],
      ["Two seats, one number", [{ id: "ORA-2026-0012", relation: "amends" }]],
    );
    assert.equal(
      (await world.say(world.operator, "doctrine.file", { type: "failure", title: "x" })).id,
      "ORA-2026-0013",
    );
  });

  it("changes nothing when it is run again, and leaves a record with other words as it is", async () => {
    assert.match((await run(bringIn, [directory])).out, /^0 records imported, 2 were here already, 0 left out/);
    const other = join(here, "other.md");
    writeFileSync(other, HARD.replace("Then write", "Then wait"));
    const { code, out } = await run(bringIn, [other]);
    assert.equal(code, 1);
    assert.match(out, /import\.contradicts/);
  });

  it("names each file that is none, and holds as text what this server cannot hold", async () => {
    const odd = join(here, "odd");
    mkdirSync(odd);
    const files = {
      "a.md": "no front matter",
      "b.md": "---\n: [\n---\n",
      "c.md": "---\ntype: doctrine\n---\n",
      "d.md": "---\nid: ORA-2026-0400\ntype: pattern\ntitle: t\ndate: 2026-01-01\nevidence: [one]\n---\n",
      "big.md": `---\nid: ORA-2026-0401\ntype: pattern\ntitle: t\ndate: 2026-01-01\n---\n${"x".repeat(200_000)}`,
      "f.md": "---\nid: ORA-2026-0402\ntype: failure\ntitle: t\ndate: 2026-01-01\n__proto__: {a: 1}\n---\n",
      "g.md": "---\nid: ORA-2026-0403\ntype: failure\ntitle: t\ndate: 2026-01-01\nconstructor: 5\n---\n",
      "e.md": HARD.replace("0012", "0500").replace("reservation.held", "no.such").replace("no_collision", "no_luck"),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(odd, name), text);
    writeFileSync(join(odd, "latin.md"), Buffer.from("---\ntitle: caf\xe9\n---\n", "latin1"));
    const { code, out } = await run(bringIn, [odd]);
    assert.equal(code, 1);
    for (const said of [/a\.md has no front matter/, /b\.md has front matter that is no YAML/, /c\.md has no id/])
      assert.match(out, said);
    for (const said of [/d\.md is refused \(pattern\.unfounded\)/, /ORA-2026-0500: held as text, not reject/])
      assert.match(out, said);
    assert.match(out, /gates is kept as it is/);
    for (const said of [/big\.md has more than 128 KiB/, /f\.md has a field __proto__/, /latin\.md is not UTF-8 text/])
      assert.match(out, said);
    assert.deepEqual((await world.ask(world.operator, "doctrine.show", { id: "ORA-2026-0403" })).extra, {
      constructor: 5,
    });
    assert.match((await run(bringIn, ["/dev/zero"])).out, /\/dev\/zero is no file/);
    assert.equal((await run(bringIn, [join(here, "nowhere")])).code, 2);
  });
});

describe("doctrine export", () => {
  const directory = join(here, "out");

  it("writes Markdown that another server reads as the very same records", async () => {
    assert.equal((await run(writeOut, [directory])).code, 0);
    const other = await testServer();
    const { code, out } = await run(bringIn, [directory, "--json"], other);
    const { imported, known, refused } = JSON.parse(out);
    assert.deepEqual([code, refused], [0, []]);
    assert.deepEqual([imported, known > 10], [5, true]);
    const digests = async (server: typeof world) =>
      Promise.all(
        ["ORA-0000-0001", "ORA-2026-0011", "ORA-2026-0012", "ORA-2026-0403", "ORA-2026-0500"].map(async (id) => {
          const { digest, maturity, body, extra } = await server.ask(server.operator, "doctrine.show", { id });
          return { digest, maturity, body, extra };
        }),
      );
    assert.deepEqual(await digests(other), await digests(world));
  });

  it("writes a site of plain pages: no script, no foreign HTML, links that lead somewhere", () => {
    const pages = readdirSync(directory).filter((name) => name.endsWith(".html"));
    assert.ok(pages.includes("index.html") && pages.length > 15);
    for (const name of pages) {
      const html = readFileSync(join(directory, name), "utf8");
      assert.doesNotMatch(html, /<script|<img|href="javascript|<[^>]*\son\w+=/i, name);
      assert.match(html, /<html lang="en">[\s\S]*<main id="main">[\s\S]*<h1>/, name);
      for (const [, target] of html.matchAll(/href="(?!https:)([^"#]+)"/g))
        assert.ok(readdirSync(directory).includes(target!), `${name} links to ${target}`);
    }
    const page = readFileSync(join(directory, "ORA-2026-0012.html"), "utf8");
    assert.match(page, /&lt;script&gt;/);
    assert.match(page, /<strong><a href="ORA-2026-0011\.html">/);
    const index = readFileSync(join(directory, "index.html"), "utf8");
    assert.match(index, /text only/);
    assert.match(index, /A number is reserved where it is written/);
  });

  it("writes into no directory that holds something, unless it is told to", async () => {
    const { code, err } = await run(writeOut, [directory]);
    assert.equal(code, 2);
    assert.match(err, /is not empty/);
    assert.equal((await run(writeOut, [directory, "--markdown", "--force"])).code, 0);
  });
});
