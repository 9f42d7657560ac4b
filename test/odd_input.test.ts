import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { catalogue, type JsonSchema } from "../src/kernel/catalogue.ts";
import { roles } from "../src/kernel/operation.ts";
import { Refusal } from "../src/kernel/refusal.ts";
import { long, testWorld } from "./harness.ts";

/**
 * Whatever an operation's schema lets in is answered or refused, and stays readable: the ends of numbers, of calendars
 * and of lengths, the words of other scripts and programs, the names of what is there and of what is not.
 */

const world = await testWorld();
const { operator, say } = world;

const RECORDS = ["ORA-0000-0001", "ORA-2026-0001", "ORA-9999-0001"];
const TICKETS = ["CMB-0001", "CMB-0002", "CMB-0003", "CMB-9999"];
const SEATS = ["SEAT-implementer", "SEAT-witness", "operator", "nobody"];
const SHA = "a".repeat(40);
const DIGEST = "a".repeat(64);
const PROBES = ["date 9999-12-31", "date 0000-01-01", "ticket CMB-0001 is done", "count of CMB done >= 0"];
const GATES = ["M3: no_violation window=P9999W9999D", "M2: observations_at_least n=9999", "M1: mechanism_runs"];
/** What a field of this name is most likely about; whatever does not fit its schema is left out. */
const BY_NAME: Record<string, readonly unknown[]> = {
  id: [...TICKETS, ...RECORDS, 1, 2],
  ...Object.fromEntries(["ticket", "item", "parent", "target", "reference", "number"].map((name) => [name, TICKETS])),
  ...Object.fromEntries(["seat", "owner", "actor", "author", "deputy", "holder"].map((name) => [name, SEATS])),
  ...Object.fromEntries(["prefix", "namespace", "reserve"].map((name) => [name, ["CMB"]])),
  ...{ environment: ["staging"], topic: ["schema", "money"], opens_when: PROBES },
  ...{
    probe: [
      ...PROBES,
      "command: true",
      `release ${SHA} is served in staging`,
      "ledger has seat.adopted about operator",
    ],
    gates: [GATES],
  },
  ...{ review_triggers: [["not no_bypass window=PT99999H"]], mechanisms: [["event:ticket.filed"]], type: ["blocks"] },
  ...{ supersedes: [["ORA-0000-0002"]], evidence: [["one", "two"]], timezone: ["Europe/Berlin", "UTC"], amends: [3] },
  ...{ cron: ["* * * * *", "0 0 29 2 *"], absorb: [["CMB-0002 -> done"]], file: ["feed.md"], mirror: ["one"] },
};
const WORDS = [
  "CMB",
  "web",
  "UNCLAIMED",
  SHA,
  DIGEST,
  "snake_case",
  "a.b",
  "https://example.com/",
  "ADOPTS: 1",
  "ADOPT",
];
const ODD = [" a ", "\t\u0001\u001b[2J", "\u001f", "\u202eabc", "e\u0301", "💥", "\ufffd", "İ", "\u2028", "a\nb", ""];
const FOREIGN = ["%", "_", "\\", "'; --", "{{ITEM_ID}}", "$1", "__proto__", "constructor", "null", "NaN", "{}", "<b>"];
const DAYS = ["0000-01-01", "0001-01-01", "1969-12-31", "2024-02-29", "2100-01-01", "9999-12-31"];
const INSTANTS = [
  ...DAYS.map((day) => `${day}T00:00:00Z`),
  ...["0000-01-01T00:00:00+23:59", "0001-01-01T00:00:00+15:59", "9999-12-31T23:59:59-12:00"],
  ...["9999-12-31T23:59:59.9999999Z", "2026-01-01T00:00:00-23:59"],
];
const NUMBERS = [0, 1, 2, 3, 60, 2 ** 15, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1];

