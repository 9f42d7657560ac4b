import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { writeSettings } from "../../guard/settings.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { connectionOf, dataDirectory } from "./connection.ts";

const directory = mkdtempSync(join(tmpdir(), "longwatch-connection-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const data = join(directory, "data");
const project = join(directory, "project");
const file = join(project, ".longwatch", "guard.json");
mkdirSync(data);
writeFileSync(join(data, "client.json"), JSON.stringify({ url: "http://127.0.0.1:1", token: "operator" }));
writeSettings(file, { version: 1, url: "http://127.0.0.1:2", token: "seat", protected_branches: [] });
const env = { LONGWATCH_DATA: data, HOME: directory };

describe("The command line speaks", () => {
  test("as the operator outside of connected projects, and where it does not know the directory", () => {
    assert.deepEqual(connectionOf({}, env, directory), { url: "http://127.0.0.1:1", token: "operator" });
    assert.deepEqual(connectionOf({}, env), { url: "http://127.0.0.1:1", token: "operator" });
  });

  test("as the seat in a connected project and below it", () => {
    const below = join(project, "src", "deep");
    mkdirSync(below, { recursive: true });
    for (const cwd of [project, below])
      assert.deepEqual(connectionOf({}, env, cwd), { url: "http://127.0.0.1:2", token: "seat" });
  });

  test("as flags and the environment say, which win, but gives the seat's token to no other server", () => {
    assert.equal(connectionOf({ token: "mine" }, env, project).token, "mine");
    assert.equal(connectionOf({}, { ...env, LONGWATCH_TOKEN: "theirs" }, project).token, "theirs");
    assert.equal(connectionOf({ url: "http://127.0.0.1:3" }, env, project).token, undefined);
  });

  test("as nobody when the project's settings are broken or open to others: never as the operator instead", () => {
    const refused = (code: string) =>
      assert.throws(
        () => connectionOf({}, env, project),
        (error) => error instanceof Refusal && error.code === code,
      );
    chmodSync(file, 0o644);
    refused("connection.not_private");
    chmodSync(file, 0o600);
    writeFileSync(file, "{");
    refused("connection.malformed");
  });
});

const isElsewhere =
  (process.getuid?.() === 0 || process.platform === "darwin") && "it lies elsewhere for root and on macOS";
test(
  "the data directory is an absolute one of the account, or a refusal says what is missing",
  { skip: isElsewhere },
  () => {
    const share = join(directory, ".local", "share", "longwatch");
    assert.equal(dataDirectory({ HOME: directory, XDG_DATA_HOME: "relative" }), share);
    assert.equal(dataDirectory({ HOME: directory, XDG_DATA_HOME: project }), join(project, "longwatch"));
    assert.throws(() => dataDirectory({ HOME: "relative" }), { code: "home.unknown" });
  },
);
