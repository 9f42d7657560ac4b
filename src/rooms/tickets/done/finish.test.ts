import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { DELIVERABLE, doneYard, work_proof } from "./done.fixture.ts";

const world = await testWorld();
const { operator, say, refused } = world;
const { alice, file, claimed, finish, unproven, show, stages, told, require, drift } = await doneYard(world);
const value = "user: a painter; surface: estimate page; change: sees the total; closure_date: 2026-05-01";
const review = (matches: string) => `intent: a total below the list; screenshot: shots/total.png; matches: ${matches}`;

describe("a finish", () => {
  it("needs a work proof where nobody asked for more, and says its form", async () => {
    const { code, fields } = await unproven({});
    assert.deepEqual([code, fields.length, fields[0]!.field], ["finish.unproven", 1, "work_proof"]);
    assert.match(fields[0]!.message, /is missing.*none - reason/);
    for (const proof of ["commit 1a2b3c4", "file: src/x.ts", "query select 1", "none - it was done already"])
      assert.equal((await show(await finish({ work_proof: proof }))).state, "done");
    for (const proof of ["", "done", "none", "none because", "commit", "tests pass"])
      assert.deepEqual((await unproven({ work_proof: proof })).named, ["work_proof"], proof);
  });

  it("names everything that is missing or malformed at once, field by field", async () => {
    await require({ type: "feature", proofs: ["deliverable", "user_value", "follow_ons", "activation"] });
    const bare = await unproven({}, { type: "feature" });
    assert.deepEqual(bare.named, ["work_proof", "deliverable", "user_value", "follow_ons", "activation"]);
    const wrong = { deliverable: "path: src/x.ts", user_value: "users", follow_ons: "later", merge: "done" };
    const { named, fields } = await unproven(wrong, { type: "feature" });
    assert.deepEqual(named.toSorted(), [
      ...["activation", "deliverable", "follow_ons", "merge", "user_value", "work_proof"],
    ]);
    assert.match(fields.find(({ field }) => field === "deliverable")!.message, /lacks branch, sha, verify/);
    const proofs = { work_proof, deliverable: DELIVERABLE, user_value: value, follow_ons: "none - it is whole" };
    const id = await finish({ ...proofs, activation: "none-required because it runs" }, { type: "feature" });
    assert.deepEqual((await show(id)).proof.user_value, value);
    await require({ type: "feature", proofs: [] });
  });

  it("takes a merge in place of the deliverable, and gives its receipt", async () => {
    await require({ type: "bug", proofs: ["deliverable"] });
    assert.deepEqual((await unproven({ work_proof }, { type: "bug" })).named, ["deliverable"]);
    const id = await finish({ work_proof, merge: "merged (sha=1A2B3C4D)" }, { type: "bug" });
    assert.deepEqual(await stages(id), ["code_complete", "merged"]);
    assert.equal((await show(id)).verification, null);
  });

  it("takes a deliverable whose parts stand in any order, and only what lies in the repository", async () => {
    const id = await finish({
      work_proof,
      deliverable: "sha: ABCDEF1; verify: npm ci; npm test; path: a b.ts; branch: x",
    });
    const [row] = await world.sql("select * from tickets.deliverables where ticket_id = $1", [id]);
    assert.deepEqual([row.path, row.branch, row.sha, row.verify], ["a b.ts", "x", "abcdef1", "npm ci; npm test"]);
    const rest = "sha: 1a2b3c4; verify: npm test";
    for (const wrong of [
      `path: /srv/me/x.ts; branch: x; ${rest}`,
      `path: ~/x.ts; branch: x; ${rest}`,
      `path: ../x.ts; branch: x; ${rest}`,
      `path: C:\\x.ts; branch: x; ${rest}`,
      `path: --help; branch: x; ${rest}`,
      `path: x.ts; branch: --upload-pack=sh; ${rest}`,
      `path: x.ts; branch: a..b; ${rest}`,
      "path: x.ts; branch: x; sha: HEAD; verify: npm test",
      `path: x.ts; path: y.ts; branch: x; ${rest}`,
    ])
      assert.deepEqual((await unproven({ work_proof, deliverable: wrong })).named, ["deliverable"], wrong);
  });

  it("holds follow-ons against the queue: claimed by the caller, claimable, or in the backlog", async () => {
    const [open, mine] = [await file(), await claimed()];
    const later = await file({ opens_when: `ticket ${open} is done` });
    const said = `claimed ${mine.id}; awaiting_claim ${open}, backlog ${later}`;
    await finish({ work_proof, follow_ons: said });
    for (const wrong of [`claimed ${open}`, `backlog ${open}`, `awaiting_claim ${later}`, "claimed CMB-9999", "soon"]) {
      const { named } = await unproven({ work_proof, follow_ons: wrong });
      assert.deepEqual(named, ["follow_ons"], wrong);
    }
  });

  it("J24: of what nothing uses yet needs its activation: a ticket, a plan, or why none is required", async () => {
    const unused = "table audits";
    assert.deepEqual((await unproven({ work_proof, unused })).named, ["activation"]);
    assert.deepEqual((await unproven({ work_proof, unused, activation: "later some day" })).named, ["activation"]);
    assert.deepEqual((await unproven({ work_proof, unused, activation: "CMB-9999" })).named, ["activation"]);
    const own = await claimed();
    const itself = await refused(alice, "ticket.finish", { ...own, work_proof, unused, activation: own.id });
    assert.match(itself.fields[0]!.message, /is this one/);
    for (const activation of [await file(), "planned - see issue 9", "none-required because it is a fixture"])
      await finish({ work_proof, unused, activation });
  });

  it("J21: of work for a user interface is looked at: NO leaves the ticket with its holder", async () => {
    assert.deepEqual((await unproven({ work_proof }, { type: "ui" })).named, ["design_review"]);
    assert.deepEqual((await unproven({ work_proof }, { labels: ["ui"] })).named, ["design_review"]);
    const claim = await claimed({ type: "ui" });
    const said = await say(alice, "ticket.finish", { ...claim, work_proof, design_review: review("NO") });
    assert.equal(said.state, "in_progress");
    const shown = await show(claim.id);
    assert.deepEqual([shown.state, shown.holder, shown.receipts], ["in_progress", "Alice", []]);
    assert.equal((await told(claim.id)).at(-1)!.kind, "ticket.design_rejected");
    await say(alice, "ticket.finish", { ...claim, work_proof, design_review: review("yes") });
    assert.equal((await show(claim.id)).state, "done");
    const { fields } = await unproven({ work_proof, design_review: review("almost") });
    assert.match(fields[0]!.message, /neither yes nor no/);
  });

  it("J22: of a parent whose closing the server can look up waits until it holds, whatever is said", async () => {
    const last = await file();
    const claim = await claimed({ closes_when: `ticket ${last} is done` });
    const closing_evidence = "all is done";
    const refusal = await refused(alice, "ticket.finish", { ...claim, work_proof, closing_evidence });
    assert.equal(refusal.code, "parent.uncovered");
    const { claim_token } = await say(alice, "ticket.claim", { id: last });
    await say(alice, "ticket.finish", { id: last, claim_token, work_proof });
    await say(alice, "ticket.finish", { ...claim, work_proof });
    assert.equal((await show(claim.id)).state, "done");
  });

  it("whose words no entry holds is refused as a whole, and its claim still holds", async () => {
    const much = "€".repeat(1900);
    const proofs = {
      ...{
        work_proof: `commit ${much}`,
        user_value: `infra-only - ${much}`,
        follow_ons: `none - ${much}`,
        unused: much,
      },
      ...{ activation: `planned - see ${much}`, design_review: `intent: ${much}; screenshot: s; matches: yes` },
      closing_evidence: much,
    };
    assert.equal((await unproven({ ...proofs, note: "€".repeat(10_000) })).code, "entry.oversized");
    await finish(proofs);
  });

  it("by a post takes its proofs from the markers (origins A2)", async () => {
    const { id } = await claimed({ type: "ui" });
    const post = { kind: "actionable", item: id, state: "DONE", subject: "done" };
    const refusal = await refused(alice, "post.append", post);
    assert.deepEqual(
      refusal.fields.map(({ field }) => field),
      ["work_proof", "design_review"],
    );
    const body = [
      `DELIVERABLE: ${DELIVERABLE}`,
      `WORK_PROOF: ${work_proof}`,
      `USER-VALUE-CLOSURE: ${value}`,
      "FOLLOW-ONS: none - it is whole",
      "activation: none-required because it runs",
      `DESIGN-REVIEW: ${review("YES")}`,
    ].join("\n");
    await say(alice, "post.append", { ...post, body });
    const { proof, state, verification } = await show(id);
    assert.deepEqual([state, verification.state, proof.deliverable], ["done", "unverified", DELIVERABLE]);
    assert.equal(proof.activation, "none-required because it runs");
  });
});

