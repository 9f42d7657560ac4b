import { z } from "zod";
import { ticketsNamed } from "../../../guard/vocabulary.ts";
import { type Caller, command, type Event, query, roles, text, type World } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { findTickets, namespacesOf, recordReceipts, withdrawReceipts } from "../../tickets/index.ts";
import { Sha } from "../deploys.ts";
import { type Brought, broughtBy, isRevert } from "./payloads.ts";

const sql = statements("landing/merging", "merges_see", "merges_lose", "still_merged", "merges", "head", "head_write");

/** Facts of one delivery or report. GitHub tells of 2048 commits at the most, and git is asked for the rest. */
const FACTS_MAX = 500;
/** As many fit into an entry of the ledger. */
const FACTS_AN_ENTRY = 200;

export const Repository = text(300).trim().min(1).describe("The repository's name: acme/shop.");
export const Branch = text(300).min(1).describe("The branch that everything is merged into.");

type Place = {
  repository: string;
  branch: string;
  /** The webhook that tells it; null where git was asked. */ hook: string | null;
};
type Fact = { ticket_id: string; commit: string };

/**
 * Records which tickets the commits of a branch name, and gives them their receipts: `merged`. A fact that is known
 * changes nothing, so that any order and any repetition of what is told ends in the same.
 */
export async function see(world: World, caller: Caller, place: Place, brought: readonly Brought[]) {
  const prefixes = (await namespacesOf(world.db)).map(({ prefix }) => prefix);
  const named = brought
    .filter(({ words }) => !isRevert(words))
    .flatMap(({ commit, words, branch }) => {
      const plain = ticketsNamed(words, prefixes, "plainly").map((name) => [name]);
      const forms = [...plain, ...ticketsNamed(branch ?? "", prefixes, "anyhow").map(formsOf)];
      return forms.map((names) => ({ commit, names }));
    });
  const found = await findTickets(world.db, [...new Set(named.flatMap(({ names }) => names))]);
  const facts = new Map<string, Fact>();
  for (const { commit, names } of named) {
    const id = names.map((name) => found.get(name)?.id).find((one) => one !== undefined);
    if (id !== undefined && facts.size < FACTS_MAX) facts.set(`${id} ${commit}`, { ticket_id: id, commit });
  }
  if (facts.size === 0) return { tickets: [], events: [] };
  const those = [...facts.values()];
  const fresh = await world.db.all<Fact>(sql.merges_see, {
    ...{ ...place, at: await world.at(), tickets: those.map(({ ticket_id }) => ticket_id) },
    commits: those.map(({ commit }) => commit),
  });
  const first = new Map(fresh.map(({ ticket_id, commit }) => [ticket_id, commit]));
  const receipts = await recordReceipts(
    world,
    caller,
    [...first].map(([ref, commit]) => {
      const evidence = `${commit} is on ${place.branch} of ${place.repository}`;
      return { ref, stage: "merged" as const, evidence };
    }),
  );
  return { tickets: [...first.keys()].sort(), events: [...told("merge.seen", place, fresh), ...receipts] };
}

/** A branch may end in a number of its own: `codex/cmb-0007-2` is about CMB-0007 where there is no CMB-0007-2. */
function formsOf(name: string): string[] {
  return /-\d+-\d+$/.test(name) ? [name, name.replace(/-\d+$/, "")] : [name];
}

/** Takes facts back whose commits the branch has no more; a ticket of which none is left is not merged. */
async function lose(world: World, caller: Caller, place: Place, commits: readonly string[]) {
  if (commits.length === 0) return { tickets: [], events: [] };
  const gone = await world.db.all<Fact>(sql.merges_lose, { ...place, commits, at: await world.at() });
  const tickets = [...new Set(gone.map(({ ticket_id }) => ticket_id))];
  const still = await world.db.all<{ ticket_id: string }>(sql.still_merged, { tickets });
  const events = told("merge.lost", place, gone);
  const lost = tickets.filter((id) => !still.some(({ ticket_id }) => ticket_id === id)).sort();
  for (const ref of lost) {
    const reason = `${place.branch} of ${place.repository} has no commit of it any more`;
    events.push(...(await withdrawReceipts(world, caller, { ref, stage: "merged", reason })));
  }
  return { tickets: lost, events };
}

