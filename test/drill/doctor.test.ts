import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { chmod, mkdir, rename } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serverFindings } from "../../src/programs/doctor/server_checks.ts";
import { dataDirectory, ServerProcess } from "./server_process.ts";

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

type Said = { code: number; stdout: string; stderr: string };

/** `longwatch doctor` as a user on the server's machine would say it. */
function doctor(data: string, words: string[] = [], settings: Record<string, string> = {}): Promise<Said> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LONGWATCH|DATABASE_URL|NODE_TEST)/.test(name));
  // What waits on this machine is its user's, and none of this server's.
  const own = { LONGWATCH_DATA: data, LONGWATCH_SPOOL: join(data, "spool") };
  const env = { ...Object.fromEntries(inherited), ...own, ...settings };
  return new Promise((resolve) =>
    execFile(process.execPath, [program, "doctor", ...words], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    ),
  );
}

/** The problems that it told, each with the line of its next step. */
const problemsIn = (stdout: string) => stdout.match(/^problem .*\n +next: .*$/gm) ?? [];

describe("The doctor of a server that is well", async () => {
  const server = await ServerProcess.start({ data: dataDirectory() });
  const { data } = server;
  await untilVerified(server);

  test("has a line for everything, and ends with 0", async () => {
    const { code, stdout, stderr } = await doctor(data);
    assert.deepEqual([code, stderr], [0, ""], stdout);
    assert.match(stdout, /\n\nAll is well\.\n$/);
    const lines = stdout.split("\n\n")[0]!.split("\n");
    assert.deepEqual(
      lines.map((line) => line.split(/ +/, 2).join(" ")),
      ["program", "server", "alarms", "token", "ledger", "signing", "clock", "drift"]
        .concat(["data", "secrets", "disk", "storage", "outside", "spool"])
        .map((check) => `ok ${check}`),
    );
    assert.match(stdout, new RegExp(`server +serves at ${server.url}, version `));
    assert.match(stdout, /token +operator, operator of home/);
    assert.match(stdout, /ledger +\d+ entries, 100 % of them hashed anew in the last 24 h, the whole \d+ s ago/);
    assert.match(stdout, /outside .*anchors: home has \d+ entries signed, \d+ (s|min) ago/);
  });

  test("says the same as one line of JSON", async () => {
    for (const words of [["--json"], ["--json", "--url", server.url]]) {
      const { code, stdout } = await doctor(data, words);
      const { well, exit, findings } = JSON.parse(stdout);
      assert.deepEqual([code, well, exit, stdout.trim().split("\n").length], [0, true, 0, 1]);
      assert.ok(findings.every((one: { state: string; next: unknown }) => one.state === "ok" && one.next === null));
    }
  });

  test("is asked wrongly with 2 and its usage", async () => {
    const { code, stderr } = await doctor(data, ["--loud"]);
    assert.equal(code, 2);
    assert.match(stderr, /--loud[^]*usage: longwatch doctor/);
  });

  test("minds a token that is worth nothing, and one that is missing", async () => {
    const { code, stdout } = await doctor(data, ["--token", "lw_nothing"]);
    assert.equal(code, 1);
    assert.equal(problemsIn(stdout).length, 1, stdout);
    assert.match(stdout, /^problem +token +it is worth nothing here \(token\.unknown\)\n +next: .*LONGWATCH_TOKEN/m);
    const elsewhere = await doctor(join(data, "none"), ["--url", server.url]);
    assert.equal(elsewhere.code, 1);
    assert.match(elsewhere.stdout, /^problem +token +there is none\n +next: /m);
    assert.match(elsewhere.stdout, /^skipped +data +there is none at .*another machine's$/m);
  });

  test("tells a seat what it may know", async () => {
    const client = server.client();
    const { token } = await client.say<{ token: string }>("seat.adopt", {
      name: "CLAUDE-CLI-BOX-WEB-01",
      role: "communicator",
    });
    client.close();
    const { code, stdout } = await doctor(data, ["--token", token]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^skipped +ledger +A communicator may not say ledger\.coverage\.$/m);
  });

  test("minds a command line of another version", async () => {
    const client = server.client();
    const { findings } = await serverFindings(client, server.token, "0.0.1");
    client.close();
    const { state, told } = findings[0]!;
    assert.equal(state, "problem");
    assert.match(told, /is version \S+, and this command line 0\.0\.1$/);
  });

  test("minds secrets that others may read", async () => {
    const file = join(data, "signer", "home.1.keys");
    await chmod(file, 0o640);
    const { code, stdout } = await doctor(data);
    await chmod(file, 0o600);
    assert.equal(code, 1);
    assert.deepEqual(problemsIn(stdout).length, 1);
    assert.match(stdout, /^problem +secrets +others may read \S+home\.1\.keys\n +next: chmod 600 \S+home\.1\.keys$/m);
  });

  test("minds a copy outside that is gone, or behind the database", async () => {
    const [gone, empty] = [join(data, "gone"), join(data, "empty")];
    await mkdir(empty);
    const lost = await doctor(data, [], { LONGWATCH_ANCHORS: gone });
    assert.equal(lost.code, 1);
    assert.match(lost.stdout, /^problem +outside +\S+gone is not writable \(ENOENT\)\n +next: .*LONGWATCH_ANCHORS/m);
    const moved = await doctor(data, [], { LONGWATCH_ANCHORS: empty });
    assert.equal(moved.code, 1);
    assert.match(moved.stdout, /^problem +outside .* a checkpoint of 0 entries of home, the database one of \d+\n/m);
  });

  test("minds tables that the ledger does not give", async () => {
    const client = server.client();
    await client.say("namespace.define", { prefix: "DOC", format: "DOC-NNNN" });
    await client.say("ticket.file", { namespace: "DOC", title: "As it was" });
    client.close();
    const superuser = await server.superuser();
    await superuser.query("update tickets.tickets set title = 'Otherwise'");
    const { code, stdout } = await doctor(data);
    await superuser.query("update tickets.tickets set title = 'As it was'");
    await superuser.end();
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^problem +drift +the ledger and the tables differ in 1 places\n +next: longwatch ticket drift$/m,
    );
  });

  test("is told by the process and by the data directory when the server hangs, and ends with 8", async () => {
    server.signal("SIGSTOP");
    try {
      const { code, stdout } = await doctor(data);
      assert.equal(code, 8, stdout);
      assert.match(stdout, /^problem +server +there is no answer at /m);
      assert.match(stdout, new RegExp(`^problem +data .*process ${server.pid} serves from it at ${server.url}\n`, "m"));
      assert.match(stdout, /^ok +outside .*home has \d+ entries signed/m);
    } finally {
      server.signal("SIGCONT");
    }
  });
});

