import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fc } from "../../../../test/cases.ts";
import { sqlError, testWorld } from "../../../../test/harness.ts";
import { actingDoor } from "./authority.fixture.ts";

const world = await testWorld();
const { operator, say, ask, refused } = world;
const { act, door } = await actingDoor(world);
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
const other = await world.seat("CODEX-CLI-BOX-WEB-02");
const deputy = await world.seat("DEPUTY", "operator");

const WORDS = "Yes, wipe the staging orders today; keep “users”.\n— é ";
let things = 0;
/** A scope that nobody consented to yet, and how the seat asks for it. */
function scope() {
  const resource_id = `thing-${++things}`;
  const given = { subject: "CODEX-CLI-BOX-WEB-01", action: "delete", resource_type: "database", resource_id };
  return { given, asked: { action: "delete", resource_id } };
}
const give = (given: object, more: object = {}) => say(operator, "consent.give", { words: WORDS, ...given, ...more });
const lapse = async (id: number) => {
  await world.sql(
    "update policy.consents set given_at = now() - interval '2 hours', expires_at = now() where id = $1",
    [id],
  );
};

describe("a consent", () => {
  it("lets the act through once, on any rung, and says which decision used it", async () => {
    const { given, asked } = scope();
    const { id, words } = await give(given);
    assert.equal(words, WORDS);
    const first = await act(worker, asked);
    assert.deepEqual([first.acted, first.rung, first.consent, first.approval], [true, "L2", id, null]);
    assert.equal((await act(worker, asked)).acted, false);
    const { consents } = await ask(operator, "consent.list", { state: "used" });
    assert.deepEqual([consents[0].id, consents[0].words, consents[0].used_by], [id, WORDS, [first.decision]]);
  });

  it("that is not single-use holds until it expires, and each use is told", async () => {
    const { given, asked } = scope();
    const { id } = await give(given, { single_use: false });
    const both = await Promise.all([act(worker, asked), act(worker, asked)]);
    assert.deepEqual(
      both.map(({ acted }) => acted),
      [true, true],
    );
    await lapse(id);
    assert.equal((await act(worker, asked)).acted, false);
    const { consents } = await ask(operator, "consent.list", { state: "expired" });
    assert.deepEqual(
      consents[0].used_by,
      both.map(({ decision }) => decision).sort((a, b) => a - b),
    );
  });

  it("twice in one batch is used once; two consents let two acts through, and an approval is left alone", async () => {
    const { given, asked } = scope();
    const { approval } = await act(worker, asked);
    await say(operator, "approval.decide", { id: approval, verdict: "grant", reason: "r" });
    await give(given);
    await give(given);
    const all = await Promise.all([1, 2, 3, 4].map(() => act(worker, asked)));
    assert.deepEqual(
      all.map(({ acted, consent }) => [acted, consent !== null]),
      [
        [true, true],
        [true, true],
        [true, false],
        [false, false],
      ],
    );
    assert.equal(all[2]!.approval, approval);
  });

  it("reaches exactly as far as it says: no other seat, sub-agent, act or thing", async () => {
    const { given, asked } = scope();
    await give(given, { single_use: false });
    assert.equal((await act(other, asked)).acted, false);
    assert.equal((await act(operator, { ...asked, subject: "CODEX-CLI-BOX-WEB-01/scout" })).acted, false);
    assert.equal((await act(worker, { ...asked, action: "spend" })).acted, false);
    assert.equal((await act(worker, { ...asked, resource_id: `${asked.resource_id} ` })).acted, false);
    assert.equal((await act(worker, asked)).acted, true);
  });

  it("taken back lets nothing through any more, from the next act on", async () => {
    const { given, asked } = scope();
    const { id } = await give(given, { single_use: false });
    assert.equal((await act(worker, asked)).acted, true);
    assert.equal((await say(operator, "consent.revoke", { id, reason: "changed my mind" })).was, "live");
    assert.equal((await act(worker, asked)).acted, false);
    assert.equal((await refused(operator, "consent.revoke", { id, reason: "r" })).code, "consent.revoked");
    assert.equal((await refused(operator, "consent.revoke", { id: 999_999, reason: "r" })).code, "consent.unknown");
  });

  it("is found by any form of the seat's name, and not given to one that is gone", async () => {
    const { given, asked } = scope();
    assert.equal((await give({ ...given, subject: "WEB-01" })).subject, "CODEX-CLI-BOX-WEB-01");
    assert.equal((await act(worker, asked)).acted, true);
    assert.equal((await refusedGive({ ...given, subject: "NOBODY" })).code, "seat.unknown");
    await world.seat("CODEX-CLI-BOX-WEB-88");
    await say(operator, "seat.retire", { seat: "CODEX-CLI-BOX-WEB-88" });
    assert.equal((await refusedGive({ ...given, subject: "CODEX-CLI-BOX-WEB-88" })).code, "seat.retired");
  });
});

