import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Line } from "../../src/kernel/line.fixture.ts";
import { freshDatabase } from "../harness.ts";
import { dataDirectory, ServerProcess } from "./server_process.ts";

/** A server whose PostgreSQL is on another host, and the network between the two. */
const { user, password, database, ...far } = await freshDatabase();
const line = new Line(far);
const { host, port } = await line.open();
const database_url = `postgresql://${user}:${password}@${host}:${port}/${database}`;
const server = await ServerProcess.start({ data: dataDirectory(), database_url });
const operator = server.client({ retryFor_seconds: 60 });
after(async () => {
  operator.close();
  await line.cut();
});

const post = (subject: string) => operator.say("post.append", { subject }, { key: subject });
const state = async () => ((await (await fetch(`${server.url}/health`)).json()) as { state: string }).state;
const lines = () => server.stderr.split("\n").filter(Boolean);

async function until(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
  for (const since = Date.now(); !(await is()); await sleep(50))
    assert.ok(Date.now() - since < 60_000, `not ${what}:\n${server.stderr}`);
}

/** Each of them is in the ledger once. */
async function mustBeThere(subjects: readonly string[]): Promise<void> {
  type Page = { entries: { data: { subject: string } }[] };
  const { entries } = await operator.ask<Page>("feed.read", { after: 0, posts: true, limit: 1000 });
  const wanted = new Set(subjects);
  assert.deepEqual(
    entries.map(({ data }) => data.subject).filter((subject) => wanted.has(subject)),
    [...subjects],
  );
  assert.equal((await operator.ask<{ whole: boolean }>("ledger.verify", {})).whole, true);
}

test("a database that stays away makes no work, and two lines in the log: gone, and back", async () => {
  await line.cut();
  const spent = () => (process.platform === "linux" ? processSeconds(server.pid) : 0);
  const [began, spent_before] = [Date.now(), spent()];
  await until("told of", () => lines().length > 0);
  await sleep(3_000);
  const share = (spent() - spent_before) / ((Date.now() - began) / 1000);
  assert.ok(share < 0.5, `it is busy for ${share} of the time`);
  await line.open();
  await until("back", () => lines().length > 1);
  assert.deepEqual(
    lines().map((text) => JSON.parse(text).msg),
    ["the database does not answer; what needs it is refused until it is back", "the database answers again"],
  );
  assert.match(JSON.parse(lines()[0]!).reason, /ECONNREFUSED/);
});

test("one that falls silent is told as away, and what was on its way is done once", async () => {
  await post("before");
  line.hush();
  await until("away", async () => (await state()) === "database_away");
  const meanwhile = post("meanwhile");
  line.speak();
  await meanwhile;
  await server.untilServing();
  await mustBeThere(["before", "meanwhile"]);
});

test("one that is cut off again and again loses nothing, and doubles nothing", async () => {
  const subjects = Array.from({ length: 12 }, (_, n) => `cut-${n}`);
  for (const [n, subject] of subjects.entries()) {
    const said = post(subject);
    // Before it was heard, in the midst, or behind it.
    await sleep(2 * n);
    await line.cut();
    await line.open();
    await said;
  }
  await mustBeThere(subjects);
});

test("told to stop while nobody answers, it ends all the same", async () => {
  await server.untilServing();
  const late = server
    .client()
    .say("post.append", { subject: "late" })
    .catch((error: { code: string }) => error.code);
  line.hush();
  const { code } = await server.terminate();
  assert.equal(code, 0);
  // It came before the silence, in it, or as the server was about to end.
  await late;
});

/** What a process has had of the processors. */
function processSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
