import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fc } from "../../../../test/cases.ts";
import { testWorld } from "../../../../test/harness.ts";
import { nearest, shippedRoutes } from "./topics.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const strategist = await world.seat("CLAUDE-STRAT", "strategist");
const find = (topic: string, token = worker) => ask(token, "route.find", { topic });

describe("the routing table", () => {
  it("ships with what strategists decide, what the operator does, and what the fleet does by itself (C3)", async () => {
    const { routes } = await ask(strategist, "route.list");
    const counts = Object.groupBy(routes as { goes_to: string }[], ({ goes_to }) => goes_to);
    assert.deepEqual(
      Object.entries(counts).map(([goes_to, rows]) => [goes_to, rows!.length]),
      [
        ["strategist", 8],
        ["operator", 13],
        ["fleet", 10],
      ],
    );
    for (const { topic, about } of routes) assert.match(`${topic} ${about}`, /^[a-z][a-z_]+ [A-Z].*\.$/);
    assert.equal(new Set(shippedRoutes.map(({ topic }) => topic)).size, shippedRoutes.length);
    for (const [topic, goes_to] of [
      ["merge_strategy", "strategist"],
      ["credential_rotation", "operator"],
      ["cache_flush", "fleet"],
    ] as const)
      assert.equal((await find(topic)).goes_to, goes_to);
  });

  it("names the command that asks the question and makes a ticket wait for its answer (R-C3)", async () => {
    await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "web" });
    await say(worker, "ticket.file", { namespace: "CMB", title: "Move the orders" });
    const { commands } = await find("schema");
    const words = commands[0].replace("QUESTION", "One table or two?").replace("TICKET", "CMB-0001");
    const [, noun, verb, ...flags] = words.match(/"[^"]*"|\S+/g)!;
    const input: Record<string, string> = {};
    for (let n = 0; n < flags.length; n += 2) input[flags[n]!.slice(2)] = flags[n + 1]!.replaceAll('"', "");
    const { id } = await say(worker, `${noun}.${verb}`, input);
    assert.equal((await refused(worker, "ticket.claim", { id: "CMB-0001" })).code, "ticket.blocked");
    await say(strategist, "question.answer", { id, answer: "Two", reason: "they grow apart" });
    assert.equal((await say(worker, "ticket.claim", { id: "CMB-0001" })).id, "CMB-0001", "it resumes by itself");
    const fleet = await find("queue_drain");
    assert.match(fleet.do, /^Act, and log/);
  });

  it("guesses nothing: an unknown topic is refused with the nearest names", async () => {
    const cases: [wanted: string, near: string][] = [
      ["schemas", "schema"],
      ["rotate credential", "credential_rotation"],
      ["budgte", "budget"],
      ["cache", "cache_flush"],
      ["Merge Strategy", "merge_strategy"],
    ];
    for (const [wanted, near] of cases) {
      const refusal = await refusedFind(wanted);
      assert.deepEqual([refusal.code, (refusal.facts.nearest as string[])[0]], ["route.unknown", near]);
      assert.match(refusal.hint!, new RegExp(near));
    }
  });

  it("takes the tenant's own word before what ships, and domains of its own", async () => {
    await say(operator, "route.set", { topic: "schema", goes_to: "fleet" });
    const set = await find("schema");
    assert.deepEqual([set.goes_to, set.shipped, set.about], ["fleet", false, "The shape of stored data."]);
    const bare = await refused(operator, "route.set", { topic: "vineyard", goes_to: "operator" });
    assert.deepEqual([bare.code, bare.fields[0]!.field], ["input.invalid", "about"]);
    await say(operator, "route.set", { topic: "vineyard", goes_to: "operator", about: "The operator's own domain." });
    assert.equal((await find("vineyard")).goes_to, "operator");
    const { routes } = await ask(strategist, "route.list", { goes_to: "operator" });
    assert.ok(routes.some(({ topic, shipped }: any) => topic === "vineyard" && !shipped));
    assert.equal(
      (await refused(strategist, "route.set", { topic: "schema", goes_to: "fleet" })).code,
      "role.forbidden",
    );
    for (const topic of ["Schema", "a b", "*", ""])
      assert.equal(
        (await refused(operator, "route.set", { topic, goes_to: "fleet", about: "x" })).code,
        "input.invalid",
      );
  });
});

const refusedFind = async (topic: string) => {
  const outcome = await find(topic).then(
    () => null,
    (error) => error,
  );
  assert.ok(outcome, `${topic} was found`);
  return outcome;
};

it("the nearest name of a topic is itself, and with one letter wrong still", () => {
  const topics = shippedRoutes.map(({ topic }) => topic);
  for (const topic of topics) assert.equal(nearest(topic, topics)[0], topic);
  fc.assert(
    fc.property(fc.constantFrom(...topics), fc.nat(), fc.constantFrom(..."qxz"), (topic, at, letter) => {
      const place = at % topic.length;
      const wrong = topic.slice(0, place) + letter + topic.slice(place + 1);
      assert.equal(nearest(wrong, topics)[0], topic);
    }),
  );
});
