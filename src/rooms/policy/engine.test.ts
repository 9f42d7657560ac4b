import assert from "node:assert/strict";
import { describe, test } from "node:test";
import canonicalize from "canonicalize";
import { fc } from "../../../test/cases.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { type DecisionInput, entityType, evaluate, prepare } from "./engine.ts";
import { parseSource, type PolicySource, type Rule } from "./rules.ts";
import { shipped } from "./shipped.ts";

/** A condition that can hold, fail, or be impossible to decide: an attribute that is missing or of another type. */
type Atom = { attribute: string; how: "is" | "has and is"; value: boolean };
type Sketch = { effect: "permit" | "forbid"; action: string | null; atoms: Atom[] };

const attribute = fc.constantFrom("a", "b", "c");
const atom: fc.Arbitrary<Atom> = fc.record({
  attribute,
  how: fc.constantFrom("is", "has and is"),
  value: fc.boolean(),
});
const sketch: fc.Arbitrary<Sketch> = fc.record({
  effect: fc.constantFrom("permit", "permit", "forbid"),
  action: fc.constantFrom(null, "push", "spend"),
  atoms: fc.array(atom, { maxLength: 3 }),
});
const sketches = fc.array(sketch, { maxLength: 6 });
const properties = fc.dictionary(attribute, fc.oneof({ weight: 5, arbitrary: fc.boolean() }, fc.constant("text")));
const input: fc.Arbitrary<DecisionInput> = fc.record({
  subject: fc.record({ type: fc.constant("seat"), id: fc.string({ unit: "grapheme" }), properties }),
  action: fc.record({ name: fc.constantFrom("push", "spend", "read"), properties }),
  resource: fc.record({ type: fc.constant("branch"), id: fc.string({ unit: "grapheme" }), properties }),
  context: properties,
});

const protocol = { do: "Do that.", via: "dispatch", command: "that" } as const;

function policyOf(all: readonly Sketch[]): PolicySource {
  const rules = all.map(({ effect, action, atoms }, index): Rule => {
    const when = atoms.map(({ attribute: name, how, value }) => {
      const is = `principal.${name} == ${value} && (principal.${name} || true)`;
      return how === "is" ? `(${is})` : `(principal has ${name} && ${is})`;
    });
    const scope = action === null ? "action" : `action == Action::"${action}"`;
    return {
      name: `rule-${index}`,
      effect,
      cedar: `${effect} (principal, ${scope}, resource) when { ${["true", ...when].join(" && ")} };`,
      reason: `Reason ${index}.`,
      protocol: effect === "forbid" ? { ...protocol, do: `Do ${index}.` } : null,
    };
  });
  return { rules, unmatched: { reason: "Nothing permits it.", protocol } };
}

/** The same rules by hand: does it hold, or can it not be decided? An `&&` looks no further than it must. */
function holds({ action, atoms }: Sketch, asked: DecisionInput): boolean | "error" {
  if (action !== null && action !== asked.action.name) return false;
  for (const { attribute: name, how, value } of atoms) {
    if (!(name in asked.subject.properties)) {
      if (how === "is") return "error";
      return false;
    }
    const found = asked.subject.properties[name];
    if (found !== value) return false;
  }
  return true;
}

/** What the invariants say, and nothing else: an error is a denial, a forbid beats a permit, nothing is denied. */
function expected(all: readonly Sketch[], asked: DecisionInput): "allow" | "deny" {
  const found = all.map((one) => ({ effect: one.effect, holds: holds(one, asked) }));
  if (found.some((one) => one.holds === "error")) return "deny";
  if (found.some((one) => one.effect === "forbid" && one.holds === true)) return "deny";
  return found.some((one) => one.effect === "permit" && one.holds === true) ? "allow" : "deny";
}

const decide = (all: readonly Sketch[], asked: DecisionInput) => evaluate(prepare(policyOf(all)), asked);

