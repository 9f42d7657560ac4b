import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { certification, decisionPoint, fixture } from "./authzen.fixture.ts";

/**
 * The certification scenario of AuthZEN Authorization API 1.0 (openid/authzen, certification/, the numbers are its
 * sections), with its own requests.
 */
const pdp = await decisionPoint(certification);
const { post, send, headers } = pdp;

const { alice, bob, admin, read, write, record, active, archived } = fixture;
const simple = { subject: alice, action: read, resource: record };

const decisions = (body: any) => body.evaluations.map((one: any) => one.decision);

describe("Basic certification:", () => {
  test("decides as the fixture says, by identifiers and by properties (2.2)", async () => {
    const deletion = (soft: boolean) => ({ name: "delete", properties: { soft } });
    const cases: [object, boolean][] = [
      [simple, true],
      [{ ...simple, action: write }, true],
      [{ ...simple, subject: bob }, true],
      [{ ...simple, subject: bob, action: write }, false],
      [{ ...simple, context: { time: "2025-06-27T18:03-07:00", ip: "192.168.1.1" } }, true],
      [{ ...simple, action: write, resource: archived }, false],
      [{ subject: admin, action: write, resource: archived }, true],
      [{ ...simple, action: deletion(true) }, true],
      [{ ...simple, action: deletion(false) }, false],
      [{ ...simple, foo: "bar", futureField: { nested: true } }, true],
      [
        {
          subject: { ...alice, properties: { department: "Sales", role: "manager" } },
          action: { ...read, properties: { method: "GET" } },
          resource: { ...record, properties: { status: "active", owner: "bob" } },
        },
        true,
      ],
    ];
    for (const [request, decision] of cases) {
      const { status, headers: answered, body } = await post("evaluation", request);
      assert.equal(status, 200);
      assert.match(answered.get("content-type")!, /^application\/json/);
      assert.equal(body.decision, decision, JSON.stringify(request));
      assert.equal(body.context.protocol === null, decision, "a denial says what to do instead, an allowance does not");
    }
  });

  test("says why not and what instead in the context of a 200 (2.3)", async () => {
    const { body } = await post("evaluation", { ...simple, action: { name: "delete", properties: { soft: false } } });
    assert.deepEqual(body.context.reasons, ["Deletion stage: nothing is deleted for good."]);
    assert.deepEqual(body.context.rules, ["never-for-good"]);
    assert.equal(body.context.protocol.do, "Delete it softly.");
    assert.ok(body.context.protocol.command);
    assert.ok(Number.isInteger(body.context.id) && Number.isInteger(body.context.state_version));
    assert.match(body.context.policy, /^[0-9a-f]{64}$/);
    assert.equal(body.context.rung, "L2");
  });

  test("refuses with 400 what is missing, of another type or no JSON, and names the field (2.4)", async () => {
    const bodies: [object, string][] = [
      [{ action: read, resource: record }, "subject"],
      [{ subject: alice, resource: record }, "action"],
      [{ subject: alice, action: read }, "resource"],
      [{ ...simple, subject: { id: "alice" } }, "subject.type"],
      [{ ...simple, subject: { type: "user" } }, "subject.id"],
      [{ ...simple, action: {} }, "action.name"],
      [{ ...simple, resource: { id: "record-1" } }, "resource.type"],
      [{ ...simple, resource: { type: "record" } }, "resource.id"],
      [{ ...simple, subject: "alice" }, "subject"],
      [{ ...simple, action: { name: 123 } }, "action.name"],
      [{ ...simple, context: [] }, "context"],
      [{ ...simple, subject: { ...alice, id: "" } }, "subject.id"],
      [{ ...simple, resource: { ...record, properties: { note: "x".repeat(9000) } } }, "resource.properties"],
    ];
    for (const [request, field] of bodies) {
      const { status, body } = await post("evaluation", request);
      assert.deepEqual([status, body.fields?.[0].field], [400, field], JSON.stringify(request));
    }
    const raw = (body: string | null, type: string) =>
      send("/access/v1/evaluation", { method: "POST", headers: { ...headers, "content-type": type }, body });
    for (const [body, type] of [
      [JSON.stringify(simple), "text/plain"],
      [JSON.stringify(simple), "application/xml"],
      ["{ not json", "application/json"],
      ["", "application/json"],
      [null, "application/json"],
      ['"text"', "application/json"],
      ["[]", "application/json"],
    ] as const)
      assert.equal((await raw(body, type)).status, 400, `${type} ${body}`);
  });

  test("gives a request's id back, whatever came of it, and asks for none (2.5)", async () => {
    const id = { "x-request-id": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716" };
    const asked = [
      await post("evaluation", simple, id),
      await post("evaluation", {}, id),
      await post("evaluation", simple, { ...id, authorization: "Bearer nonsense" }),
      await post("evaluations", simple, id),
      await post("search/subject", { ...simple, subject: { type: "user" } }, id),
    ];
    assert.deepEqual(
      asked.map(({ status }) => status),
      [200, 400, 401, 200, 200],
    );
    for (const answer of asked) assert.equal(answer.headers.get("x-request-id"), id["x-request-id"]);
    assert.equal((await post("evaluation", simple)).headers.get("x-request-id"), null);
  });

  test("decides the same again (2.6)", async () => {
    for (let time = 0; time < 5; time++) assert.equal((await post("evaluation", simple)).body.decision, true);
  });

  test("turns away who has no token, and says how to come back", async () => {
    for (const authorization of ["", "Bearer lw_nonsense"]) {
      const { status, headers: answered } = await post("evaluation", simple, { authorization });
      assert.equal(status, 401);
      assert.match(answered.get("www-authenticate")!, /^Bearer/);
    }
  });

  test("lets a seat ask for itself and for nobody else", async () => {
    const token = await pdp.seat("CODEX-CLI-AIR-HEARTWOOD-01");
    const own = { authorization: `Bearer ${token}` };
    const refused = await post("evaluation", simple, own);
    assert.deepEqual([refused.status, refused.body.code], [403, "identity.mismatch"]);
    assert.equal((await post("evaluation", { ...simple, subject: { type: "seat", id: "me" } }, own)).status, 200);
    const both = await post(
      "evaluations",
      { ...simple, evaluations: [{ subject: bob }, { subject: { id: "me" } }] },
      own,
    );
    assert.equal(both.status, 200);
    assert.equal(both.body.evaluations[0].context.error.status, 403);
  });
});

describe("Batch certification:", () => {
  test("decides each with the defaults, in order (3.2)", async () => {
    const time = { time: "2025-06-27T18:03-07:00" };
    const cases: [object, boolean[]][] = [
      [
        {
          subject: alice,
          action: read,
          evaluations: [{ resource: record }, { resource: { ...record, id: "record-2" } }],
        },
        [true, true],
      ],
      [{ subject: bob, resource: record, evaluations: [{ action: read }, { action: write }] }, [true, false]],
      [{ subject: alice, action: write, evaluations: [{ resource: active }, { resource: archived }] }, [true, false]],
      [{ action: write, resource: archived, evaluations: [{ subject: alice }, { subject: admin }] }, [false, true]],
      [{ evaluations: [simple, { ...simple, subject: bob, action: write }] }, [true, false]],
      [
        {
          ...{ subject: alice, action: read, context: time },
          evaluations: [{ resource: record }, { resource: archived, context: { ...time, source: "batch-override" } }],
        },
        [true, true],
      ],
      [
        {
          ...{ subject: alice, action: write, resource: { type: "record" } },
          evaluations: [{ resource: { id: "record-1", properties: { status: "active" } } }, { resource: archived }],
        },
        [true, false],
      ],
    ];
    for (const [request, expected] of cases) {
      const { status, body } = await post("evaluations", request);
      assert.equal(status, 200);
      assert.equal("decision" in body, false);
      assert.deepEqual(decisions(body), expected, JSON.stringify(request));
    }
  });

  test("replaces a default as a whole: its properties do not stay", async () => {
    const unknown = { type: "record", id: "unknown" };
    const { body } = await post("evaluations", {
      ...{ subject: alice, action: write, resource: { ...unknown, properties: { status: "archived" } } },
      evaluations: [{}, { resource: { properties: {} } }, { resource: null }, { resource: ["x"] }],
    });
    assert.deepEqual(decisions(body), [false, true, false, false]);
    assert.equal(body.evaluations[2].context.error.status, 400);
    assert.equal(body.evaluations[3].context.error.status, 400);
  });

  test("denies the one that cannot be read and decides the others (3.4.1)", async () => {
    const { status, body } = await post("evaluations", {
      ...{ subject: alice, action: read },
      evaluations: [
        { resource: record },
        {},
        "nonsense",
        { resource: record, action: { name: 1 } },
        { resource: record },
      ],
    });
    assert.equal(status, 200);
    assert.deepEqual(decisions(body), [true, false, false, false, true]);
    for (const index of [1, 2, 3]) assert.equal(body.evaluations[index].context.error.status, 400);
    assert.match(body.evaluations[1].context.error.message, /resource/);
  });

  test("is a single evaluation without a list, or with an empty one (3.4.2, 3.4.3)", async () => {
    for (const request of [simple, { ...simple, evaluations: [] }])
      assert.equal((await post("evaluations", request)).body.decision, true);
    assert.equal((await post("evaluations", { subject: alice })).status, 400);
  });

  test("stops at the first denial or the first permission when it is told to", async () => {
    const asked = async (evaluations_semantic: string) =>
      post("evaluations", {
        ...{ subject: bob, resource: record, options: { evaluations_semantic, another: "option" } },
        evaluations: [{ action: write }, { action: read }, { action: {} }, { action: read }],
      });
    assert.deepEqual(decisions((await asked("execute_all")).body), [false, true, false, true]);
    assert.deepEqual(decisions((await asked("deny_on_first_deny")).body), [false]);
    assert.deepEqual(decisions((await asked("permit_on_first_permit")).body), [false, true]);
    assert.equal((await asked("whatever_comes")).status, 400);
    const [{ count: before }] = await pdp.sql("select count(*)::int as count from policy.decisions");
    await asked("deny_on_first_deny");
    const [{ count: after }] = await pdp.sql("select count(*)::int as count from policy.decisions");
    assert.equal(after - before, 1, "what comes after is not decided");
  });

  test("decides many in few commits", async () => {
    const { body } = await post("evaluations", { ...simple, evaluations: Array.from({ length: 100 }, () => ({})) });
    assert.equal(decisions(body).every(Boolean), true);
    const commits = new Set(body.evaluations.map((one: any) => one.context.state_version));
    assert.ok(commits.size <= 3, `${commits.size} commits`);
    assert.equal(
      (await post("evaluations", { ...simple, evaluations: Array.from({ length: 101 }, () => ({})) })).status,
      400,
    );
  });
});
