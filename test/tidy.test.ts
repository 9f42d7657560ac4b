import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, test } from "node:test";
import ts from "typescript";
import { parseStatements } from "../src/kernel/sql.ts";
import { rooms } from "../src/rooms/rooms.ts";
import {
  files,
  isAccess,
  isErased,
  isExported,
  isGenerated,
  isTold,
  line,
  lines,
  parsed,
  program,
  read,
  root,
  sources,
  specifierOf,
  walk,
  written,
} from "./house.ts";

/** Holds the house (STYLE.md): sizes, imports, names. Each failure names the file and the line. */

const LINES_MAX = 300;
const FUNCTION_LINES_MAX = 70;
const COLUMNS_MAX = 120;

describe("The house is tidy:", () => {
  test(`a file has at most ${LINES_MAX} lines`, () => {
    const code = written.filter((file) => !file.endsWith(".json"));
    none(
      "Split it by the noun it serves:",
      code.flatMap((file) => {
        const count = read(file).trimEnd().split("\n").length;
        return count > LINES_MAX ? [`${file}: ${count} lines`] : [];
      }),
    );
  });

  test(`a function has at most ${FUNCTION_LINES_MAX} lines`, () => {
    const breaches: string[] = [];
    for (const [file, source] of parsed)
      walk(source, (node) => {
        if (!ts.isFunctionLike(node) || !("body" in node) || !node.body) return;
        // A suite is a list of functions.
        if (/\.test\.ts$/.test(file) && ts.isCallExpression(node.parent) && /^describe/.test(node.parent.getText()))
          return;
        const count = lines(node as ts.Node);
        if (count > FUNCTION_LINES_MAX) breaches.push(`${file}:${line(node as ts.Node)}: ${count} lines`);
      });
    none("A function fits a screen:", breaches);
  });

  test(`a line has at most ${COLUMNS_MAX} columns`, () => {
    none(
      "Wrap it (prettier --write):",
      written
        .filter((file) => !file.endsWith(".json"))
        .flatMap((file) =>
          read(file)
            .split("\n")
            .flatMap((text, index) => {
              const isTable = file.endsWith(".md") && /^\s*\|/.test(text);
              const isOneWord = !/\s/.test(text.trim().replace(/^(\/\/|--|#|\*) */, ""));
              return [...text].length > COLUMNS_MAX && !isTable && !isOneWord
                ? [`${file}:${index + 1}: ${[...text].length} columns`]
                : [];
            }),
        ),
    );
  });

  test("a file is named after what it is about", () => {
    const banned = /^(utils?|common|helpers?|managers?|services?|base|data|info|misc|types?|lib|shared)([._-]|$)/;
    none(
      "Not util, common, helper, manager, service, base, data, info:",
      files.filter((file) => !isGenerated(file) && file.split("/").some((part) => banned.test(part))),
    );
    none(
      "TypeScript files are in snake_case:",
      program.filter((file) => !/^[a-z0-9_]+(\.(test|fixture|d))?\.tsx?$/.test(basename(file))),
    );
  });

  test("tests are whole: none alone, none to do, none skipped without a condition", () => {
    const breaches: string[] = [];
    for (const [file, source] of parsed)
      walk(source, (node) => {
        if (!/\.test\.ts$/.test(file)) return;
        const isCall =
          ts.isCallExpression(node) && /^(test|it|describe)\.(only|skip|todo)$/.test(node.expression.getText());
        const isOption = ts.isPropertyAssignment(node) && /^(only|todo|skip: *(true|["'`]))/.test(node.getText());
        if (isCall || isOption) breaches.push(`${file}:${line(node)}: ${node.getText().slice(0, 40)}`);
      });
    none("Mend it or remove it:", breaches);
  });

  test("no file names a machine or a package mirror", () => {
    // A path that is read off a URL is another one as soon as there is a space in it.
    const banned =
      /(?<![\w.])\/(home|Users|work|root)\/\w+|https?:\/\/(registry|npm|artifacts?)\.[\w.-]+|meta\.url\)\.pathname/;
    const read_here = [...written, "package-lock.json", "web/package-lock.json"];
    const found = read_here.flatMap((file) =>
      read(file)
        .split("\n")
        .flatMap((text, index) => (banned.test(text) ? [`${file}:${index + 1}: ${banned.exec(text)![0]}`] : [])),
    );
    none("A clone has to work elsewhere:", found);
  });

  test("migrations are one line of numbers without a gap", () => {
    const migrations = files.filter((file) => file.startsWith("migrations/")).map((file) => basename(file));
    for (const [index, name] of migrations.sort().entries())
      assert.match(name, new RegExp(`^${String(index + 1).padStart(6, "0")}_[a-z0-9_]+\\.sql$`));
  });

  test("a document has one title and its links lead somewhere", () => {
    const breaches: string[] = [];
    for (const file of written.filter((one) => one.endsWith(".md"))) {
      const text = read(file).replaceAll(/^```[\s\S]*?^```$/gm, "");
      if (text.match(/^# /gm)?.length !== 1) breaches.push(`${file}: has not one title`);
      for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g))
        if (!existsSync(join(root, dirname(file), target!))) breaches.push(`${file}: nothing is at ${target}`);
      for (const [, path] of text.matchAll(/`((?:src|test|bench|scripts|golden|docs|migrations|fixtures)\/[\w./-]+)`/g))
        if (!path!.includes("NNN") && !existsSync(join(root, path!))) breaches.push(`${file}: there is no ${path}`);
    }
    none("Documents are part of the program:", breaches);
  });

  test("AGENTS.md has at most 60 lines and a room's README at most 40", () => {
    for (const file of written) {
      const lines_max = file === "AGENTS.md" ? 60 : /^src\/rooms\/\w+\/README\.md$/.test(file) ? 40 : Infinity;
      const count = read(file).trimEnd().split("\n").length;
      assert.ok(count <= lines_max, `${file}: ${count} lines`);
    }
  });
});

describe("Dependencies point down:", () => {
  type Import = { from: string; to: string; line: number; erased: boolean };
  const imports: Import[] = [];
  for (const [file, source] of parsed)
    walk(source, (node) => {
      const specifier = specifierOf(node);
      if (!specifier?.startsWith(".")) return;
      imports.push({
        from: file,
        to: normalize(join(dirname(file), specifier)),
        line: line(node),
        erased: isErased(node),
      });
    });
  const own = imports.filter(({ from, to }) => from.startsWith("src/") && to.startsWith("src/"));
  const product = own.filter(({ from }) => !/\.(test|fixture)\.ts$/.test(from));
  const order = Object.keys(rooms);
  const roomOf = (file: string) => /^src\/rooms\/(\w+)\//.exec(file)?.[1];
  const part = (file: string) => file.split("/")[1]!;
  const say = ({ from, to, line: at }: Import) => `${from}:${at} imports ${to}`;

  /** What each part of src may import besides itself. */
  const below: Record<string, { includes(part: string): boolean }> = {
    tlog: [],
    kernel: [],
    guard: ["client", "shell_words.ts"],
    "version.ts": [],
    "synced_storage.ts": [],
    database: ["synced_storage.ts"],
    client: ["kernel"],
    // The client's side, for a machine without a server: nothing of the rooms.
    spool: ["kernel", "client", "guard", "synced_storage.ts"],
    rooms: ["kernel", "tlog", "guard", "shell_words.ts"],
    anchors: ["kernel", "tlog", "rooms"],
    closure: [],
    runner: ["kernel", "client", "closure", "shell_words.ts"],
    surfaces: ["kernel", "tlog", "guard", "client", "spool", "anchors", "version.ts"],
    "world.ts": ["kernel", "tlog", "database", "rooms", "anchors", "surfaces", "version.ts"],
    programs: { includes: (to) => to !== "main.ts" },
    "main.ts": ["kernel", "tlog", "client", "spool", "rooms", "surfaces", "programs", "version.ts"],
  };

  test("each part of src imports only what is below it", () => {
    none(
      "What happens below is told upwards by events:",
      product.filter(({ from, to }) => part(from) !== part(to) && !below[part(from)]?.includes(part(to))).map(say),
    );
  });

  test("a room imports the kernel, tlog, itself, and the doors of the rooms before it", () => {
    none(
      `The rooms, lowest first: ${order.join(", ")}.`,
      product
        .filter(({ from, to }) => {
          const room = roomOf(from);
          if (room === undefined || ["kernel", "tlog"].includes(part(to)) || roomOf(to) === room) return false;
          // What the guard finds and what the shipped policy decides are the same words; a secret is one in a post too.
          if (/^src\/(shell_words|guard\/(vocabulary|actions\/redaction))\.ts$/.test(to)) return false;
          const other = roomOf(to);
          const isDoor = other !== undefined && to === `src/rooms/${other}/index.ts`;
          return !isDoor || order.indexOf(other) >= order.indexOf(room);
        })
        .map(say),
    );
  });

  test("only the policy's engine speaks to Cedar", () => {
    const those = sources.filter((file) => /from "@cedar-policy\/|require\("@cedar/.test(read(file)));
    assert.deepEqual(those, ["src/rooms/policy/engine.ts"]);
  });

  test("nobody reaches past a room's door", () => {
    none(
      "Import its index.ts:",
      product
        .filter(
          ({ from, to }) => roomOf(to) !== undefined && roomOf(from) !== roomOf(to) && basename(to) !== "index.ts",
        )
        .map(say),
    );
  });

  test("no imports go in a circle, types aside", () => {
    const edges = Map.groupBy(
      product.filter(({ erased }) => !erased),
      ({ from }) => from,
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
      if (done.has(file) || path.includes(file)) return;
      for (const { to } of edges.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of edges.keys()) visit(file, []);
    none("Move what both need below them:", circles);
  });

  test("only main.ts reads a variable of the environment", () => {
    const breaches: string[] = [];
    for (const file of sources.filter((one) => !/\.(test|fixture)\.ts$/.test(one) && one !== "src/main.ts"))
      walk(parsed.get(file)!, (node) => {
        // PATH is for child processes; passing the whole on to one is no reading either.
        if (/^process\.env(\.(?!PATH$)|\[)/.test(node.getText()) && isAccess(node))
          breaches.push(`${file}:${line(node)}: ${node.getText()}`);
      });
    none("Pass it as a setting:", breaches);
  });
});

describe("Every room has one shape:", () => {
  for (const room of Object.keys(rooms)) {
    const own = files
      .filter((file) => file.startsWith(`src/rooms/${room}/`))
      .map((file) => file.slice(`src/rooms/${room}/`.length));

    test(`${room} has a README, a door and a test`, () => {
      for (const file of ["README.md", "index.ts"]) assert.ok(own.includes(file), `src/rooms/${room} has no ${file}`);
      assert.ok(
        own.some((file) => file.endsWith(".test.ts")),
        `src/rooms/${room} has no test`,
      );
    });

    test(`${room} uses every statement it wrote down`, () => {
      // A part of the room may have statements of its own; nobody else says them.
      for (const file of own.filter((one) => basename(one) === "queries.sql")) {
        const part = join(`src/rooms/${room}`, dirname(file));
        const used = own
          .filter((one) => one.endsWith(".ts") && `src/rooms/${room}/${one}`.startsWith(`${part}/`))
          .map((one) => read(`src/rooms/${room}/${one}`))
          .join("\n");
        const names = parseStatements(read(`${part}/queries.sql`), "").map(({ name }) => name.slice(1));
        none(
          `Remove it from ${part}/queries.sql:`,
          names.filter((name) => !used.includes(`sql.${name}`)),
        );
      }
    });
  }

  test("what a door hands out says what it is", () => {
    const breaches: string[] = [];
    for (const file of sources.filter((one) => /^src\/kernel\/\w+\.ts$/.test(one)))
      for (const statement of parsed.get(file)!.statements)
        if (isExported(statement) && ts.isFunctionDeclaration(statement) && !isTold(statement))
          breaches.push(`${file}:${line(statement)}: ${statement.name?.text} has no comment and no obvious type`);
    none("A sentence of why, or a type that tells it:", breaches);
  });
});

/** Fails with every breach at once. */
function none(rule: string, breaches: readonly string[]): void {
  assert.ok(breaches.length === 0, `${rule}\n${breaches.map((breach) => `  ${breach}`).join("\n")}`);
}