describe("The doctor of a ledger", async () => {
  const server = await ServerProcess.start({ data: dataDirectory() });
  const { data } = server;
  const client = server.client();
  for (let n = 1; n <= 5; n++) await client.say("post.append", { subject: `post ${n}` });
  await untilVerified(server);

  /** Changes what is stored while the server is away, then waits for what its verifier and its signer say of it. */
  async function tampered(statements: string, alarms: string[]): Promise<Said> {
    const superuser = await server.superuser();
    await superuser.query(`begin; alter table ledger.entries disable trigger all; ${statements};
      alter table ledger.entries enable always trigger extend_chain;
      alter table ledger.entries enable always trigger refuse_change;
      alter table ledger.entries enable always trigger refuse_truncate; commit`);
    await superuser.end();
    await server.terminate();
    await server.startAgain();
    await untilAlarms(server, alarms);
    return doctor(data);
  }

  test("that was changed names the entry", async () => {
    const flip = "update ledger.entries set leaf = set_byte(leaf, 9, get_byte(leaf, 9) # 1) where seq = 4";
    const { code, stdout } = await tampered(flip, ["ledger.broken"]);
    assert.equal(code, 1);
    assert.match(stdout, /^problem +alarms +ledger\.broken: .*\n +next: docs\/operating\.md, "A broken ledger"$/m);
    assert.match(stdout, /^problem +ledger +entry 4 is broken: its hash does not follow.*\n +next: docs\/operating/m);
    assert.match(stdout, /^skipped +drift /m);
    const mended = await tampered(flip, []);
    assert.match(mended.stdout, /^ok +ledger /m);
  });

  test("that was set back says how the signer goes on", async () => {
    const { code, stdout } = await tampered(
      `delete from ledger.entries where seq > 6; delete from kernel.requests;
       alter table ledger.anchors disable trigger all; delete from ledger.anchors where tree_size > 6;
       update ledger.heads set seq = 6, hash = (select entry_hash from ledger.entries where seq = 6);
       alter table ledger.anchors enable always trigger refuse_change`,
      ["ledger.broken", "ledger.restored"],
    );
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^problem +alarms +ledger\.restored: .*\n +next: docs\/operating\.md, "After a restored backup"$/m,
    );
    assert.match(
      stdout,
      /^problem +signing +refused \(ledger\.restored\): .*restored.*\n +next: .*"After a restored backup"$/m,
    );
  });
});

