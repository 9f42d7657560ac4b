import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import pg from "pg";
import { sqlError, testWorld } from "../../../../test/harness.ts";
import type { Event } from "../../../kernel/operation.ts";
import { journal } from "../chain.ts";
import { payloadsOf } from "../entries.ts";
import { payloadProblem, sealPayload } from "./payloads.ts";

const world = await testWorld();
const { operator } = world;
const post = async (subject: string): Promise<number> =>
  (await world.door.say(operator, "post.append", { subject, personal: true })).seq!;
const dataOf = async (seq: number) =>
  (await world.ask(operator, "feed.read", { after: seq - 1, limit: 1 })).entries[0].data;
const hex = (bytes: Buffer) => `'\\x${bytes.toString("hex")}'`;

describe("a payload", () => {
  const salt = Buffer.from(Array.from({ length: 32 }, (_, n) => n));
  const payload = Buffer.from('{"a":"\u00e9","b":1}');
  // Printed by printf and sha256sum.
  const commitment = "4ecb50fa634f1fa14da5f4b3346ff95ca4daca2cc69eeb870a01ee04bb37a195";
  const sealed = { personal: commitment };

  it("is committed to by sha256(0x03 || salt || canonical bytes)", () => {
    assert.equal(payloadProblem(sealed, { salt, payload }, false), null);
    const made = sealPayload({ b: 1, a: "é" });
    assert.deepEqual(made.payload, payload, "RFC 8785 sorts the fields");
    assert.equal(made.salt.length, 32);
    const by_hand = createHash("sha256").update("\x03").update(made.salt).update(made.payload).digest("hex");
    assert.equal(made.commitment, by_hand);
  });

  const other = Buffer.from(salt);
  other[31]! ^= 1;
  const faults: [what: string, ...Parameters<typeof payloadProblem>, RegExp | null][] = [
    ["is sound", sealed, { salt, payload }, false, null],
    ["was erased", sealed, null, true, null],
    ["an entry has none", { kind: "x" }, null, false, null],
    ["has another byte", sealed, { salt, payload: Buffer.from('{"a":"\u00e9","b":2}') }, false, /does not match/],
    ["has another salt", sealed, { salt: other, payload }, false, /does not match/],
    [
      "gave a byte to its salt",
      sealed,
      { salt: Buffer.concat([salt, payload.subarray(0, 1)]), payload: payload.subarray(1) },
      false,
      /33 bytes/,
    ],
    ["gives no salt", sealed, { salt: Buffer.alloc(0), payload }, false, /0 bytes/],
    ["is gone without an erasure", sealed, null, false, /no entry says/],
    ["is here although it was erased", sealed, { salt, payload }, true, /although it was erased/],
    ["lies beside an entry without one", { kind: "x" }, { salt, payload }, false, /does not name/],
    ["has a commitment in capitals", { personal: commitment.toUpperCase() }, { salt, payload }, false, /not a hash/],
    ["has a commitment that is no text", { personal: true }, null, true, /not a hash/],
  ];
  for (const [what, data, row, erased, problem] of faults)
    it(`that ${what} is ${problem === null ? "no fault" : "a fault"}`, () => {
      const found = payloadProblem(data, row, erased);
      if (problem === null) assert.equal(found, null);
      else assert.match(found ?? "nothing", problem);
    });
});

describe("the journal", () => {
  const caller = {
    tenant_id: 1,
    tenant: "home",
    principal_id: 1,
    name: "operator",
    role: "operator",
    incarnation: null,
  } as const;
  /** The statements that an event makes the journal send; undone afterwards. */
  async function sentFor(...events: Event[]): Promise<string[]> {
    const tx = await world.database.begin(1, "read write");
    try {
      const head = await journal.lock(tx);
      const sent: string[] = [];
      const send = tx.send.bind(tx);
      tx.send = (statement, values) => {
        sent.push(statement.name);
        send(statement, values);
      };
      journal.append(
        tx,
        head,
        events.map((event) => ({ caller, command: "test.say", event })),
      );
      return sent;
    } finally {
      await tx.rollback();
    }
  }
  const event = { kind: "test.said", subject: null, data: {} };

  it("sends one statement for a batch without personal data, and one more for all payloads of a batch", async () => {
    assert.deepEqual(await sentFor(event, event), ["ledger_append"]);
    const personal = { ...event, personal: { a: 1 } };
    assert.deepEqual(await sentFor(event, personal, personal), ["ledger_append", "ledger_payloads_insert"]);
  });

  it("takes no event whose own data says that it has a payload", async () => {
    await assert.rejects(sentFor({ ...event, data: { personal: "x" } }), /has a field "personal"/);
  });
});