function told(kind: string, { repository, branch, hook }: Place, facts: readonly Fact[]): Event[] {
  const merges = facts.map(({ ticket_id: ticket, commit }) => ({ ticket, commit }));
  const pieces = Array.from({ length: Math.ceil(merges.length / FACTS_AN_ENTRY) }, (_, n) =>
    merges.slice(n * FACTS_AN_ENTRY, (n + 1) * FACTS_AN_ENTRY),
  );
  const about = { repository, branch, ...(hook === null ? {} : { hook }) };
  return pieces.map((piece) => ({ kind, subject: `${repository} ${branch}`, data: { ...about, merges: piece } }));
}

const Commit = z.object({ commit: Sha, message: text(20_000).describe("Its whole message: it names its tickets.") });

export const report = command({
  name: "merge.report",
  summary: "Report which commits a branch has, as git says: the tickets that they name are merged.",
  input: z.object({
    repository: Repository,
    branch: Branch,
    head: Sha.optional().describe("The branch's newest commit, once everything before it was reported."),
    commits: z.array(Commit).max(FACTS_MAX).default([]).describe("Commits that name tickets."),
    gone: z.array(Sha).max(FACTS_MAX).default([]).describe("Commits that were reported and that the branch lost."),
  }),
  output: z.object({
    merged: z.array(z.string()).describe("Tickets of which something was not known."),
    lost: z.array(z.string()).describe("Tickets that are not merged any more."),
  }),
  may: ["service", "operator", "gatekeeper", "coordinator", "implementer", "steward", "sentinel"],
  said_by: "programs",
  events: ["merge.seen", "merge.lost", "ticket.receipt_given", "ticket.receipt_withdrawn"],
  refuses: [],
  unrecorded: "A report of what is known moves only where the next look begins.",
  async run(world, { caller, input: { repository, branch, head, commits, gone } }) {
    const place = { repository, branch, hook: null };
    const brought = commits.map(({ commit, message }) => broughtBy(commit, message));
    const seen = await see(world, caller, place, brought);
    const lost = await lose(world, caller, place, gone);
    if (head !== undefined) world.db.send(sql.head_write, { repository, branch, head, at: await world.at() });
    return { output: { merged: seen.tickets, lost: lost.tickets }, events: [...seen.events, ...lost.events] };
  },
});

export const list = query({
  name: "merge.list",
  summary: "List which tickets a branch has, by the commits that name them, and how far git was read.",
  input: z.object({
    repository: Repository,
    branch: Branch,
    after_commit: text(64).default("").describe("The last one of the page before."),
    after_ticket: text(200).default("").describe("And its ticket."),
    limit: z.int().min(1).max(1000).default(500).describe("At most this many."),
  }),
  output: z.object({
    head: z.string().nullable().describe("The newest commit that git was asked about; null when it never was."),
    merges: z.array(
      z.object({
        ticket: z.string(),
        commit: z.string(),
        hook: z.string().nullable().describe("The webhook that told it; null when git did."),
        seen_at: z.iso.datetime(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { repository, branch, ...page }) {
    type Row = Fact & { hook: string | null; seen_at: Date };
    const [[at], rows] = await Promise.all([
      db.all<{ head: string }>(sql.head, { repository, branch }),
      db.all<Row>(sql.merges, { repository, branch, ...page }),
    ]);
    const merges = rows.map(({ ticket_id: ticket, commit, hook, seen_at }) => {
      return { ticket, commit, hook, seen_at: seen_at.toISOString() };
    });
    return { head: at?.head ?? null, merges };
  },
});