describe("The doctor without a server", () => {
  test("says that nothing is there, and ends with 8", async () => {
    const data = join(dataDirectory(), "nothing");
    const { code, stdout } = await doctor(data);
    assert.equal(code, 8);
    assert.match(
      stdout,
      /^problem +server +there is no answer at http:\/\/127\.0\.0\.1:4780 \(ECONNREFUSED\)\n +next: /m,
    );
    assert.match(stdout, /^problem +data +nothing is at .*\n +next: `longwatch serve` makes it/m);
  });

  test("looks at what a server left behind", async () => {
    const server = await ServerProcess.start({ data: dataDirectory() });
    await untilVerified(server);
    await server.terminate();
    const { code, stdout } = await doctor(server.data);
    assert.equal(code, 8);
    assert.equal(problemsIn(stdout).length, 1, stdout);
    assert.match(stdout, /^ok +data .*nobody serves from it$/m);
    assert.match(stdout, /^ok +outside .*home has \d+ entries signed/m);
    const notes = join(server.data, "anchors", "home", "1", "notes");
    await rename(notes, `${notes}.gone`);
    const lost = await doctor(server.data);
    assert.match(lost.stdout, /^problem +outside +\S+anchors cannot be read: ENOENT.*\n +next: Bring the files back/m);
  });

  test("knows what answers from what is a Longwatch", async () => {
    const other = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    after(() => other.close());
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, stdout } = await doctor(join(dataDirectory(), "nothing"), ["--url", url]);
    assert.equal(code, 8);
    assert.match(stdout, /there is no answer at \S+ \(what answers is no Longwatch/);
  });

  const root = process.getuid?.() === 0;
  test("minds a disk that is nearly full", { skip: !root && "needs root to mount one" }, async (t) => {
    const data = dataDirectory();
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=100m", "tmpfs", data], { stdio: "ignore" });
    } catch {
      return t.skip("this machine lets nobody mount");
    }
    t.after(() => execFileSync("umount", ["-l", data]));
    assert.match((await doctor(data)).stdout, /^problem +disk +100 MB are free for .*\n +next: Free some: 2,048 MB/m);
  });
});

/** Every entry that there is was hashed anew since the start, and has its checkpoint. */
async function untilVerified(server: ServerProcess): Promise<void> {
  const client = server.client();
  for (const since = Date.now(); ; await sleep(50)) {
    const { last_whole_at, anchored } = await client.ask<{ last_whole_at: string | null; anchored: { size: number } }>(
      "ledger.coverage",
    );
    if (last_whole_at !== null && anchored.size > 0) break;
    assert.ok(Date.now() - since < 120_000, "its verifier did not begin");
  }
  client.close();
}

async function untilAlarms(server: ServerProcess, wanted: string[]): Promise<void> {
  const client = server.client();
  const began = new Date().toISOString();
  for (const since = Date.now(); ; await sleep(50)) {
    const { alarms } = (await (await fetch(`${server.url}/health`)).json()) as { alarms: string[] };
    const { last_whole_at } = await client.ask<{ last_whole_at: string }>("ledger.coverage");
    if (last_whole_at > began && wanted.every((one) => alarms.includes(one))) break;
    assert.ok(Date.now() - since < 120_000, `alarms: ${alarms.join()}, wanted: ${wanted.join()}`);
  }
  client.close();
}
