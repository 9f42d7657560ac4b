import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import {
  type Approval,
  approvals,
  approvalStates,
  decide,
  ITEMS_MAX,
  knownApprovals,
  lineOf,
  probe,
  refuseDecider,
  settle,
} from "./approval.ts";
import { GrantSeconds, Id } from "./approvals.ts";
import { OVERSEERS, Reason } from "./rungs.ts";

const sql = statements("policy/authority", "manifests_open", "manifests_list", "manifests_find", "approvals_bundle");

const Item = z.object({
  id: z.int().describe("The approval's number."),
  state: z.enum(approvalStates),
  reason: z.string().nullable().describe("The verdict's."),
});
const Manifest = z.object({
  id: z.int().describe("The manifest's number."),
  headline: z.string(),
  lines: z.array(z.string()).describe("One line for each item that waits."),
  closed: z.boolean().describe("Whether each item has its verdict."),
  items: z.array(Item),
});

/** How a manifest stands: it is closed when nothing in it waits. */
function standing(id: number, rows: readonly Approval[]): z.input<typeof Manifest> {
  const waiting = rows.filter(({ state }) => state === "pending");
  const count = waiting.length === 1 ? "1 item is" : `${waiting.length} items are`;
  return {
    id,
    headline: `${count} blocked on you`,
    lines: waiting.map(lineOf),
    closed: waiting.length === 0,
    items: rows.map((row) => ({ id: row.id, state: row.state, reason: row.reason })),
  };
}

export const openManifest = command({
  name: "manifest.open",
  summary: "Bundle what waits for the operator (L2) into one manifest, to be looked through at once.",
  input: z.object({
    approval: z.array(Id).max(ITEMS_MAX).default([]).describe("Which approvals; without any, all that wait on L2."),
  }),
  output: Manifest,
  may: ["operator", "strategist", "coordinator"],
  events: ["manifest.opened", "approval.released", "approval.withdrawn"],
  refuses: ["manifest.empty", "approval.unknown", "approval.bundled", "approval.below"],
  async run({ db }, { caller, input }) {
    const wanted = [...new Set(input.approval)];
    const found =
      wanted.length > 0
        ? await knownApprovals(db, wanted, "approval")
        : (await approvals(db, { state: "pending", rung: "L2" })).filter(({ manifest }) => manifest === null);
    if (wanted.length > 0) for (const row of found) refuseUnfit(row);
    const { waiting, moot } = await probe(db, found);
    if (waiting.length === 0) throw empty(moot.length);
    const [{ id }] = await db.all(sql.manifests_open, { opened_by: caller.principal_id });
    const settled = settle(db, moot);
    const ids = waiting.map((row) => row.id);
    db.send(sql.approvals_bundle, { manifest: id, ids });
    const data = { manifest: id, approvals: ids };
    return {
      output: standing(id, waiting),
      events: [...settled, { kind: "manifest.opened", subject: `manifest-${id}`, data }],
    };
  },
});

function refuseUnfit({ id, state, rung, manifest }: Approval): void {
  if (manifest !== null)
    throw new Refusal("conflict", "approval.bundled", `Approval ${id} stands in manifest ${manifest}.`, {
      hint: `manifest.show with ${manifest} shows it.`,
      facts: { id, manifest },
    });
  if (state !== "pending" || rung !== "L2")
    throw new Refusal("conflict", "approval.below", `Approval ${id} is ${state} on ${rung}; it needs no operator.`, {
      hint: "A manifest holds what waits on L2. approval.list shows what does.",
      facts: { id, state, rung },
    });
}

function empty(settled: number): Refusal {
  const hint =
    settled === 0
      ? "approval.list with rung L2 shows what waits and in which manifest it stands."
      : `${settled} waited and need nobody any more; approval.list says why.`;
  return new Refusal("conflict", "manifest.empty", "Nothing that is in no manifest waits for the operator.", { hint });
}

