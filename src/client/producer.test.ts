import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { testServer } from "../../test/harness.ts";
import { Refusal } from "../kernel/refusal.ts";
import { Client } from "./client.ts";
import { Producer, type ProducerOptions, type Speaker } from "./producer.ts";

const world = await testServer();
const seat = await world.seat("CLAUDE-CLI-BOX-WEB-01");
const client = world.client(seat);
after(() => client.close());
const directory = mkdtempSync(join(tmpdir(), "longwatch-producer-"));
after(() => rmSync(directory, { recursive: true, force: true }));

let made = 0;
function producer(options: Partial<ProducerOptions> = {}) {
  const name = options.name ?? `hook-${++made}`;
  return { name, producer: new Producer({ client, name, policy: "drop", flush_milliseconds: 5, ...options }) };
}

/** What the ledger says of a producer, as `recorded`, `dropped`, `whole` for each epoch. */
async function told(name: string) {
  const { producers } = await world.ask(world.operator, "ledger.completeness", { producer: name });
  return producers.map(({ recorded, dropped, last, whole }: any) => ({ recorded, dropped, last, whole }));
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const away = () => new Refusal("unavailable", "server.unreachable", "There is no server.");

/** The way to the server, which can be cut, and which can lose answers. */
function line(): Speaker & { cut: boolean; loseAnswers: number; said: string[] } {
  const way = {
    cut: false,
    loseAnswers: 0,
    said: [] as string[],
    async say<Output>(name: string, input: unknown, options: { key?: string } = {}): Promise<Output> {
      if (way.cut) throw away();
      way.said.push(name);
      const answer = await client.say<Output>(name, input, options);
      if (way.loseAnswers-- > 0) throw away();
      return answer;
    },
  };
  return way;
}

describe("A producer", () => {
  it("numbers its events, tells them in batches, and every number is in the ledger", async () => {
    const { name, producer: one } = producer();
    const numbers = await Promise.all(Array.from({ length: 1_200 }, (_, n) => one.emit("hook.ran", { n })));
    assert.ok(numbers.every((number, index) => number === index + 1));
    assert.deepEqual(await one.close(), { untold: 0 });
    const [epoch] = await told(name);
    assert.equal(epoch.recorded + (epoch.dropped.buffer_full ?? 0), 1_200);
    assert.deepEqual([epoch.last, epoch.whole], [1_200, true]);
    const entries = await world.sql("select from ledger.entries where subject = $1", [name]);
    assert.ok(entries.length < 12, `${entries.length} entries`);
  });

  it("with policy block makes its callers wait for room, and loses nothing", async () => {
    const way = line();
    way.cut = true;
    const { name, producer: one } = producer({ client: way, policy: "block", buffer_max: 10 });
    let taken = 0;
    const emits = Array.from({ length: 35 }, () => one.emit("hook.ran").then(() => void taken++));
    await pause(60);
    assert.equal(taken, 10, "the rest waits");
    way.cut = false;
    await Promise.all(emits);
    assert.deepEqual(await one.close(), { untold: 0 });
    assert.deepEqual(await told(name), [{ recorded: 35, dropped: {}, last: 35, whole: true }]);
  });

  it("with policy drop tells the ledger which numbers its full buffer lost", async () => {
    const way = line();
    way.cut = true;
    const { name, producer: one } = producer({ client: way, buffer_max: 10 });
    for (let n = 1; n <= 25; n++) assert.equal(await one.emit("hook.ran", { n }), n, "it answers at once");
    way.cut = false;
    assert.deepEqual(await one.close(), { untold: 0 });
    assert.deepEqual(await told(name), [{ recorded: 10, dropped: { buffer_full: 15 }, last: 25, whole: true }]);
  });

  it("stays bounded when many causes meet a full buffer, and still counts each number", async () => {
    const way = line();
    way.cut = true;
    const { name, producer: one } = producer({ client: way, buffer_max: 4 });
    for (let n = 0; n < 50; n++) one.lose(n % 2 ? "database_away" : "queue_full");
    way.cut = false;
    assert.deepEqual(await one.close(), { untold: 0 });
    const [epoch] = await told(name);
    assert.deepEqual([epoch.recorded, epoch.last, epoch.whole], [0, 50, true]);
    assert.equal(
      Object.values<number>(epoch.dropped).reduce((sum, one_) => sum + one_, 0),
      50,
    );
    assert.ok(epoch.dropped.several > 40);
    assert.ok(way.said.filter((said) => said === "telemetry.drop").length <= 6);
  });

  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const cases: [string, Record<string, unknown>, string][] = [
    ["a NUL", { text: "a\0b" }, "unencodable"],
    ["a lone surrogate", { text: "\udc00" }, "unencodable"],
    ["a lone surrogate in a name", { "\udc00": 1 }, "unencodable"],
    ["a number that is not finite (1E400)", { count: JSON.parse("1E400") }, "unencodable"],
    ["a circle", circle, "unencodable"],
    ["a bigint", { count: 1n }, "unencodable"],
    ["more than an entry holds", { text: "x".repeat(60_000) }, "oversized"],
  ];
  for (const [what, data, reason] of cases)
    it(`tells the ledger that an event with ${what} was lost, and records those around it`, async () => {
      const { name, producer: one } = producer();
      await one.emit("hook.ran", { text: "before" });
      assert.equal(await one.emit("hook.ran", data), 2);
      await one.emit("hook.ran", { text: "after", when: new Date(0), none: undefined });
      assert.deepEqual(await one.close(), { untold: 0 });
      assert.deepEqual(await told(name), [{ recorded: 2, dropped: { [reason]: 1 }, last: 3, whole: true }]);
    });

  it("packs events to the very limit of an entry", async () => {
    const { name, producer: one } = producer();
    const around = JSON.stringify([{ kind: "k", data: { text: "" } }]).length;
    await one.emit("k", { text: "x".repeat(60_000 - around) });
    for (let n = 0; n < 30; n++) await one.emit("k", { text: "\u001f".repeat(1_500) });
    assert.deepEqual(await one.close(), { untold: 0 });
    assert.deepEqual(await told(name), [{ recorded: 31, dropped: {}, last: 31, whole: true }]);
  });

  it("sets apart the event that the server refuses, and loses no other with it", async () => {
    const problems: unknown[] = [];
    const { name, producer: one } = producer({ onProblem: (problem) => problems.push(problem) });
    for (let n = 1; n <= 20; n++) await one.emit(n === 13 ? "" : "hook.ran", { n });
    assert.deepEqual(await one.close(), { untold: 0 });
    assert.deepEqual(await told(name), [{ recorded: 19, dropped: { refused: 1 }, last: 20, whole: true }]);
    assert.ok(problems.every((problem) => (problem as Refusal).code === "input.invalid") && problems.length > 0);
  });

  it("whose answers get lost says it again under the same key, and nothing is told twice", async () => {
    const way = line();
    way.loseAnswers = 3;
    const { name, producer: one } = producer({ client: way });
    for (let n = 1; n <= 5; n++) await one.emit("hook.ran", { n });
    assert.deepEqual(await one.close(), { untold: 0 });
    assert.deepEqual(await told(name), [{ recorded: 5, dropped: {}, last: 5, whole: true }]);
    const kinds = await world.sql("select kind from ledger.entries where subject = $1 order by seq", [name]);
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ["producer.opened", "telemetry.recorded"],
    );
  });

  it("with a token that is worth nothing throws it at its callers instead of filling up", async () => {
    const nobody = new Client({ url: world.url, token: "lw_nobody" });
    after(() => nobody.close());
    const { producer: one } = producer({ client: nobody, policy: "block", buffer_max: 2 });
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => one.emit("hook.ran")));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected", "rejected", "rejected"],
    );
    assert.equal((outcomes[4] as PromiseRejectedResult).reason.code, "token.unknown");
    assert.deepEqual(await one.close(), { untold: 2 });
  });
});

