import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { acts, commands, roles } from "../../web/src/pages/decisions/editor/choices.ts";
import { isWhole, read, type Scope, written } from "../../web/src/pages/decisions/editor/scope.ts";
import { actionNames } from "../../src/guard/vocabulary.ts";
import { roles as known } from "../../src/kernel/operation.ts";
import { type DecisionInput, evaluate, prepare } from "../../src/rooms/policy/engine.ts";
import { type PolicySource, ways } from "../../src/rooms/policy/rules.ts";
import { shipped } from "../../src/rooms/policy/shipped.ts";

const anything: Scope = {
  ...{ who: { mode: "all", roles: [] }, what: null, thing: { type: "", id: "" } },
  ...{ isProduction: false, when: "", unless: "" },
};

/** What a policy of one permit allows to somebody of a role. */
function allows(scope: Scope, role: string, act: object = {}): boolean {
  const { unmatched } = shipped;
  const cedar = written("permit", scope);
  const source: PolicySource = { rules: [{ ...shipped.rules.at(-1)!, cedar }], unmatched };
  const input: DecisionInput = {
    subject: { type: "seat", id: "X", properties: { role } },
    action: { name: "deploy", properties: {} },
    resource: { type: "environment", id: "preview", properties: { production: false } },
    context: { standing: {} },
    ...act,
  };
  return evaluate(prepare(source), input).effect === "allow";
}

describe("A rule in fields", () => {
  test("says of each shipped rule the same as its Cedar, by choices where it can", () => {
    const squeezed = (cedar: string) => cedar.replaceAll(/\s+/g, " ");
    for (const { name, effect, cedar } of shipped.rules) {
      const scope = read(cedar);
      assert.ok(scope, name);
      assert.equal(squeezed(written(effect, scope)), squeezed(cedar));
    }
    const of = (name: string) => read(shipped.rules.find((rule) => rule.name === name)!.cedar)!;
    assert.deepEqual(of("implementers-land").who, { mode: "except", roles: ["implementer", "operator"] });
    assert.deepEqual([of("implementers-land").isProduction, of("implementers-land").when], [true, ""]);
    assert.deepEqual(of("operators-may"), { ...anything, who: { mode: "only", roles: ["operator"] } });
  });

  test("means in the engine what its choices say", () => {
    const preview = { type: "Environment", id: "preview" };
    assert.equal(allows(anything, "auditor"), true);
    assert.equal(allows({ ...anything, who: { mode: "only", roles: [] } }, "auditor"), false);
    const only: Scope = { ...anything, who: { mode: "only", roles: ["auditor", "steward"] } };
    assert.deepEqual(
      ["auditor", "witness"].map((role) => allows(only, role)),
      [true, false],
    );
    const except: Scope = { ...anything, who: { mode: "except", roles: ["auditor", "steward"] } };
    assert.deepEqual(
      ["auditor", "witness"].map((role) => allows(except, role)),
      [false, true],
    );
    assert.equal(allows({ ...anything, what: [] }, "auditor"), false);
    assert.equal(allows({ ...anything, what: ["deploy"] }, "auditor"), true);
    assert.equal(allows({ ...anything, what: ["push", "merge"] }, "auditor"), false);
    assert.equal(allows({ ...anything, thing: preview }, "auditor"), true);
    assert.equal(allows({ ...anything, thing: { ...preview, id: 'a "\\' } }, "auditor"), false);
    assert.equal(allows({ ...anything, thing: { type: "Branch", id: "" } }, "auditor"), false);
    assert.equal(allows({ ...anything, isProduction: true }, "auditor"), false);
    const harmful = { resource: { type: "environment", id: "preview", properties: {} } };
    assert.equal(allows({ ...anything, isProduction: true }, "auditor", harmful), true);
    // A choice stands in brackets beside what else has to hold.
    const either = { ...only, isProduction: true, when: 'principal.role == "auditor" || true' };
    assert.equal(allows(either, "witness", harmful), false);
    assert.deepEqual(read(written("permit", either)), either);
    const lifted = { ...except, unless: 'principal.role == "witness" || false' };
    assert.deepEqual(
      ["witness", "auditor", "service"].map((role) => allows(lifted, role)),
      [false, false, true],
    );
  });

  test("stays Cedar where choices would say less", () => {
    for (const cedar of [
      'permit (principal == Seat::"X", action, resource);',
      "permit (principal, action, resource) when { true } when { false };",
      '@id("x") permit (principal, action, resource);',
      "permit (principal, action, resource); // all",
      'permit (principal, action == Action::"a\\n", resource);',
      'permit (principal, action, resource == Path::"a\nb");',
      'permit (principal, action, resource in Group::"x");',
      "permit (principal, action, resource); permit (principal, action, resource);",
      "permit (",
      "",
    ])
      assert.equal(read(cedar), null, cedar);
    const loose = 'permit (principal, action, resource) when { principal has role && principal.role == "a" || true };';
    assert.deepEqual(read(loose)?.who, { mode: "all", roles: [] }, "the choice is no condition on everybody");
  });

  test("tells a condition that would end its rule, and not one that only looks so", () => {
    const forged = 'true } unless { principal.role == "auditor"';
    const ended: Scope = { ...anything, who: { mode: "except", roles: ["auditor"] }, when: "true }; //" };
    assert.equal(allows(ended, "auditor"), true, "the exception is gone");
    for (const condition of [ended.when, forged, "true // all", "(a", "[", 'a == "b', "a)"])
      assert.equal(isWhole(condition), false, condition);
    for (const condition of ["", "principal has", '"}; //" == a', '"\\"}" == "{"', "[{a: (b)}] == c"])
      assert.equal(isWhole(condition), true, condition);
    const address = { ...anything, when: 'resource.url == "https://x"' };
    assert.deepEqual(read(written("permit", address)), address);
  });

  test("comes back as it was chosen", () => {
    const whos: Scope["who"][] = [
      { mode: "all", roles: [] },
      { mode: "only", roles: [] },
      { mode: "only", roles: ["operator"] },
      { mode: "only", roles: ["operator", "witness"] },
      { mode: "except", roles: ["operator"] },
      { mode: "except", roles: ["operator", "witness"] },
    ];
    const things = ["", "x", 'a "\\ b)'].map((id) => ({ type: "Path", id }));
    const words = ["", "a", "a || b", "a && b", "(a || b) && c", "(a) || (b)", '"}" == b', 'a like "||"'];
    let count = 0;
    for (const who of whos)
      for (const what of [null, [], ["deploy"], ["push", 'x "']])
        for (const thing of [{ type: "", id: "" }, ...things])
          for (const isProduction of [false, true])
            for (const when of words)
              for (const unless of words) {
                const scope = { who, what, thing, isProduction, when, unless };
                const cedar = written("forbid", scope);
                const back = read(cedar);
                count++;
                // What cannot be read back is shown as Cedar; what is read back says the same.
                if (back) assert.equal(written("forbid", back), cedar);
                else assert.match(cedar, /\\|like/, cedar);
              }
    assert.ok(count > 5_000);
  });

  test("knows every role, act and way that there is", () => {
    assert.deepEqual([...roles].sort(), [...known].sort());
    assert.deepEqual(
      actionNames.filter((name) => !acts.includes(name)),
      [],
    );
    assert.deepEqual(Object.keys(commands).sort(), [...ways].sort());
  });
});