describe("The engine", () => {
  test("denies what nothing permits, lets a forbid win, and denies what it cannot decide", () => {
    // POL-DEFAULT, POL-FORBID-WINS, POL-ERR: against the same rules worked out by hand.
    fc.assert(
      fc.property(sketches, input, (all, asked) => {
        const verdict = decide(all, asked);
        assert.equal(verdict.effect, expected(all, asked));
        assert.equal(
          verdict.errors.length > 0,
          all.some((one) => holds(one, asked) === "error"),
        );
        const determining = verdict.effect === "allow" ? "permit" : "forbid";
        const names = all.flatMap((one, index) =>
          one.effect === determining && holds(one, asked) === true ? [`rule-${index}`] : [],
        );
        assert.deepEqual(verdict.rules, names, "the rules that determined it, in the policy's order");
      }),
      { numRuns: 300 },
    );
  });

  test("tells every denial's reasons and what to do instead", () => {
    fc.assert(
      fc.property(sketches, input, (all, asked) => {
        const { effect, rules, reasons, protocol: instead } = decide(all, asked);
        assert.ok(reasons.length > 0);
        if (effect === "allow") return assert.equal(instead, null);
        const first = rules[0]?.replace("rule-", "");
        assert.equal(instead?.do, first === undefined ? "Do that." : `Do ${first}.`);
      }),
      { numRuns: 100 },
    );
  });

  test("never allows more by a further forbid, nor by one grant less", () => {
    // POL-MONO. A permit that cannot be decided grants nothing, so that losing it is losing no grant.
    fc.assert(
      fc.property(sketches, sketch, fc.nat(), input, (all, further, at, asked) => {
        const before = decide(all, asked).effect;
        const more = all.toSpliced(at % (all.length + 1), 0, { ...further, effect: "forbid" });
        if (before === "deny") assert.equal(decide(more, asked).effect, "deny");
        const grants = all.filter((one) => one.effect === "permit" && holds(one, asked) !== "error");
        for (const grant of grants)
          if (before === "deny")
            assert.equal(
              decide(
                all.filter((one) => one !== grant),
                asked,
              ).effect,
              "deny",
            );
      }),
      { numRuns: 100 },
    );
  });

  test("decides the same from the bytes that were stored, on whatever was decided meanwhile", () => {
    // POL-DETERMINISTIC: more policies than the engine keeps at once, each read back from its canonical JSON.
    const stored = fc.sample(fc.tuple(sketches, input), 80).map(([all, asked]) => {
      const source = policyOf(all);
      const verdict = evaluate(prepare(source), asked);
      return { source: canonicalize(source)!, asked: canonicalize(asked)!, verdict };
    });
    for (const { source, asked, verdict } of stored.toReversed())
      assert.deepEqual(evaluate(prepare(parseSource(source)), JSON.parse(asked)), verdict);
  });

  test("has one Cedar type for each type, whatever it is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
        assert.match(entityType(one), /^[A-Z]\w*$/);
        assert.equal(entityType(one) === entityType(other), one === other);
      }),
    );
    const alike = ["build_agent", "buildAgent", "BuildAgent", "build-agent", "build__agent", "action", "Action", "a_1"];
    assert.equal(new Set(alike.map(entityType)).size, alike.length);
    assert.equal(entityType("build_agent"), "BuildAgent");
  });
});

describe("What a request may hold", () => {
  const open = prepare(policyOf([{ effect: "permit", action: null, atoms: [] }]));
  const asked = (context: Record<string, unknown>): DecisionInput => ({
    subject: { type: "seat", id: "A", properties: {} },
    action: { name: "push", properties: {} },
    resource: { type: "branch", id: "main", properties: {} },
    context,
  });

  test("nulls and fractions do no harm", () => {
    for (const value of [null, 1.5, -0, 2 ** 60, 1e300, [null, 1, "x", { y: null }], { x: {} }])
      assert.equal(evaluate(open, asked({ value })).effect, "allow", JSON.stringify(value));
  });

  test("whatever cannot be told is denied, and the next question is answered", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 5000; depth++) deep = { deep };
    const untellable = [
      { deep },
      { name: "\ud800" },
      { much: Number.POSITIVE_INFINITY },
      { who: { __entity: { type: "Seat", id: "somebody else" } } },
      { ip: { __extn: { fn: "ip", arg: "nonsense" } } },
      JSON.parse('{ "__proto__": { "x": 1 } }'),
    ];
    for (const context of untellable) {
      const verdict = evaluate(open, asked(context));
      assert.equal(verdict.effect, "deny");
      assert.equal(verdict.errors.length, 1);
      assert.equal(evaluate(open, asked({})).effect, "allow");
    }
  });

  test("what a policy knows of somebody counts more than what a request says", () => {
    const source: PolicySource = {
      ...policyOf([{ effect: "permit", action: null, atoms: [{ attribute: "a", how: "has and is", value: true }] }]),
      entities: [{ type: "seat", id: "A", properties: { a: false } }],
    };
    const claims = (id: string) => ({ ...asked({}), subject: { type: "seat", id, properties: { a: true } } });
    assert.equal(evaluate(prepare(source), claims("A")).effect, "deny");
    assert.equal(evaluate(prepare(source), claims("B")).effect, "allow");
  });

  test("somebody may act on himself", () => {
    const itself = { type: "seat", id: "A", properties: { a: 1 } };
    assert.equal(
      evaluate(open, { ...asked({}), subject: itself, resource: { ...itself, properties: {} } }).effect,
      "allow",
    );
  });
});

