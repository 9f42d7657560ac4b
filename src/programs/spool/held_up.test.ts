import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { testServer } from "../../../test/harness.ts";
import { Cable } from "../../spool/cable.fixture.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import { keepHandingIn } from "../../spool/keeping_on.ts";
import { Spool } from "../../spool/spool.ts";
import { spoolFindings } from "../doctor/spool_checks.ts";
import { machines } from "./machine.fixture.ts";

const home = fs.mkdtempSync(join(tmpdir(), "longwatch-spooling-"));
const world = await testServer();
const cable = await Cable.to(world.url);
await world.say(world.operator, "spool.configure", { contest_seconds: 0 });
const machine = machines(world, cable, home);
after(async () => {
  await cable.sever();
  fs.rmSync(home, { recursive: true, force: true });
});

/** Undoes what the last machine's spool handed in after a post, as a server that is restored from a copy of before. */
async function restore(upto: number): Promise<void> {
  const [{ name }] = await world.sql("select name from tickets.spools order by opened_at desc limit 1");
  const gone = "select provisional from tickets.spooled where spool = $1 and n > $2";
  await world.sql(`delete from tickets.aliases where alias in (${gone})`, [name, upto]);
  await world.sql("delete from tickets.spooled where spool = $1 and n > $2", [name, upto]);
  await world.sql("update tickets.spools set received_upto = $2, settled_upto = $2 where name = $1", [name, upto]);
  if (upto === 0) await world.sql("delete from tickets.spools where name = $1", [name]);
  await world.sql("delete from kernel.requests");
  for (const table of ["productions", "producers"]) {
    await world.sql(`alter table ledger.${table} disable trigger refuse_change`);
    if (table === "productions")
      await world.sql("delete from ledger.productions where producer = $1 and lower(numbers) > $2", [
        `spool/${name}`,
        upto,
      ]);
    else if (upto === 0) await world.sql("delete from ledger.producers where name = $1", [`spool/${name}`]);
    await world.sql(`alter table ledger.${table} enable always trigger refuse_change`);
  }
}

