import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlError, testWorld } from "../../../../test/harness.ts";
import { inOrder } from "./collision.ts";

const world = await testWorld();
const { operator, say, refused, ask, sql } = world;
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const A = "CLAUDE-CLI-BOX-CAMBER-01";
const B = "CLAUDE-CLI-BOX-ORA-01";
const alice = await world.seat(A);
const bob = await world.seat(B);
const file = async (title: string, token = alice): Promise<string> =>
  (await say(token, "ticket.file", { namespace: "CMB", title })).id;
const told = async (about: string): Promise<{ kind: string; data: any }[]> =>
  (await ask(operator, "feed.read", { about, limit: 1000 })).entries;

const EARLIER = "2026-04-15T03:51:49Z";
const LATER = "2026-04-15T03:57:54Z";
let round = 0;
/** Two posts of one number, the first of which is what the number is here. */
async function twice(more: object = {}) {
  const title = `Placeholder ${++round}`;
  const number = await file(title);
  const said = { number, pattern: "simultaneous_filing", seat: A, at: EARLIER, title, source: "feed team.md" };
  return { ...said, other_seat: B, other_at: LATER, other_title: `Cutoff ${round}`, ...more };
}

describe("a collision of two filings", () => {
  it("is settled by the first post: the later content gets the next number, and no word is edited", async () => {
    const said = await twice({ body: "of A", other_body: "of B" });
    const answer = await say(operator, "collision.report", said);
    assert.deepEqual([answer.keeps, answer.moves, answer.open], [A, B, false]);
    const [kept, moved] = await Promise.all(
      [said.number, answer.amended_to].map((id) => ask(operator, "ticket.show", { id })),
    );
    assert.deepEqual([kept.title, kept.filer, moved.title, moved.filer], [said.title, A, said.other_title, B]);
    assert.match(moved.body, /^of B\n\nAMENDMENT: was CMB-\d+ of 2026-04-15T03:57:54.000Z; CLAUDE\S+ posted CMB/);
    assert.deepEqual(moved.links, [
      { type: "amends", target: said.number, state: "awaiting_claim", title: said.title },
    ]);
    const kinds = (await told(said.number)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["ticket.filed", "collision.opened", "collision.settled"]);
    const shown = await ask(operator, "collision.show", { collision: answer.collision });
    assert.deepEqual(
      [shown.outcome, shown.amended_to, shown.first.seat, shown.first.ticket, shown.second.seat],
      ["amended", answer.amended_to, A, said.number, B],
    );
  });

  it("that is seen again, from elsewhere, the other way round or a minute off, is the same", async () => {
    const said = await twice();
    const { collision, amended_to } = await say(operator, "collision.report", said);
    const turned = { seat: B, at: "2026-04-15T03:58:00Z", title: said.other_title };
    const other = { other_seat: A, other_at: EARLIER, other_title: said.title };
    const again = await say(operator, "collision.report", { ...said, ...turned, ...other, source: "a copy" });
    assert.deepEqual([again.collision, again.keeps, again.amended_to], [collision, A, null]);
    assert.deepEqual((await told(said.number)).length, 3, "nothing was told again");
    assert.equal((await told(amended_to)).length, 1);
  });

  it("leaves a number that was given here with its holder, whatever a clock elsewhere says", async () => {
    const said = await twice();
    const answer = await say(operator, "collision.report", { ...said, at: LATER, other_at: EARLIER });
    assert.deepEqual([answer.keeps, answer.moves], [A, B]);
    assert.equal((await ask(operator, "collision.show", { collision: answer.collision })).final, true);
  });

  it("J3: at one instant goes to the smaller name; a clock that is fast gains nothing", async () => {
    const party = (seat: string, at = EARLIER) => ({ seat, at, title: "x" });
    assert.equal(inOrder(party(B), party(A))[0].seat, A);
    assert.equal(inOrder(party("Z"), party("a"))[0].seat, "Z", "by bytes, as everywhere");
    const old = { alias: "feed CMB-0105", namespace: "CMB", title: "Redline", filed_at: EARLIER };
    await say(operator, "ticket.import", old);
    const said = await twice({ number: "feed CMB-0105", title: "Redline", other_title: "Audio" });
    const answer = await say(operator, "collision.report", { ...said, at: EARLIER, other_at: "2999-01-01T00:00:00Z" });
    const { second } = await ask(operator, "collision.show", { collision: answer.collision });
    assert.ok(Date.parse(second.at) <= Date.now() + 1000, second.at);
  });

  it("stays open where the number is here what came later: its words are not edited, so somebody rules", async () => {
    const old = { alias: "feed CMB-0122", namespace: "CMB", title: "Determinism", filed_at: LATER };
    const { id } = await say(operator, "ticket.import", old);
    const said = { number: "feed CMB-0122", title: "Receipts", other_title: "Determinism" };
    const answer = await say(operator, "collision.report", await twice(said));
    assert.deepEqual([answer.open, answer.keeps, answer.amended_to], [true, A, null]);
    const { collision } = answer;
    const settling = { collision, reason: "both went on" };
    assert.equal(
      (await refused(operator, "collision.settle", { ...settling, amend: true, amended_to: id })).code,
      "input.invalid",
    );
    assert.equal(
      (await refused(operator, "collision.settle", { ...settling, amend: true })).code,
      "collision.reversed",
    );
    const ruling = { id, outcome: "cancelled", reason: "filed anew" };
    assert.deepEqual((await say(operator, "ticket.rule", { ...ruling, id: "feed CMB-0122" })).collisions, [collision]);
    assert.equal((await ask(operator, "collision.show", { collision })).outcome, "ruled");
    assert.equal((await refused(operator, "collision.settle", settling)).code, "collision.settled");
  });

  it("of names or surfaces is opened and listed, and settled with a reason", async () => {
    const said = await twice({ pattern: "identity", number: A, other_title: "another window" });
    const { collision, open } = await say(operator, "collision.report", said);
    assert.equal(open, true);
    const listed = async () =>
      (await ask(operator, "collision.list", { settled: false })).collisions.map((one: any) => one.collision);
    assert.deepEqual(await listed(), [collision]);
    assert.deepEqual(
      (await ask(operator, "ticket.drift")).collisions.map((one: any) => one.number),
      [A],
    );
    const settled = await say(operator, "collision.settle", { collision, reason: "the second stepped aside" });
    assert.deepEqual(settled, { collision, outcome: "explained", amended_to: null });
    assert.deepEqual(await listed(), []);
    await assert.rejects(ask(operator, "collision.show", { collision: 999 }), { code: "collision.unknown" });
    assert.equal((await refused(alice, "collision.settle", { collision, reason: "x" })).code, "role.forbidden");
  });

  it("is whole by constraint: in order, settled once with a reason, amended to another ticket", async () => {
    const columns = `(tenant_id, id, number, pattern, first_seat, first_at, first_title, second_seat, second_at,
      second_title, final, source, digest, opened_at, opened_by)`;
    const insert = (first_at: string, second_at: string, digest = "d") =>
      sql(
        `insert into tickets.collisions ${columns}
         values (1, 900, 'CMB-0001', 'reservation', 'a', $1, 'x', 'b', $2, 'y', false, 's', $3, now(), 1)`,
        [first_at, second_at, digest],
      );
    assert.equal((await sqlError(insert(LATER, EARLIER))).constraint, "first_post_wins");
    await insert(EARLIER, LATER);
    const set = (what: string) => sqlError(sql(`update tickets.collisions set ${what} where id = 900`));
    assert.equal((await set("settled_at = now()")).constraint, "settled_whole");
    const all = "settled_at = now(), settled_by = 1, reason = 'r'";
    assert.equal((await set(`${all}, outcome = 'amended'`)).constraint, "amendment_has_ticket");
    await sql(`update tickets.collisions set ${all}, outcome = 'explained' where id = 900`);
    const [{ digest }] = await sql("select digest from tickets.collisions where id = 1");
    assert.equal(
      (await sqlError(sql("update tickets.collisions set digest = $1 where id = 900", [digest]))).code,
      "23505",
    );
    await assert.rejects(world.asApplication("update tickets.collisions set number = 'x'"), /permission denied/);
    await assert.rejects(world.asApplication("delete from tickets.collisions"), /permission denied/);
  });

  it("J4: is never settled by an edit: no command changes the title or the body of a ticket", () => {
    const inputs = [...world.door.operations.values()]
      .filter((one) => one.kind === "command" && one.name.startsWith("ticket.") && !one.allocates)
      .filter(({ input }) => "id" in input.shape && ("title" in input.shape || "body" in input.shape));
    assert.deepEqual(
      inputs.map(({ name }) => name),
      [],
    );
  });

  it("is found in an import that brings two filers' work under one id, and in a mirrored feed", async () => {
    const importing = { alias: "feed CMB-1438", namespace: "CMB", filer: A, filed_at: EARLIER, title: "Disk budget" };
    const { id } = await say(operator, "ticket.import", importing);
    assert.equal(
      (await refused(operator, "ticket.import", { ...importing, title: "Edited" })).code,
      "import.contradicts",
    );
    const other = { ...importing, filer: B, filed_at: LATER, title: "Observer" };
    assert.equal((await refused(operator, "ticket.import", other)).code, "import.contradicts");
    const author = "CODEX-CLI-ELSEWHERE-CAMBER-06";
    const post = { author, said_at: LATER, item: id, subject: "Other work", body: "CONFIRM-PENDING: 30 s" };
    const bring = (source_ref: string, more: object = {}) =>
      say(operator, "post.import", { ...post, source_ref, ...more });
    await bring("p1");
    await bring("p2", { subject: "A word about it", body: "" });
    await bring("p3", { author: A });
    const { collisions, actors } = await ask(operator, "ticket.drift");
    assert.deepEqual(
      collisions.map(({ number, first, second, final }: any) => [number, first.seat, second.seat, second.title, final]),
      [
        ["feed CMB-1438", A, B, "Observer", false],
        [id, A, author, "Other work", true],
      ],
    );
    assert.deepEqual(
      actors.map(({ actor }: { actor: string }) => actor),
      [author],
    );
    for (const { collision } of collisions)
      await say(operator, "collision.settle", { collision, amend: true, reason: "x" });
  });

  it("gives a later poster who is not known here its ticket all the same, through who reported it", async () => {
    const said = await twice({ other_seat: "Codex in a chat", pattern: "unseen_actor" });
    const { amended_to } = await say(bob, "collision.report", said);
    assert.equal((await ask(operator, "ticket.show", { id: amended_to })).filer, B);
    assert.equal((await told(amended_to))[0]!.data.filer, "Codex in a chat");
  });
});

it("after all this the ledger and the tables agree", async () => {
  const { found, collisions } = await ask(operator, "ticket.drift");
  assert.deepEqual([found, collisions], [[], []]);
});