describe("A producer with a memory", () => {
  it("has what it could not tell before its end recorded as lost when it is back", async () => {
    const way = line();
    const memory_path = join(directory, "shut");
    const { name, producer: one } = producer({ client: way, memory_path });
    for (let n = 1; n <= 3; n++) await one.emit("hook.ran", { n });
    assert.equal(await one.flush(), true);
    way.cut = true;
    for (let n = 4; n <= 9; n++) await one.emit("hook.ran", { n });
    assert.deepEqual(await one.close({ within_seconds: 0.05 }), { untold: 6 });
    assert.deepEqual(await told(name), [{ recorded: 3, dropped: {}, last: 3, whole: true }], "nobody knows yet");
    const { producer: next } = producer({ name, memory_path });
    assert.equal(await next.emit("hook.ran"), 1);
    assert.deepEqual(await next.close(), { untold: 0 });
    assert.deepEqual(await told(name), [
      { recorded: 3, dropped: { crashed: 6 }, last: 9, whole: true },
      { recorded: 1, dropped: {}, last: 1, whole: true },
    ]);
    assert.throws(() => readFileSync(memory_path), { code: "ENOENT" }, "nothing is owed any more");
  });

  it("that never reached a server has its numbers lost in the first epoch that it gets", async () => {
    const way = line();
    way.cut = true;
    const memory_path = join(directory, "alone");
    const { name, producer: one } = producer({ client: way, memory_path });
    for (let n = 1; n <= 4; n++) await one.emit("hook.ran", { n });
    await one.close({ within_seconds: 0.02 });
    const { producer: next } = producer({ name, memory_path });
    assert.equal(await next.emit("hook.ran"), 5, "it goes on where it was");
    await next.close();
    assert.deepEqual(await told(name), [{ recorded: 1, dropped: { crashed: 4 }, last: 5, whole: true }]);
  });

  it("that is killed has every number that it gave out accounted for", async () => {
    const memory_path = join(directory, "killed");
    const module = new URL("producer.ts", import.meta.url).href;
    const code = `
      const { Producer } = await import(${JSON.stringify(module)});
      const { Client } = await import(${JSON.stringify(new URL("client.ts", import.meta.url).href)});
      const client = new Client(${JSON.stringify({ url: world.url, token: seat })});
      const memory_path = ${JSON.stringify(memory_path)};
      const producer = new Producer({ client, name: "killed", policy: "drop", memory_path });
      for (let n = 0; n < 7; n++) await producer.emit("hook.ran", { n });
      await producer.flush();
      for (let n = 0; n < 5; n++) await producer.emit("hook.ran", { n });
      process.kill(process.pid, "SIGKILL");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
    const [, signal] = await once(child, "exit");
    assert.equal(signal, "SIGKILL");
    const { producer: next } = producer({ name: "killed", memory_path });
    assert.equal(await next.flush(), true);
    await next.close();
    assert.deepEqual(await told("killed"), [
      { recorded: 7, dropped: { crashed: 5 }, last: 12, whole: true },
      { recorded: 0, dropped: {}, last: 0, whole: true },
    ]);
  });

  it("of an epoch that the server does not know goes on, and says so", async () => {
    const memory_path = join(directory, "restored");
    const { name, producer: one } = producer({ memory_path });
    await one.emit("hook.ran");
    await one.flush();
    await world.sql(
      "alter table ledger.productions disable trigger all; alter table ledger.producers disable trigger all",
    );
    await world.sql(`delete from ledger.productions where producer = '${name}'`);
    await world.sql(`delete from ledger.producers where name = '${name}'`);
    for (const table of ["productions", "producers"]) await world.sql(`alter table ledger.${table} enable trigger all`);
    const problems: string[] = [];
    const onProblem = (problem: unknown) => problems.push((problem as Refusal).code);
    const { producer: next } = producer({ name, memory_path, onProblem });
    await next.emit("hook.ran");
    assert.deepEqual(await next.close(), { untold: 0 });
    assert.deepEqual(problems, ["epoch.unknown"]);
    assert.deepEqual(await told(name), [{ recorded: 1, dropped: {}, last: 1, whole: true }]);
  });

  it("that is another's is refused by its path", async () => {
    const memory_path = join(directory, "another");
    const { producer: one } = producer({ memory_path, client: { say: () => Promise.reject(away()) } });
    await one.emit("hook.ran");
    await one.close({ within_seconds: 0 });
    assert.throws(() => producer({ memory_path }), { code: "memory.strange" });
  });
});