describe("what a finish needs", () => {
  it("is said for everywhere, a namespace or a type, and listed", async () => {
    await say(operator, "namespace.define", { prefix: "LAX", format: "LAX-NNNN" });
    await require({ namespace: "LAX", proofs: [] });
    await finish({}, { namespace: "LAX" });
    await require({ proofs: ["user_value"] });
    assert.deepEqual((await unproven({})).named, ["user_value"]);
    await finish({ user_value: "infra-only - a test" });
    await finish({}, { namespace: "LAX" });
    const { requirements } = await world.ask(alice, "proof.list");
    assert.deepEqual(
      requirements.filter(({ scope }: { scope: string }) => scope !== "type"),
      [
        { scope: "everywhere", name: "", proofs: ["user_value"] },
        { scope: "namespace", name: "LAX", proofs: [] },
      ],
    );
    await require({ proofs: ["work_proof"] });
  });

  it("is set by those who keep the house, for what is there", async () => {
    assert.equal((await refused(alice, "proof.require", { proofs: [] })).code, "role.forbidden");
    assert.equal((await refused(operator, "proof.require", { namespace: "NONE" })).code, "namespace.unknown");
    assert.equal((await refused(operator, "proof.require", { namespace: "CMB", type: "bug" })).code, "input.invalid");
  });
});

it("after all this the ledger and the tables agree", async () => {
  assert.deepEqual(await drift(), []);
});
