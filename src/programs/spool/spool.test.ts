import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { testServer } from "../../../test/harness.ts";
import { Cable } from "../../spool/cable.fixture.ts";
import { machines } from "./machine.fixture.ts";
import { main } from "./spool.ts";

const home = fs.mkdtempSync(join(tmpdir(), "longwatch-spooling-"));
const world = await testServer();
const cable = await Cable.to(world.url);
await world.say(world.operator, "spool.configure", { contest_seconds: 0 });
const machine = machines(world, cable, home);
after(async () => {
  await cable.sever();
  fs.rmSync(home, { recursive: true, force: true });
});

describe("Without a server", () => {
  after(() => cable.plug());

  test("J2: a filing is kept with a provisional id, and confirmed before anything else that is said", async () => {
    const { say, file, tickets, spool, namespace } = await machine();
    assert.equal((await file("before")).code, 0);
    await cable.sever();
    const kept = await file("cut off");
    assert.equal(kept.code, 0);
    assert.match(kept.stdout, new RegExp(`^${namespace}-0002~[a-z2-7]{8} CONFIRM-PENDING\nThere is no server at`));
    const json = JSON.parse((await file("again", "--json")).stdout);
    assert.match(json.id, /-0003~/);
    assert.deepEqual([json.state, json.provisional, json.n], ["confirm_pending", true, 2]);
    const first = kept.stdout.split(" ")[0]!;
    const post = await say("post", "append", "--subject", "about it", "--item", first, "--json");
    assert.deepEqual([post.code, JSON.parse(post.stdout).item], [0, first]);
    assert.equal((await say("ticket", "claim", first)).code, 8, "what needs the server is not pretended");
    await cable.plug();
    const read = await say("ticket", "show", first, "--json");
    assert.equal(JSON.parse(read.stdout).id, `${namespace}-0002`, read.stderr);
    assert.match(read.stderr, new RegExp(`^CONFIRMED: ${namespace}-0002~\\w+ is ${namespace}-0002$`, "m"));
    assert.deepEqual(await tickets(), [
      `${namespace}-0001 before`,
      `${namespace}-0002 cut off`,
      `${namespace}-0003 again`,
    ]);
    const { stdout } = await spool("posts");
    assert.match(stdout, /1 {2}CONFIRMED .* cut off\n2 {2}CONFIRMED .* again\n3 {2}POSTED .* about it\n$/s);
    assert.equal((await say("queue", "read")).stderr, "", "what was told once is not told again");
  });
});

describe("With a server", () => {
  test("a refusal is an answer: nothing is kept", async () => {
    const { say, place } = await machine();
    const { code, stderr } = await say("ticket", "file", "--namespace", "NOPE", "--title", "t");
    assert.equal(code, 5);
    assert.match(stderr, /namespace.unknown/);
    assert.ok(!fs.existsSync(place) || fs.readdirSync(place).every((name) => name === "numbers.txt"));
  });

  test("whose answer is lost after it filed, the copy that was kept files nothing more", async () => {
    const { file, tickets, say, namespace } = await machine();
    cable.losesAnswers = true;
    const kept = await file("once");
    cable.losesAnswers = false;
    assert.match(kept.stdout, /CONFIRM-PENDING\nThe connection to .* broke before the answer/);
    assert.match((await say("queue", "read")).stderr, new RegExp(`is ${namespace}-0001`));
    assert.deepEqual(await tickets(), [`${namespace}-0001 once`]);
  });

  test("behind a gateway that answers 502 in its place, the filing is kept", async () => {
    const { file, tickets, spool, namespace } = await machine();
    cable.says = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbad";
    assert.match((await file("gateway")).stdout, /CONFIRM-PENDING/);
    assert.equal((await spool("send")).code, 8);
    cable.says = null;
    const status = await spool("status");
    assert.match(status.stdout, /: 1 wait since /);
    const sent = await spool("send");
    assert.equal(sent.code, 0, sent.stderr);
    assert.match(sent.stdout, new RegExp(`${namespace}-\\?~\\w+ is ${namespace}-0001`));
    assert.deepEqual(await tickets(), [`${namespace}-0001 gateway`]);
    assert.match((await spool("status")).stdout, /: nothing waits\n/);
  });

  test("that has another ticket under the number, the filing gets the next one, and its seat is told why", async () => {
    const { file, say, tickets, token, namespace } = await machine();
    await file("one");
    await cable.sever();
    await file("cut off");
    await world.say(token, "ticket.file", { namespace, title: "meanwhile" });
    await cable.plug();
    const { stderr } = await say("queue", "read");
    assert.match(stderr, new RegExp(`^AMENDMENT: ${namespace}-0002~\\w+ is ${namespace}-0003: .+`, "m"));
    assert.deepEqual(await tickets(), [
      `${namespace}-0001 one`,
      `${namespace}-0002 meanwhile`,
      `${namespace}-0003 cut off`,
    ]);
  });

  test("what is handed in by many processes at once is filed once", async () => {
    const { file, say, tickets } = await machine();
    await cable.sever();
    for (let n = 1; n <= 30; n++) await file(`post ${n}`);
    await cable.plug();
    await Promise.all(Array.from({ length: 8 }, () => say("queue", "read")));
    assert.equal((await tickets()).length, 30);
    assert.equal(new Set((await tickets()).map((row: string) => row.slice(row.indexOf(" ")))).size, 30);
  });

  test("an earlier token's spool is handed in by its seat, and by nobody else", async () => {
    const { file, spool, tickets, place, namespace } = await machine();
    await cable.sever();
    await file("from before");
    await cable.plug();
    const mark = fs
      .readdirSync(place)
      .find((name) => name.endsWith(".waiting"))!
      .replace(".waiting", "");
    const other = await machine();
    const stranger = (words: string[]) => {
      const connection = () => ({ url: cable.url, token: other.token });
      let told = "";
      const out = { stdout: (text: string) => void (told += text), stderr: (text: string) => void (told += text) };
      return main("send", words, { place, connection, ...out }, {}).then((code) => ({ code, told }));
    };
    assert.deepEqual(await stranger([]), { code: 0, told: "nothing waited\n" });
    assert.equal((await spool("send", "--spool", mark)).code, 0);
    assert.deepEqual(await tickets(), [`${namespace}-0001 from before`]);
    await cable.sever();
    await file("later");
    await cable.plug();
    const { code, told } = await stranger(["--spool", mark]);
    assert.equal(code, 6);
    assert.match(told, /spool.held/);
    assert.equal((await spool("send", "--nonsense")).code, 2);
  });
});
