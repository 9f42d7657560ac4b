import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { testServer } from "../test/harness.ts";
import { surroundings } from "../test/surroundings.ts";

const server = await testServer();

test("--json before a program's name asks that program for JSON", async () => {
  const env = surroundings({ LONGWATCH_URL: server.url, LONGWATCH_TOKEN: "lw_unknown" });
  const program = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "main.ts")];
  const words = ["--json", "doctrine", "export", join(import.meta.dirname, "nowhere")];
  const heard = await new Promise<{ code: unknown; stderr: string }>((done) =>
    execFile(process.execPath, [...program, ...words], { env }, (error, _, stderr) =>
      done({ code: error?.code, stderr }),
    ),
  );
  assert.equal(heard.code, 3, heard.stderr);
  assert.equal(JSON.parse(heard.stderr).code, "token.unknown");
});