describe("A policy is refused", () => {
  const rule = (changed: Partial<Rule>): Rule => ({
    name: "one",
    effect: "forbid",
    cedar: "forbid (principal, action, resource);",
    reason: "Because.",
    protocol,
    ...changed,
  });
  const refusal = (rules: readonly object[], changed: object = {}): Refusal => {
    try {
      prepare(parseSource(JSON.stringify({ ...policyOf([]), rules, ...changed })));
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error));
      assert.equal(error.code, "policy.malformed");
      return error;
    }
    throw new Error("it was accepted");
  };

  test("when a forbid has no protocol", () => {
    assert.match(refusal([rule({ protocol: null })]).message, /one: a forbid needs a protocol/);
    assert.match(refusal([rule({ protocol: { ...protocol, command: "" } })]).message, /one|command/);
    assert.match(refusal([], { unmatched: { reason: "No." } }).message, /unmatched/);
    assert.throws(() => prepare({ ...policyOf([]), rules: [rule({ protocol: null })] }), /a forbid needs a protocol/);
  });

  test("when its Cedar is not one rule of the effect that it says", () => {
    const { cedar } = rule({});
    for (const text of [
      cedar.replace("forbid", "permit"),
      `${cedar}${cedar}`,
      "forbid (",
      "",
      "forbid (principal == ?principal, action, resource);",
    ])
      assert.equal(refusal([rule({}), rule({ name: "two", cedar: text })]).facts.rule, "two", text);
  });

  test("when its Cedar is nested so deeply that the engine breaks, which then works on", () => {
    const deep = `forbid (principal, action, resource) when { ${"(".repeat(1000)}true${")".repeat(1000)} };`;
    assert.match(refusal([rule({ cedar: deep })]).message, /nested too deeply/);
    assert.equal(prepare(policyOf([])).actions.length, 0);
    assert.equal(prepare(shipped).actions.includes("deploy"), true);
  });

  test("when names are taken twice or a blank is none of ours", () => {
    assert.match(refusal([rule({}), rule({})]).message, /has this name already/);
    assert.match(refusal([rule({ protocol: { ...protocol, command: "tell {everyone}" } })]).message, /none of/);
    const twice = { type: "user", id: "alice", properties: {} };
    assert.match(refusal([], { entities: [twice, twice] }).message, /twice/);
    assert.match(refusal([{ ...rule({}), colour: "red" }]).message, /colour/);
  });

  test("with the place in its source, so that an editor can show it there", () => {
    const two = (changed: Partial<Rule>) => [rule({}), rule({ name: "two", ...changed })];
    const place = (rules: readonly object[], changed?: object) => refusal(rules, changed).fields[0]!.field;
    assert.equal(place(two({ reason: "" })), "text.rules.1.reason");
    assert.equal(place(two({ name: "one" })), "text.rules.1.name");
    assert.equal(place(two({ protocol: null })), "text.rules.1.protocol");
    assert.equal(place(two({ protocol: { ...protocol, command: "{x}" } })), "text.rules.1.protocol.command");
    assert.equal(place(two({ cedar: "forbid (" })), "text.rules.1.cedar");
    assert.equal(place([], { unmatched: { reason: "", protocol } }), "text.unmatched.reason");
  });
});
