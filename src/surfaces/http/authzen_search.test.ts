import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { certification, decisionPoint, fixture } from "./authzen.fixture.ts";

/** The searches and the discovery of AuthZEN's certification scenario; the numbers are its sections. */
const pdp = await decisionPoint(certification);
const { post, send } = pdp;
const { alice, bob, admin, read, write, record, archived } = fixture;

const ids = (body: any) => body.results.map((one: any) => one.id ?? one.name);

describe("Search certification:", () => {
  const user = { type: "user" };
  const ofType = { type: "record" };

  test("finds subjects, resources and actions (4.2 to 4.4)", async () => {
    const context = { time: "2025-06-27T18:03-07:00" };
    const cases: [string, object, string[]][] = [
      ["subject", { subject: user, action: read, resource: record }, ["alice", "bob"]],
      ["subject", { subject: { ...user, id: "ignored" }, action: read, resource: record, context }, ["alice", "bob"]],
      ["subject", { subject: user, action: write, resource: archived }, ["bob"]],
      ["resource", { subject: alice, action: read, resource: ofType }, ["record-1", "record-2"]],
      ["resource", { subject: admin, action: write, resource: ofType }, ["record-2"]],
      ["action", { subject: alice, resource: record }, ["read", "write"]],
      ["action", { subject: alice, resource: record, context }, ["read", "write"]],
      ["action", { subject: admin, resource: archived }, ["read", "write"]],
    ];
    for (const [what, request, expected] of cases) {
      const { status, body } = await post(`search/${what}`, request);
      assert.equal(status, 200);
      assert.deepEqual(ids(body), expected, `${what} ${JSON.stringify(request)}`);
      if (what !== "action")
        assert.ok(body.results.every((one: any) => one.type === (what === "subject" ? "user" : "record")));
      assert.deepEqual(body.page, { next_token: "", count: expected.length });
    }
  });

  test("finds nothing but what is allowed when it is asked for (POL-ROUNDTRIP)", async () => {
    for (const subject of [alice, bob])
      for (const resource of [record, archived]) {
        const { body } = await post("search/action", { subject, resource });
        for (const action of body.results)
          assert.equal((await post("evaluation", { subject, action, resource })).body.decision, true);
      }
  });

  test("goes through pages by their tokens, and each result comes once (4.5)", async () => {
    const request = { subject: user, action: read, resource: record };
    const first = (await post("search/subject", { ...request, page: { limit: 1 } })).body;
    assert.deepEqual(ids(first), ["alice"]);
    assert.ok(first.page.next_token);
    const { next_token: token } = first.page;
    const second = (await post("search/subject", { ...request, page: { token, limit: 1 } })).body;
    assert.deepEqual([ids(second), second.page.next_token], [["bob"], ""]);
    assert.equal((await post("search/subject", { ...request, page: { token: "!" } })).status, 400);
    assert.equal((await post("search/subject", { ...request, page: { limit: 0 } })).status, 400);
  });

  test("answers an empty list for what it does not know (4.6)", async () => {
    const nobody = { type: "user", id: "nonexistent-user" };
    for (const [what, request] of [
      ["action", { subject: nobody, resource: record }],
      ["subject", { subject: { type: "spaceship" }, action: read, resource: record }],
      ["resource", { subject: alice, action: read, resource: { type: "spaceship" } }],
      ["subject", { subject: user, action: { name: "fly" }, resource: record }],
    ] as const) {
      const { status, body } = await post(`search/${what}`, request);
      assert.deepEqual([status, body.results], [200, []], JSON.stringify(request));
    }
  });

  test("refuses with 400 what is missing (4.7)", async () => {
    for (const [what, request] of [
      ["subject", { subject: user, resource: record }],
      ["resource", { action: read, resource: ofType }],
      ["action", { subject: alice }],
      ["subject", { subject: user, action: read, resource: ofType }],
      ["resource", { subject: user, action: read, resource: ofType }],
      ["action", { subject: user, resource: record }],
    ] as const)
      assert.equal((await post(`search/${what}`, request)).status, 400, `${what} ${JSON.stringify(request)}`);
  });
});

describe("Discovery certification:", () => {
  test("names the decision point and its paths to everyone (6)", async () => {
    const { status, headers: answered, body } = await send("/.well-known/authzen-configuration", {});
    assert.equal(status, 200);
    assert.match(answered.get("content-type")!, /^application\/json/);
    assert.equal(body.policy_decision_point, pdp.url);
    const { policy_decision_point: _, ...endpoints } = body;
    assert.deepEqual(Object.keys(endpoints), [
      "access_evaluation_endpoint",
      "access_evaluations_endpoint",
      "search_subject_endpoint",
      "search_resource_endpoint",
      "search_action_endpoint",
    ]);
    for (const endpoint of Object.values<string>(endpoints))
      assert.equal((await fetch(endpoint, { method: "POST" })).status, 401, endpoint);
  });
});