const refusedGive = (input: object, token = operator) => refused(token, "consent.give", { words: WORDS, ...input });

describe("consenting", () => {
  it("is for a person with role operator and his own token: no seat with that role gives it, no server", async () => {
    const { given } = scope();
    assert.equal((await refusedGive(given, deputy)).code, "consent.not_a_person");
    assert.equal((await refusedGive(given, worker)).code, "role.forbidden");
    const inside = door.sayInside(world.home_tenant_id, "operator", "consent.give", { words: WORDS, ...given });
    await assert.rejects(inside, { code: "consent.not_a_person" });
  });

  it("needs words, one exact scope and an end: a general policy is none (C7)", async () => {
    const { given } = scope();
    const cases: [input: object, field: string][] = [
      [{ words: "ok go" }, "words"],
      [{ words: "   ok      \n\n " }, "words"],
      [{ words: "half of a pair \ud800" }, "words"],
      [{ action: "*" }, "action"],
      [{ resource_type: "*" }, "resource_type"],
      [{ resource_id: "*" }, "resource_id"],
      [{ resource_id: " ** " }, "resource_id"],
      [{ subject: "*" }, "subject"],
      [{ resource_id: undefined }, "resource_id"],
      [{ lasts_seconds: 30 * 86_400 + 1 }, "lasts_seconds"],
      [{ lasts_seconds: 0 }, "lasts_seconds"],
    ];
    for (const [more, field] of cases) {
      const refusal = await refusedGive({ ...given, ...more });
      assert.deepEqual([refusal.code, refusal.fields[0]?.field], ["input.invalid", field]);
    }
  });

  it("is in the ledger word for word", async () => {
    const { id } = await give(scope().given);
    const { entries } = await ask(operator, "feed.read", { about: `consent-${id}` });
    assert.deepEqual([entries[0].kind, entries[0].actor, entries[0].data.words], ["consent.given", "operator", WORDS]);
  });
});