describe("PostgreSQL", () => {
  const gone = (seq: number) => `delete from ledger.payloads where tenant_id = 1 and seq = ${seq}`;

  it("takes a payload only beside the entry that committed to it, and never another one for it", async () => {
    const seq = await post("guarded");
    const [{ salt, payload }] = await world.sql("select salt, payload from ledger.payloads where seq = $1", [seq]);
    const insert = (n: number, bytes: Buffer) =>
      `insert into ledger.payloads values (1, ${n}, ${hex(salt)}, ${hex(bytes)})`;
    for (const [statement, code] of [
      [insert(seq - 1, payload), "LW004"],
      [insert(seq + 99, payload), "LW004"],
      [insert(seq, payload), "23505"],
      [`update ledger.payloads set payload = ${hex(Buffer.from("{}"))}`, "42501"],
      ["truncate ledger.payloads", "42501"],
      [gone(seq), "LW005"],
    ] as const)
      assert.equal((await sqlError(world.asApplication(statement))).code, code, statement);
    for (const [statement, code] of [
      [`update ledger.payloads set payload = ${hex(Buffer.from("{}"))}`, "LW004"],
      [`update ledger.payloads set seq = seq + 1`, "LW004"],
      ["truncate ledger.payloads", "LW002"],
      [gone(seq), "LW005"],
    ] as const)
      for (const role of ["longwatch_owner", "none"])
        assert.equal((await sqlError(asRole(role, statement))).code, code, `${role}: ${statement}`);
    assert.equal((await dataOf(seq)).subject, "guarded");
  });
});

describe("a payload that was changed behind every guard", () => {
  const changes: [what: string, change: (seq: number) => string, fault: RegExp][] = [
    [
      "its words",
      () => `update ledger.payloads set payload = ${hex(Buffer.from('{"subject":"forged"}'))}`,
      /not match/,
    ],
    ["its salt", () => "update ledger.payloads set salt = sha256(salt)", /not match/],
    ["its place", () => "delete from ledger.payloads", /no entry says/],
  ];
  for (const [what, change, fault] of changes)
    it(`is found and never shown as what was said: ${what}`, async () => {
      const seq = await post("true words");
      await asRole("none", "alter table ledger.payloads disable trigger all", `${change(seq)} where seq = ${seq}`);
      await asRole(
        "none",
        ...["check_payload", "check_erasure", "refuse_truncate"].map(
          (trigger) => `alter table ledger.payloads enable always trigger ${trigger}`,
        ),
      );
      const { subject, fault: shown } = await dataOf(seq);
      assert.equal(subject, undefined);
      assert.match(shown, fault);
      const tx = await world.database.begin(1, "read only");
      const { row, erased } = (await payloadsOf(tx, [seq])).get(seq)!;
      await tx.rollback();
      const [{ leaf }] = await world.sql("select leaf from ledger.entries where seq = $1", [seq]);
      assert.match(payloadProblem(JSON.parse(leaf.toString()).data, row, erased) ?? "nothing", fault);
      if (row === null) {
        const refusal = await world.refused(operator, "ledger.erase", { seq, reason: "to hide it" });
        assert.equal(refusal.code, "payload.lost", "an erasure does not cover up a loss");
      }
    });

  it("and put back after its erasure is a fault until it is erased again", async () => {
    const seq = await post("put back");
    const [{ salt, payload }] = await world.sql("select salt, payload from ledger.payloads where seq = $1", [seq]);
    await world.say(operator, "ledger.erase", { seq, reason: "asked for" });
    await world.asApplication(`insert into ledger.payloads values (1, ${seq}, ${hex(salt)}, ${hex(payload)})`);
    const { subject, fault } = await dataOf(seq);
    assert.deepEqual([subject, fault], [undefined, "its payload is here although it was erased"]);
    await world.say(operator, "ledger.erase", { seq, reason: "a backup brought it back" });
    assert.equal((await dataOf(seq)).erased, true);
  });
});

/** Runs statements in one transaction, as a role or as the superuser. */
async function asRole(role: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client(world.admin);
  await client.connect();
  try {
    await client.query(`set role ${role}`);
    await client.query(`begin; ${statements.join("; ")}; commit`);
  } finally {
    await client.end();
  }
}
