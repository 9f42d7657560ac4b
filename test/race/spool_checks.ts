import assert from "node:assert/strict";
import type { TestWorld } from "../harness.ts";
import { type Filing, type Fleet, numberOf } from "./spool_fleet.ts";

/** What is found when the fleet is whole again, whatever happened to it: the same for our code and for mutants. */
export async function checkFleet(world: TestWorld, fleet: Fleet, since: number): Promise<void> {
  const tickets = await world.sql(
    "select id, title, namespace from tickets.tickets where tenant_id = 1 and namespace = any ($1)",
    [fleet.namespaces],
  );
  filedOnce(fleet, tickets);
  dense(fleet, tickets);
  const rows = await world.sql("select * from tickets.spooled where spool = any ($1)", [
    fleet.machines.map(({ spool }) => spool),
  ]);
  await sameForAll(world, fleet, tickets);
  earlierWins(fleet, tickets, rows);
  await postedOnce(world, fleet, since);
}

type Ticket = { id: string; title: string; namespace: string };

/** Nothing that was filed is lost or filed twice. What was torn may still have arrived as a request, once. */
function filedOnce(fleet: Fleet, tickets: readonly Ticket[]): void {
  const counts = new Map<string, number>();
  for (const { title } of tickets) counts.set(title, (counts.get(title) ?? 0) + 1);
  for (const [title, count] of counts) assert.equal(count, 1, `${title} was filed ${count} times`);
  for (const { post } of fleet.filings) assert.ok(counts.has(post.input.title!), `${post.input.title} is lost`);
}

function dense(fleet: Fleet, tickets: readonly Ticket[]): void {
  for (const namespace of fleet.namespaces) {
    const numbers = tickets.filter((one) => one.namespace === namespace).map(({ id }) => numberOf(id));
    const sorted = numbers.sort((a, b) => a - b);
    assert.deepEqual(
      sorted,
      sorted.map((_, index) => index + 1),
      `the numbers of ${namespace}`,
    );
  }
}

/** Each spool has an outcome for each of its posts, and every seat finds the same ticket under a provisional id. */
async function sameForAll(world: TestWorld, fleet: Fleet, tickets: readonly Ticket[]): Promise<void> {
  const titles = new Map(tickets.map(({ id, title }) => [id, title]));
  const filings = new Map(fleet.filings.map((one) => [one.post, one]));
  for (const [index, machine] of fleet.machines.entries()) {
    if (machine.posts.length === 0) continue;
    const reader = fleet.machines[(index + 1) % fleet.machines.length]!.seat.token;
    const outcomes: any[] = [];
    while (outcomes.length < machine.posts.length) {
      const page = await world.ask(reader, "spool.outcomes", { spool: machine.spool, after: outcomes.length });
      assert.ok(page.outcomes.length > 0, `post ${outcomes.length + 1} of ${machine.spool} has no outcome`);
      outcomes.push(...page.outcomes);
    }
    for (const [at, post] of machine.posts.entries()) {
      const { n, id, outcome, provisional } = outcomes[at];
      assert.equal(n, post.n);
      if (post.lost !== null) assert.equal(outcome, "lost");
      else if (!filings.has(post)) assert.equal(outcome, "posted");
      else {
        assert.equal(titles.get(id), post.input.title, `${provisional} is ${id}`);
        const { expected } = filings.get(post)!;
        const isKept = expected === null || expected === id;
        assert.equal(outcome, isKept ? "confirmed" : "amended", `${provisional} is ${id}`);
      }
    }
  }
}

/** By how much the instant of a post may be off that was read from a wall clock: a request takes its time. */
const SLACK_MS = 20_000;

/** In one contest, a number belongs to the earlier post; of two at one instant, to the smaller seat name. */
function earlierWins(fleet: Fleet, tickets: readonly Ticket[], rows: readonly any[]): void {
  const byTitle = new Map(fleet.filings.map((one) => [one.post.input.title!, one]));
  const rowOf = ({ machine, post }: Filing) => rows.find(({ spool, n }) => spool === machine.spool && n === post.n);
  const titles = new Map(tickets.map(({ id, title }) => [id, title]));
  const known = knowledge(fleet);
  for (const filing of fleet.filings) {
    const row = rowOf(filing);
    if (row.said_before || row.outcome !== "amended") continue;
    const winner = byTitle.get(titles.get(filing.expected!) ?? "");
    // It was given at the server, or by an earlier contest: such a number does not move.
    if (!winner || winner.expected !== filing.expected) continue;
    const other = rowOf(winner);
    if (other.said_before || other.settled_at.getTime() !== row.settled_at.getTime()) continue;
    const sure = Math.max(known.get(winner)!, known.get(filing)!);
    const lead = filing.at - winner.at;
    const names = [winner, filing].map(({ machine }) => machine.seat.name);
    const told = `${filing.expected} went to ${names[0]}, ${lead} ms before ${names[1]}`;
    assert.ok(lead >= -sure, told);
    if (sure === 0) fleet.judged++;
    if (sure === 0 && lead === 0) assert.ok(names[0]! < names[1]!, told);
  }
}

/** How far off the server can be about each filing: not at all, by a request's time, or by any time. */
function knowledge(fleet: Fleet): Map<Filing, number> {
  const known = new Map<Filing, number>();
  const worst = new Map<string, number>();
  const filings = new Map(fleet.filings.map((one) => [one.post, one]));
  for (const machine of fleet.machines)
    for (const post of machine.posts) {
      const before = worst.get(machine.spool) ?? 0;
      const isSet = machine.clock_sets > machine.clock_sets_at[post.n - 1]!;
      const own = post.elapsed_ms !== null ? 0 : isSet ? Infinity : SLACK_MS;
      // No post is earlier than the one before it, so that what is not known of that one is not known of this one.
      worst.set(machine.spool, Math.max(before, own));
      const filing = filings.get(post);
      if (filing) known.set(filing, Math.max(before, own));
    }
  return known;
}

/** Each narrative stands in the ledger once, with the final id of what it cites. */
async function postedOnce(world: TestWorld, fleet: Fleet, since: number): Promise<void> {
  const leaves = await world.sql(
    "select convert_from(leaf, 'UTF8') as leaf from ledger.entries where seq > $1 and kind = 'post.appended'",
    [since],
  );
  const posts = Map.groupBy(
    leaves.map(({ leaf }) => JSON.parse(leaf).data),
    ({ subject }) => subject as string,
  );
  const cited = [...fleet.subjects.values()].filter((provisional) => provisional !== null);
  const aliases = await world.sql(
    "select alias, ticket_id from tickets.aliases where tenant_id = 1 and alias = any ($1)",
    [cited],
  );
  const finals = new Map(aliases.map((row) => [row.alias, row.ticket_id]));
  for (const machine of fleet.machines)
    for (const { input, lost } of machine.posts) {
      if (input.subject === undefined || lost !== null) continue;
      const found = posts.get(input.subject) ?? [];
      assert.equal(found.length, 1, `${input.subject} was posted ${found.length} times`);
      const about = fleet.subjects.get(input.subject) ?? null;
      assert.equal(found[0].body, about === null ? "About nothing" : `About ${finals.get(about) ?? about}`);
    }
}