/** Values at a schema's edges. Some are beyond: they are left out where they are used. */
function edgesOf(schema: JsonSchema): unknown[] {
  if (schema.enum) return schema.enum;
  if (schema.anyOf) return schema.anyOf.flatMap(edgesOf);
  const {
    minimum = 0,
    maximum = 2 ** 53 - 1,
    minLength = 1,
    maxLength = 200,
    maxItems = 3,
  } = schema as JsonSchema & Record<string, number>;
  const lengthy = () => ["x", "ß", "\u0001", "\\"].flatMap((one) => [one.repeat(minLength), one.repeat(maxLength)]);
  const each = () => edgesOf(schema.items ?? {});
  switch (schema.type) {
    case "string":
      if (schema.format === "date") return DAYS;
      if (schema.format === "date-time") return INSTANTS;
      return [...WORDS, ...TICKETS, ...SEATS, ...ODD, ...FOREIGN, ...lengthy(), "00000000-0000-4000-8000-000000000000"];
    case "integer":
    case "number":
      return [minimum, maximum, ...NUMBERS];
    case "boolean":
      return [true, false];
    case "null":
      return [null];
    case "array":
      return [[], ...each().map((one) => [one]), each().slice(0, maxItems)];
    case "object":
      return [{}, Object.fromEntries(FOREIGN.map((name) => [name, name])), JSON.parse('{"__proto__":{"a":[1]}}')];
    default:
      return [null, 1, "x", [], {}];
  }
}

/** Inputs of an operation whose every field is fit by itself. */
function inputOf(name: string, { properties = {}, required = [] }: JsonSchema): fc.Arbitrary<object> {
  const { shape } = world.door.operations.get(name)!.input;
  const fields = Object.entries(properties).flatMap(([field, schema]) => {
    const isFit = (value: unknown) => shape[field].safeParse(value).success;
    const [likely, edges] = [(BY_NAME[field] ?? []).filter(isFit), edgesOf(schema).filter(isFit)];
    const groups = [likely, edges].filter((values) => values.length > 0);
    return groups.length === 0 ? [] : [[field, fc.oneof(...groups.map((values) => fc.constantFrom(...values)))]];
  });
  const kept = new Set(fields.map(([field]) => field));
  const requiredKeys = required.filter((field) => kept.has(field));
  return fc.record<object>(Object.fromEntries(fields), { requiredKeys: requiredKeys as never[] });
}

/** These end who says the rest, or take what is everybody's. */
const ENDING = /^(token\.(revoke|end|redeem)|seat\.(retire|dismiss|adopt)|tenant\.)/;

async function inhabited(): Promise<Map<string, string>> {
  await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "web" });
  for (let n = 0; n < 3; n++) await say(operator, "ticket.file", { namespace: "CMB", title: "Work" });
  const tokens = new Map([["operator", operator]]);
  for (const role of roles.filter((one) => one !== "operator" && one !== "service"))
    tokens.set(role, await world.seat(`SEAT-${role}`, role));
  return tokens;
}

test("whatever a schema lets in is answered or refused, and is never our bug", async () => {
  const tokens = await inhabited();
  const { operations } = catalogue([...world.door.operations.values()], "0");
  // What was written is read afterwards.
  const said = operations.filter(({ name }) => !ENDING.test(name)).sort((a, b) => (a.kind < b.kind ? -1 : 1));
  const bugs: string[] = [];
  const answered = new Set<string>();
  const first = long ? Math.floor(Math.random() * 2 ** 31) : 1;
  for (let seed = first; seed < first + (long ? 20 : 1); seed++)
    for (const { name, kind, input, may } of said) {
      const inputs = fc.sample(inputOf(name, input), { numRuns: 8, seed });
      const outcomes = inputs.map(async (one, n) => {
        const token = tokens.get(may[n % may.length]!) ?? operator;
        await (kind === "command" ? world.door.say(token, name, one) : world.door.ask(token, name, one));
        answered.add(name);
      });
      for (const [n, { reason }] of ((await Promise.allSettled(outcomes)) as { reason?: Error }[]).entries())
        if (reason !== undefined && (!(reason instanceof Refusal) || reason.kind === "internal"))
          bugs.push(
            `seed ${seed}: ${name} ${JSON.stringify(inputs[n])}: ${(reason.cause as Error)?.message ?? reason}`,
          );
    }
  assert.deepEqual(bugs, []);
  assert.ok(answered.size > said.length / 2, `only ${[...answered].join(", ")} were ever answered`);
});
