import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decisionPoint, entity, permit, policyOf } from "./authzen.fixture.ts";

/**
 * The decisions of the AuthZEN working group's interop events (openid/authzen, interop/), written down anew as tables:
 * todo 40 decisions, gateway 25, search 60 + 18 + 120, identity provider 6.
 */

/** Everyone's roles and number in the todo events. */
const citizens = {
  rick: { mail: "rick@the-citadel.com", roles: ["admin", "evil_genius"], letter: "A" },
  morty: { mail: "morty@the-citadel.com", roles: ["editor"], letter: "E" },
  summer: { mail: "summer@the-smiths.com", roles: ["editor"], letter: "I" },
  beth: { mail: "beth@the-smiths.com", roles: ["viewer"], letter: "M" },
  jerry: { mail: "jerry@the-smiths.com", roles: ["viewer"], letter: "Q" },
};
/** The gateway event knows its people by the numbers of their identity provider, which differ in one letter. */
const numberOf = (letter: string) => `CiRmZD${letter}2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs`;

const has = (...roles: string[]) =>
  `principal has roles && principal.roles.containsAny([${roles.map((role) => `"${role}"`).join(", ")}])`;
const owns = `${has("editor")} && resource has ownerID && resource.ownerID == principal.mail`;
const on = (action: string) => `(principal, action == Action::"${action}", resource)`;

const todo = policyOf(
  [
    permit("read-user", on("can_read_user")),
    permit("read-todos", on("can_read_todos")),
    permit("create", `${on("can_create_todo")} when { ${has("admin", "editor")} }`),
    permit("update", `${on("can_update_todo")} when { (${has("evil_genius")}) || (${owns}) }`),
    permit("delete", `${on("can_delete_todo")} when { (${has("admin")}) || (${owns}) }`),
    permit("look", `(principal is Identity, action == Action::"GET", resource is Route)`),
    permit(
      "change",
      `(principal is Identity, action in [Action::"POST", Action::"PUT", Action::"DELETE"], resource is Route)
       when { ${has("admin", "editor")} }`,
    ),
  ],
  Object.values(citizens).flatMap(({ mail, roles, letter }) => [
    entity("user", mail, { mail, roles }),
    entity("identity", numberOf(letter), { roles }),
  ]),
);

/** Who owns which record of which department. */
const records = {
  101: "alice Legal",
  102: "bob Legal",
  103: "carol Legal",
  104: "dan Accounting",
  105: "erin Legal",
  106: "felix Accounting",
  107: "alice Sales",
  108: "bob Legal",
  109: "carol Accounting",
  110: "dan Sales",
  111: "erin Accounting",
  112: "felix Legal",
  113: "alice Sales",
  114: "bob Accounting",
  115: "carol Finance",
  116: "dan Legal",
  117: "erin Legal",
  118: "felix Accounting",
  119: "alice Legal",
  120: "bob Accounting",
};
const people = {
  alice: "manager Sales",
  bob: "employee Legal",
  carol: "contractor Legal",
  dan: "manager Finance",
  erin: "employee Finance",
  felix: "contractor Accounting",
};
const ALL = Object.keys(records).join(" ");

/** Which records each may view, edit and delete, as the event published it. */
const published: Record<keyof typeof people, Record<"view" | "edit" | "delete", string>> = {
  alice: { view: ALL, edit: "101 107 110 113 119", delete: "101 107 113 119" },
  bob: {
    view: "101 102 103 105 108 112 114 116 117 119 120",
    edit: "102 108 114 120",
    delete: "102 108 114 120",
  },
  carol: { view: "101 102 103 105 108 109 112 115 116 117 119", edit: "103 109 115", delete: "103 109 115" },
  dan: { view: ALL, edit: "104 110 115 116", delete: "104 110 116" },
  erin: { view: "105 111 115 117", edit: "105 111 117", delete: "105 111 117" },
  felix: { view: "104 106 109 111 112 114 118 120", edit: "106 112 118", delete: "106 112 118" },
};

const isManager = `principal.role == "manager"`;
const ownsRecord = `resource.owner == principal.name`;
const isColleague = `resource.department == principal.department`;
const onRecord = (action: string) => `(principal is User, action == Action::"${action}", resource is Record)`;

const library = policyOf(
  [
    permit("view", `${onRecord("view")} when { ${ownsRecord} || ${isColleague} || ${isManager} }`),
    permit("edit", `${onRecord("edit")} when { ${ownsRecord} || (${isManager} && ${isColleague}) }`),
    permit("delete", `${onRecord("delete")} when { ${ownsRecord} }`),
  ],
  [
    ...Object.entries(people).map(([name, words]) => {
      const [role, department] = words.split(" ");
      return entity("user", name, { name, role, department });
    }),
    ...Object.entries(records).map(([id, words]) => {
      const [owner, department] = words.split(" ");
      return entity("record", id, { owner, department });
    }),
  ],
);