describe("What could hold up a spool", () => {
  test("a refusal of a server that cannot answer just now is kept, and says so", async () => {
    const { file, say, tickets, namespace } = await machine();
    for (const [status, kind, code] of [
      ["503 Service Unavailable", "unavailable", "server.closing"],
      ["503 Service Unavailable", "unavailable", "database.away"],
      ["504 Gateway Timeout", "timeout", "queue.full"],
    ]) {
      const body = JSON.stringify({ code, kind, detail: `Away by ${code}.` });
      cable.says = `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
      assert.match((await file(code!)).stdout, new RegExp(`CONFIRM-PENDING\nAway by ${code}\\. It is kept`));
    }
    cable.says = null;
    assert.match((await say("queue", "read")).stderr, /CONFIRMED/);
    assert.deepEqual(await tickets(), [
      `${namespace}-0001 server.closing`,
      `${namespace}-0002 database.away`,
      `${namespace}-0003 queue.full`,
    ]);
  });

  test("what the server could never take is refused at once, and nothing of it is kept", async () => {
    const { file, say, place, tickets, namespace } = await machine();
    await cable.sever();
    const wrong = [
      await say("ticket", "file", "--namespace", "lower", "--title", "t"),
      await say("ticket", "file", "--title", "t"),
      await file(""),
      await say("post", "append", "--subject", "s", "--kind", "actionable", "--reserve", "no such"),
      await file("under a strange key", "--key", "two words"),
      await file("too large", "--body", "b".repeat(300_000)),
    ];
    assert.deepEqual(
      wrong.map(({ code }) => code),
      [2, 2, 2, 2, 2, 2],
      JSON.stringify(wrong),
    );
    assert.ok(!fs.existsSync(place) || fs.readdirSync(place).every((name) => !name.endsWith(".jsonl")));
    await file("good");
    await cable.plug();
    await say("queue", "read");
    assert.deepEqual(await tickets(), [`${namespace}-0001 good`]);
  });

  test("a copy that went its own way gets a name of its own, and both are filed whole", async () => {
    const { file, say, tickets, env, place, namespace } = await machine();
    await cable.sever();
    for (const title of ["one", "two"]) await file(title);
    fs.cpSync(place, `${place}-copy`, { recursive: true });
    fs.chmodSync(`${place}-copy`, 0o700);
    for (const title of ["three", "four"]) await file(title);
    await say("post", "append", "--subject", "first");
    env.LONGWATCH_SPOOL = `${place}-copy`;
    for (const title of ["five", "six"]) await file(title);
    await cable.plug();
    await say("queue", "read");
    env.LONGWATCH_SPOOL = place;
    const { stderr } = await say("queue", "read");
    assert.match(stderr, /is N\d+-0005$/m);
    assert.doesNotMatch(stderr, /was not taken/);
    const filed = ["one", "two", "five", "six", "three", "four"];
    assert.deepEqual(
      await tickets(),
      filed.map((title, at) => `${namespace}-000${at + 1} ${title}`),
    );
  });

  test("a server that was restored from a copy gets what it lost, and tells the numbers anew", async () => {
    const { file, say, spool, tickets, namespace } = await machine();
    for (const titles of [["one"], ["two", "three"]]) {
      await cable.sever();
      for (const title of titles) await file(title);
      await cable.plug();
      await say("queue", "read");
    }
    await restore(1);
    await cable.sever();
    await file("four");
    await cable.plug();
    const { stderr } = await say("queue", "read");
    // The tickets of before stand for those that somebody else filed meanwhile.
    assert.match(stderr, new RegExp(`AMENDMENT: ${namespace}-0002~\\w+ is ${namespace}-0005`));
    const again = [`${namespace}-0004 four`, `${namespace}-0005 two`, `${namespace}-0006 three`];
    assert.deepEqual((await tickets()).slice(3), again);
    assert.match((await spool("status")).stdout, /nothing waits/);
  });

  test("a server that was restored without the spool is told of all that waits for its number", async () => {
    const { file, say, tickets } = await machine();
    await world.say(world.operator, "spool.configure", { contest_seconds: 15 });
    await cable.sever();
    await file("in a contest");
    await cable.plug();
    assert.equal((await say("queue", "read")).stderr, "");
    await restore(0);
    await world.say(world.operator, "spool.configure", { contest_seconds: 0 });
    assert.match((await say("queue", "read")).stderr, /^(CONFIRMED|AMENDMENT): .* is N\d+-000[12]/m);
    assert.equal((await tickets()).length, 1);
  });

  test("is handed in again from a journal that was put aside", async () => {
    const { file, say, place, spool, tickets } = await machine();
    await cable.sever();
    for (let n = 1; n <= 21; n++) await file(`long ${n}`, "--body", "long ".repeat(11_000));
    await cable.plug();
    await say("queue", "read");
    assert.equal(fs.readdirSync(join(place, "settled")).length, 1);
    await restore(18);
    await cable.sever();
    await file("last");
    await cable.plug();
    assert.doesNotMatch((await say("queue", "read")).stderr, /was not taken|LOST/);
    const again = (await tickets()).slice(21).map((row: string) => row.slice(row.indexOf(" ") + 1));
    assert.deepEqual(again, ["last", "long 19", "long 20", "long 21"]);
    assert.match((await spool("status")).stdout, /nothing waits/);
  });

  test("a disk that takes no contact any more, or another's journal that is broken, holds up nothing", async () => {
    const { file, say, place, tickets, namespace, env } = await machine();
    await cable.sever();
    await file("kept");
    const mark = fs.readdirSync(place).find((name) => name.endsWith(".jsonl"))!;
    fs.mkdirSync(join(place, mark.replace(".jsonl", ".contact.json"), "in the way"), { recursive: true });
    for (const end of [".jsonl", ".waiting"]) fs.mkdirSync(join(place, `0000${end}`));
    await cable.plug();
    const { code, stderr } = await say("queue", "read");
    assert.deepEqual([code, /is N\d+-0001$/m.test(stderr)], [0, true], stderr);
    assert.deepEqual(await tickets(), [`${namespace}-0001 kept`]);
    const left = new AbortController();
    const problems: string[] = [];
    const told = { onNews: () => {}, onProblem: ({ code }: Refusal) => (problems.push(code), left.abort()) };
    const whose = { place, url: cable.url, token: env.LONGWATCH_TOKEN };
    await keepHandingIn(() => Spool.all(whose.place), world.client(whose.token), told, left.signal);
    assert.deepEqual(problems, ["spool.broken"]);
  });

  test("a sign that something waits, where nothing does, is taken down by the next command", async () => {
    const { file, say, spool, place } = await machine();
    const signs = () => fs.readdirSync(place).filter((name) => name.endsWith(".waiting"));
    await cable.sever();
    await file("kept");
    const [sign] = signs();
    await cable.plug();
    await say("queue", "read");
    // A process was killed before it took the sign down, or somebody deleted a journal: this seat's, or another's.
    for (const deleted of [[], [sign!.replace(".waiting", ".jsonl")]]) {
      for (const name of deleted) fs.rmSync(join(place, name));
      for (const name of [sign!, "0123456789abcdef.waiting"]) fs.writeFileSync(join(place, name), "");
      assert.deepEqual([(await say("queue", "read")).stderr, signs()], ["", []]);
      fs.writeFileSync(join(place, sign!), "");
      assert.deepEqual([(await spool("send")).code, signs()], [0, []]);
    }
  });

  test("a name that the disk gave back damaged is replaced", async () => {
    const { file, say, place, tickets, namespace } = await machine();
    await cable.sever();
    for (const title of ["one", "two"]) await file(title);
    const journal = join(
      place,
      fs.readdirSync(place).find((name) => name.endsWith(".jsonl"))!,
    );
    fs.writeFileSync(journal, fs.readFileSync(journal, "utf8").replace(/"spool":"\w{4}/, '"spool":"????'));
    await cable.plug();
    assert.match((await say("queue", "read")).stderr, /is N\d+-0002$/m);
    assert.deepEqual(await tickets(), [`${namespace}-0001 one`, `${namespace}-0002 two`]);
  });

  test("is told of by the doctor, with the way out", async () => {
    const { file, say, place, token } = await machine();
    const look = (whose: string | undefined = token) => spoolFindings(place, { url: cable.url, token: whose });
    assert.deepEqual(look(), [{ check: "spool", state: "ok", told: "nothing waits on this machine", next: null }]);
    await cable.sever();
    await file("one");
    const [mine] = look();
    assert.match(
      `${mine!.state} ${mine!.told}`,
      /^problem 1 of this token for http\S+ since \S+ wait on this machine$/,
    );
    assert.equal(mine!.next, "longwatch spool send");
    assert.match(look("lw_other")[0]!.next!, /^longwatch spool send --spool [0-9a-f]{16}, with a token of its seat\.$/);
    await cable.plug();
    await say("queue", "read");
    assert.equal(look()[0]!.state, "ok");
  });
});
