import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { surroundings } from "./surroundings.ts";

const place = mkdtempSync(join(tmpdir(), "longwatch-swept-"));
after(() => rmSync(place, { recursive: true, force: true }));

test("a run that is killed leaves neither its databases behind nor the server that had them", async () => {
  const [databases, state] = [join(place, "a run's databases"), join(place, "state")];
  for (const directory of [join(databases, "postgres"), state]) mkdirSync(directory, { recursive: true });
  const server = spawn("sleep", ["600"]);
  after(() => server.kill("SIGKILL"));
  writeFileSync(join(databases, "postgres", "postmaster.pid"), `${server.pid}\n${databases}\n`);
  const swept = pathToFileURL(join(import.meta.dirname, "swept.ts")).href;
  const code = `import { sweptBehindUs } from ${JSON.stringify(swept)};
    sweptBehindUs(...${JSON.stringify([databases, state])});
    setInterval(() => process.stdout.write("."), 50);`;
  const run = spawn(process.execPath, ["--input-type=module-typescript", "--eval", code], { env: surroundings() });
  await once(run.stdout, "data");
  assert.ok(existsSync(databases) && server.exitCode === null && server.signalCode === null);
  const ended = once(server, "exit");
  run.kill("SIGKILL");
  assert.deepEqual(await ended, [null, "SIGQUIT"]);
  while (existsSync(databases) || existsSync(state)) await sleep(20);
});