describe("The todo and gateway interop:", () => {
  test("every decision is the published one", async () => {
    const { post } = await decisionPoint(todo);
    const cases: [object, boolean][] = [];
    for (const [name, { mail, letter }] of Object.entries(citizens)) {
      const isRick = name === "rick";
      const edits = ["rick", "morty", "summer"].includes(name);
      const said = (action: string, type: string, id: string, properties = {}) => ({
        subject: { type: "user", id: mail },
        action: { name: action },
        resource: { type, id, properties },
      });
      const own = { ownerID: isRick ? citizens.morty.mail : mail };
      const ricks = { ownerID: citizens.rick.mail };
      cases.push(
        [said("can_read_user", "user", citizens.beth.mail), true],
        [said("can_read_user", "user", mail), true],
        [said("can_read_todos", "todo", "todo-1"), true],
        [said("can_create_todo", "todo", "todo-1"), edits],
        [said("can_update_todo", "todo", "of rick", ricks), isRick],
        [said("can_update_todo", "todo", "own", own), edits],
        [said("can_delete_todo", "todo", "of rick", ricks), isRick],
        [said("can_delete_todo", "todo", "own", own), edits],
      );
      const routed = (action: string, id: string): object => ({
        subject: { type: "identity", id: numberOf(letter) },
        action: { name: action },
        resource: { type: "route", id },
      });
      cases.push(
        [routed("GET", "/users/{userId}"), true],
        [routed("GET", "/todos"), true],
        [routed("POST", "/todos"), edits],
        [routed("PUT", "/todos/{todoId}"), edits],
        [routed("DELETE", "/todos/{todoId}"), edits],
      );
    }
    assert.equal(cases.length, 40 + 25);
    const { body } = await post("evaluations", { evaluations: cases.map(([request]) => request) });
    for (const [index, [request, expected]] of cases.entries())
      assert.equal(body.evaluations[index].decision, expected, JSON.stringify(request));
    // As the event asks for a list of todos: an empty default, and each todo with its owner.
    const { body: boxed } = await post("evaluations", {
      subject: { type: "user", id: citizens.morty.mail },
      action: { name: "can_update_todo" },
      ...{ resource: {}, context: {} },
      evaluations: ["rick", "morty"].map((name) => ({
        resource: { type: "todo", id: `of ${name}`, properties: { ownerID: citizens[name as "rick"].mail } },
      })),
    });
    assert.deepEqual(
      boxed.evaluations.map((one: any) => one.decision),
      [false, true],
    );
  });
});

describe("The search interop:", async () => {
  const { post } = await decisionPoint(library);
  const names = Object.keys(people) as (keyof typeof people)[];
  const acts = ["view", "edit", "delete"] as const;
  const may = (name: keyof typeof people, act: (typeof acts)[number]) => published[name][act].split(" ");

  test("who may do it: 60 searches", async () => {
    for (const id of Object.keys(records))
      for (const act of acts) {
        const request = { subject: { type: "user" }, action: { name: act }, resource: { type: "record", id } };
        const expected = names
          .filter((name) => may(name, act).includes(id))
          .map((name) => ({ type: "user", id: name }));
        assert.deepEqual((await post("search/subject", request)).body.results, expected, `${act} ${id}`);
      }
  });

  test("on what: 18 searches, of which the identity provider asks 6", async () => {
    for (const name of names)
      for (const act of acts) {
        const subject = { type: "user", id: name };
        const request = { subject, action: { name: act }, resource: { type: "record" } };
        const expected = may(name, act).map((id) => ({ type: "record", id }));
        assert.deepEqual((await post("search/resource", request)).body.results, expected, `${name} ${act}`);
      }
  });

  test("what: 120 searches, and each answer is allowed when it is asked for", async () => {
    for (const name of names)
      for (const id of Object.keys(records)) {
        const request = { subject: { type: "user", id: name }, resource: { type: "record", id } };
        const { results } = (await post("search/action", request)).body;
        const expected = acts.filter((act) => may(name, act).includes(id)).sort();
        assert.deepEqual(
          results.map((one: any) => one.name),
          expected,
          `${name} ${id}`,
        );
        const asked = { ...request, evaluations: acts.map((act) => ({ action: { name: act } })) };
        const decided = (await post("evaluations", asked)).body.evaluations.map((one: any) => one.decision);
        assert.deepEqual(
          decided,
          acts.map((act) => expected.includes(act)),
        );
      }
  });
});
