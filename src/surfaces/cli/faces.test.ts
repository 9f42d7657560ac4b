import assert from "node:assert/strict";
import { test } from "node:test";
import { say } from "./fixture.ts";

test("feed-append says post.append with the words of the founding fleets", async () => {
  const words = ["--kind", "actionable", "--item", "CMB-1", "--state", "DONE", "--subject", "s", "--queue", "q"];
  const { input, sent } = await say([
    "feed-append",
    ...words,
    "--lane",
    "l",
    "--owner",
    "o",
    "--priority",
    "HIGH",
    "--body",
    "b",
  ]);
  assert.equal(sent[0]!.url.pathname, "/v1/post/append");
  const said = { kind: "actionable", item: "CMB-1", state: "DONE", subject: "s", queue: "q" };
  assert.deepEqual(input, { ...said, lane: "l", owner: "o", priority: "HIGH", body: "b" });
  assert.equal((await say(words, { calledAs: "feed-append" })).sent.length, 1);
  assert.match((await say(["feed-append", ...words, "--reserve", "CMB"])).stderr, /Give --item or --reserve, not both/);
  assert.match((await say(["feed-append", "--subject", "s"])).stderr, /--kind: is required/);
});

test("the other familiar names are the same commands under their old names", async () => {
  const reserved = await say(["ticket-reserve", "CMB", "--subject", "s", "--lane", "l", "--json"], {
    answer: { id: "CMB-1" },
  });
  assert.deepEqual(reserved.input, { namespace: "CMB", title: "s", lane: "l" });
  assert.equal(reserved.stdout, '{"id":"CMB-1"}\n');
  assert.equal(
    (await say(["fleet-active-queue", "--lane", "l"])).sent[0]!.url.href,
    "http://server:1/v1/queue/read?lane=l",
  );
  assert.equal((await say(["queue-drift-check"], { answer: { differences: 0, found: [] } })).code, 0);
  assert.equal((await say(["queue-drift-check"], { answer: { differences: 2, found: [] } })).code, 1);
  const stranger = { differences: 0, found: [], collisions: [], actors: [{ actor: "a" }], cycles: [] };
  assert.equal((await say(["queue-drift-check"], { answer: stranger })).code, 1);
  const mended = [
    await say(["queue-drift-check", "--repair"]),
    await say(["--repair"], { calledAs: "queue-drift-check" }),
  ];
  assert.deepEqual([mended[0]!.stdout, mended[1]!.stdout], ["ticket drift --repair {}", "ticket drift --repair {}"]);
});