describe("quoted words (J58)", () => {
  it("that are those of a live consent letter for letter let the act through", async () => {
    const { given, asked } = scope();
    const { id } = await give(given);
    assert.equal((await act(worker, { ...asked, words: WORDS })).consent, id);
  });

  it("J58: that differ by anything at all are a paraphrase, whatever it is", async () => {
    const { given, asked } = scope();
    await give(given, { single_use: false });
    const code = (words: string) =>
      act(worker, { ...asked, words }).then(
        () => "let through",
        (error) => error.code,
      );
    // The same to the eye: composed é, plain quotes, trimmed, another case.
    for (const words of [WORDS.normalize("NFD"), WORDS.trim(), WORDS.toLowerCase(), WORDS.replaceAll("“", '"'), ""])
      assert.equal(await code(words), "consent.paraphrased", JSON.stringify(words));
    const edits = fc.record({ at: fc.nat(WORDS.length), remove: fc.nat(3), add: fc.string({ maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(edits, async ({ at, remove, add }) => {
        const words = WORDS.slice(0, at) + add + WORDS.slice(at + remove);
        fc.pre(!words.includes("\0") && words.isWellFormed());
        assert.equal(await code(words), words === WORDS ? "let through" : "consent.paraphrased");
      }),
      { numRuns: 50 },
    );
  });

  it("that were said of another act do not reach this one, and used up or revoked ones are over", async () => {
    const said = "Only the logs of March, please.";
    const { given, asked } = scope();
    const code = (words: string, more: object = {}) =>
      act(worker, { ...asked, words, ...more }).then(
        () => "let through",
        (error) => error.code,
      );
    await give(given, { words: said });
    assert.equal(await code(said, { resource_id: "the users" }), "consent.out_of_scope");
    assert.equal(await code(said), "let through");
    assert.equal(await code(said), "consent.ended");
    const { id } = await give(given, { words: `${said} Again.` });
    await say(operator, "consent.revoke", { id, reason: "r" });
    assert.equal(await code(`${said} Again.`), "consent.ended");
  });

  it("break nobody else's ask of the same batch", async () => {
    const [one, two] = [scope(), scope()];
    await give(one.given);
    const [good, bad] = await Promise.allSettled([
      act(worker, { ...one.asked, words: WORDS }),
      act(worker, { ...two.asked, words: "something like yes" }),
    ]);
    assert.deepEqual([good.status, (bad as PromiseRejectedResult).reason.code], ["fulfilled", "consent.paraphrased"]);
  });
});

describe("PostgreSQL refuses", () => {
  const scoped = `'s', 'a', 't', 'r'`;
  const insert = (words: string, scope: string, role: string, kind: string, until: string) =>
    `insert into policy.consents (tenant_id, words, subject, action, resource_type, resource_id, single_use, given_by,
     given_role, given_kind, given_at, expires_at)
     values (1, '${words}', ${scope}, true, 1, '${role}', '${kind}', now(), now() + interval '${until}')`;
  const ways: [way: string, sql: string, constraint: string][] = [
    ["words that are none", insert("ok", scoped, "operator", "person", "1 hour"), "words_are_a_sentence"],
    [
      "a scope of everything",
      insert("long enough words", "'s', '*', 't', 'r'", "operator", "person", "1 hour"),
      "consent_is_scoped",
    ],
    ["a seat's consent", insert("long enough words", scoped, "operator", "seat", "1 hour"), "consent_by_a_person"],
    [
      "a strategist's consent",
      insert("long enough words", scoped, "strategist", "person", "1 hour"),
      "consent_by_a_person",
    ],
    ["a consent for 31 days", insert("long enough words", scoped, "operator", "person", "31 days"), "consent_ends"],
  ];
  for (const [way, sql, constraint] of ways)
    it(way, async () => assert.equal((await sqlError(world.asApplication(sql))).constraint, constraint));

  it("to change a word, a scope or an end, or to lose one (42501)", async () => {
    await give(scope().given);
    for (const column of ["words = words || '.'", "subject = 'x'", "single_use = false", "expires_at = now()"])
      assert.equal((await sqlError(world.asApplication(`update policy.consents set ${column}`))).code, "42501", column);
    for (const table of ["consents", "uses", "approvals"])
      assert.equal((await sqlError(world.asApplication(`delete from policy.${table}`))).code, "42501", table);
  });

  it("a use of what does not stand, of two things at once, or of a consent told as it is not", async () => {
    const { id } = await give(scope().given, { single_use: false });
    const revoked = (await give(scope().given)).id;
    await say(operator, "consent.revoke", { id: revoked, reason: "r" });
    const { approval } = await act(worker, scope().asked);
    const use = (approvalId: unknown, consent: unknown, single_use: boolean) =>
      sqlError(
        world.asApplication(`insert into policy.uses (tenant_id, decision, approval, consent, single_use)
          values (1, 900000, ${approvalId}, ${consent}, ${single_use})`),
      );
    assert.equal((await use(approval, "null", true)).code, "LW015", "pending");
    assert.equal((await use("null", revoked, true)).code, "LW015", "revoked");
    assert.equal((await use("null", id, true)).code, "23503", "not single-use");
    assert.equal((await use(approval, id, true)).constraint, "use_of_one");
  });
});