export const listManifests = query({
  name: "manifest.list",
  summary: "The manifests, newest first: who bundled them, and how their items stand.",
  input: z.object({
    before: Id.optional().describe("Only those with a smaller number: the next page."),
    limit: z.int().min(1).max(500).default(50).describe("At most this many."),
  }),
  output: z.object({
    manifests: z.array(
      z.object({
        id: z.int().describe("The manifest's number."),
        opened_at: z.iso.datetime(),
        opened_by: z.string(),
        items: z.int().describe("How many approvals stand in it."),
        waiting: z.int().describe("How many of them wait for the operator; none: it is closed."),
        granted: z.int(),
        rejected: z.int().describe("The rest settled by itself: nobody had to decide it any more."),
      }),
    ),
  }),
  may: OVERSEERS,
  said_by: "programs",
  refuses: [],
  async read({ db }, { before, limit }) {
    const rows = await db.all(sql.manifests_list, { before: before ?? Number.MAX_SAFE_INTEGER, limit });
    return { manifests: rows.map((row) => ({ ...row, opened_at: row.opened_at.toISOString() })) };
  },
});

export const showManifest = query({
  name: "manifest.show",
  summary: "A manifest: one line for each item that is blocked on the operator, and the verdicts so far.",
  input: z.object({ id: Id.describe("The manifest's number.") }),
  output: Manifest,
  may: OVERSEERS,
  refuses: ["manifest.unknown"],
  async read({ db }, { id }) {
    return standing(id, await itemsOf(db, id));
  },
});

async function itemsOf(db: Reader, manifest: number): Promise<Approval[]> {
  const [[found], rows] = await Promise.all([
    db.all(sql.manifests_find, { id: manifest }),
    approvals(db, { manifest }),
  ]);
  if (found) return rows;
  throw new Refusal("missing", "manifest.unknown", `There is no manifest ${manifest}.`, {
    hint: "approval.list names the manifest of each approval.",
    fields: [{ field: "id", message: `there is no manifest ${manifest}` }],
  });
}

export const decideManifest = command({
  name: "manifest.decide",
  summary: "Grant some of a manifest's items and reject others, with the reason for these. The rest stays open.",
  input: z.object({
    id: Id.describe("The manifest's number."),
    grant: z.array(Id).max(ITEMS_MAX).default([]).describe("Items that may be done."),
    reject: z.array(Id).max(ITEMS_MAX).default([]).describe("Items that may not."),
    reason: Reason.describe("Why, kept with each of these items. Say it once more for items with another reason."),
    lasts_seconds: GrantSeconds,
  }),
  output: Manifest,
  may: ["operator"],
  events: ["approval.granted", "approval.rejected", "manifest.closed"],
  refuses: [
    "manifest.unknown",
    "manifest.not_an_item",
    "approval.own",
    "approval.above_you",
    ...approvalStates.filter((state) => state !== "pending").map((state) => `approval.${state}`),
  ],
  async run(world, { caller, input: { id: manifest, grant, reject, reason, lasts_seconds } }) {
    const items = await itemsOf(world.db, manifest);
    refuseUnclear(manifest, items, grant, reject);
    const among = (ids: readonly number[]) => items.filter(({ id }) => ids.includes(id));
    await refuseDecider(world.db, caller, among([...grant, ...reject]));
    const said = { reason, seconds: lasts_seconds, at: await world.at() };
    const events = [
      ...(await decide(world.db, caller, among(grant), { verdict: "granted", ...said })),
      ...(await decide(world.db, caller, among(reject), { verdict: "rejected", ...said })),
    ];
    const now = standing(manifest, await itemsOf(world.db, manifest));
    const data = { manifest, items: now.items.map(({ id, state }) => ({ id, state })) };
    if (now.closed) events.push({ kind: "manifest.closed", subject: `manifest-${manifest}`, data });
    return { output: now, events };
  },
});

function refuseUnclear(
  manifest: number,
  items: readonly Approval[],
  grant: readonly number[],
  reject: readonly number[],
): void {
  const fields = [];
  if (grant.length + reject.length === 0)
    fields.push({ field: "grant", message: "name the items that you grant or reject" });
  const both = grant.filter((id) => reject.includes(id));
  if (both.length > 0) fields.push({ field: "reject", message: `${both.join(", ")} cannot be granted and rejected` });
  if (fields.length > 0)
    throw new Refusal("invalid", "input.invalid", fields.map(({ message }) => message).join("; "), { fields });
  const strangers = [...grant, ...reject].filter((id) => !items.some((item) => item.id === id));
  if (strangers.length === 0) return;
  throw new Refusal("missing", "manifest.not_an_item", `Manifest ${manifest} has no item ${strangers.join(", ")}.`, {
    hint: `manifest.show with ${manifest} lists its items.`,
    facts: { strangers },
  });
}
