import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../house.ts";

/** The build strips types without looking at them. `npm start` leaves the build without its packages. */
const isWithoutPackages = !existsSync(join(root, "web", "node_modules", "react"));

test("the console's types hold against the API's document", { skip: isWithoutPackages && "no packages" }, () => {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", "web"], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout);
});
