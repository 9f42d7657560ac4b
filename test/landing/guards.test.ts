import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { nodeInEveryJail } from "../../src/runner/node.fixture.ts";
import { Repository } from "../closure/repository.ts";
import { testServer } from "../harness.ts";
import { surroundings } from "../surroundings.ts";

/** A credential waits for its guard: what the runner sees in the release that is served, by its real program. */

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const { operator, say, ask, refused, seat, url } = await testServer();
const repository = new Repository();
after(() => repository[Symbol.dispose]());
const GUARD = "src/mail/send gate.ts";
const environment = "production";
const wish = { name: "MAIL_API_KEY", environment, guard: GUARD };

// What is served is the repository's newest commit: this is about what is in it.
const health = createServer((_, reply) => reply.end(JSON.stringify({ release: repository.git("rev-parse", "HEAD") })));
health.listen(0, "127.0.0.1");
await once(health, "listening");
after(() => health.close());

const owner = await seat("CODEX-CLI-BOX-MAIL-01");
await say(operator, "namespace.define", { prefix: "MAIL", format: "MAIL-NNNN" });
const { port } = health.address() as AddressInfo;
const topology = { branch: "main", command: `${nodeInEveryJail()} -e 0`, timeout_seconds: 900, health_seconds: 60 };
await say(operator, "environment.define", { environment, ...topology, health_url: `http://127.0.0.1:${port}/` });
await say(owner, "binding.take", { environment });
const ticket = (await say(operator, "ticket.file", { namespace: "MAIL", title: "A gate" })).id;
await say(owner, "ticket.claim", { id: ticket, lease_seconds: 3600 });

async function land(...words: string[]): Promise<string> {
  const child = spawn(process.execPath, [program, "land", ...words], {
    cwd: repository.path,
    env: surroundings({ HOME: repository.path, LONGWATCH_URL: url, LONGWATCH_TOKEN: owner }),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  assert.deepEqual(await once(child, "close"), [0, null], said);
  return said;
}

async function release(files: Record<string, string | null>): Promise<void> {
  repository.commit("MAIL-0001", files);
  await land("run", environment, "--ticket", ticket);
}

/** The words of a command that a refusal names, as a shell reads them. */
const wordsOf = (line: string) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);

/** Says what the refusal says to say. */
async function asTold(): Promise<string> {
  const { code, hint } = await refused(owner, "credential.register", wish);
  assert.equal(code, "guard.unserved");
  const words = wordsOf(/longwatch land (.*)$/.exec(hint!)![1]!);
  return land(...words);
}

const guarded = async () => (await ask(operator, "credential.list")).credentials.map((one: any) => one.guarded);

describe("a credential's guard", () => {
  it("J31: is looked for in the release that is served, by the command that the refusal names", async () => {
    await release({ "src/mail/mail.ts": "export {};\n" });
    // Committed, and not served yet.
    repository.commit("MAIL-0001", { [GUARD]: "export {};\n" });
    assert.match(await asTold(), /guard: .* does not have src\/mail\/send gate\.ts/);
    assert.match((await refused(owner, "credential.register", wish)).message, /does not have it/);
    await release({});
    assert.match(await asTold(), /guard: .* has src\/mail\/send gate\.ts/);
    await say(owner, "credential.register", wish);
    assert.deepEqual(await guarded(), ["yes"]);
  });

  it("J31: is looked for in each release that lands, and missed in the one that lost it", async () => {
    const last = repository.git("rev-parse", "HEAD");
    await release({ [GUARD]: null });
    assert.deepEqual(await guarded(), ["no"]);
    await say(owner, "credential.retire", { name: wish.name });
    // A commit is a guard, too: the release comes after it.
    // Git itself would read the end of the last one as that commit, and look for the file from where it is called.
    const absent = ["f".repeat(40), "../src/mail/mail.ts", `src/gate-g${last.slice(0, 12)}`];
    const named = [` ${last.slice(0, 12)} `, ...absent].flatMap((guard) => ["--guard", guard]);
    await land("check", environment, ...named, "--repository", join(repository.path, "src"));
    await say(owner, "credential.register", { ...wish, name: "NEW_KEY", guard: last.slice(0, 12) });
    for (const guard of absent) {
      const { message } = await refused(owner, "credential.register", { ...wish, name: "OTHER_KEY", guard });
      assert.match(message, /does not have it/);
    }
  });
});
