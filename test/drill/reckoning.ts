import assert from "node:assert/strict";
import type { Client } from "../../src/client/client.ts";
import type { Acknowledgement } from "./filer.ts";

export type Ticket = { id: string; title: string; state: string };
type LedgerEntry = { seq: number; kind: string; subject: string | null; data: { title?: string } };
type Verified = { whole: boolean; entries: number; reason: string | null };
type Drift = { differences: number; found: unknown[] };

export type Reckoning = { tickets: number; entries: number };

/**
 * What must be true after any storm: what the clients were told is there and nothing else, every key took effect
 * once, and each series of numbers goes from 1 to its last without a gap. With `unanswered`, clients were turned away:
 * what they asked for may be there, but never twice.
 */
export async function reckon(
  client: Client,
  acknowledgements: Acknowledgement[],
  unanswered = false,
): Promise<Reckoning> {
  const tickets = await everyTicket(client);
  const entries = await everyEntry(client);
  const byTitle = new Map(tickets.map((ticket) => [ticket.title, ticket]));
  assert.equal(byTitle.size, tickets.length, "a key took effect twice: two tickets have one title");
  for (const { act, id, title } of acknowledgements) {
    const ticket = byTitle.get(title);
    assert.equal(ticket?.id, id, `the ${act} of ${title} was acknowledged as ${id}`);
    if (act === "file") assert.equal(ticket?.state, "awaiting_claim", `${id} was acknowledged as filed`);
  }
  const filed = acknowledgements.filter(({ act }) => act === "file");
  assert.equal(new Set(filed.map(({ id }) => id)).size, filed.length, "one number was acknowledged for two tickets");
  if (!unanswered) assert.equal(tickets.length, filed.length, "there are tickets that nobody was told of");
  checkSeries(tickets);
  checkEntries(entries, tickets, acknowledgements);
  const given = await client.ask<{ namespaces: { numbers_given: number }[] }>("namespace.list");
  assert.equal(
    given.namespaces.reduce((sum, one) => sum + one.numbers_given, 0),
    tickets.length,
    "numbers were given for nothing",
  );
  const verified = await client.ask<Verified>("ledger.verify");
  assert.deepEqual([verified.whole, verified.reason], [true, null]);
  assert.equal(verified.entries, entries.length);
  const drift = await client.ask<Drift>("ticket.drift");
  assert.deepEqual(drift.found, []);
  assert.equal(drift.differences, 0);
  return { tickets: tickets.length, entries: entries.length };
}

/** In each series (a prefix and its period) the numbers are 1, 2, 3 … */
export function checkSeries(tickets: readonly Ticket[]): void {
  const series = new Map<string, number[]>();
  for (const { id } of tickets) {
    // FLT-YYYYMMDDNN has no hyphen before its number, and the period is as long as the form says.
    const [, name, number] = /^(FLT-\d{8}|.*-)(\d+)$/.exec(id)!;
    if (!series.has(name!)) series.set(name!, []);
    series.get(name!)!.push(Number(number));
  }
  for (const [name, numbers] of series) {
    numbers.sort((a, b) => a - b);
    for (const [index, number] of numbers.entries())
      assert.equal(number, index + 1, `${name}: ${number} stands where ${index + 1} should`);
  }
}

/** The ledger tells each ticket once, and the reservation of those that were reserved before it. */
function checkEntries(entries: LedgerEntry[], tickets: Ticket[], acknowledgements: Acknowledgement[]): void {
  for (const [index, { seq }] of entries.entries()) assert.equal(seq, index + 1, "the ledger has a gap");
  const told = { "ticket.filed": new Map<string, string>(), "ticket.reserved": new Map<string, string>() };
  for (const { kind, subject, data } of entries) {
    const map = told[kind as keyof typeof told];
    if (!map) continue;
    assert.ok(!map.has(subject!), `the ledger tells ${kind} of ${subject} twice`);
    map.set(subject!, data.title!);
  }
  for (const { id, title, state } of tickets) {
    const said = told[state === "reserved" ? "ticket.reserved" : "ticket.filed"].get(id);
    assert.equal(said, title, `the ledger does not tell of ${id}`);
  }
  for (const { act, id, title } of acknowledgements)
    if (act === "reserve")
      assert.equal(told["ticket.reserved"].get(id), title, `the ledger does not tell of ${id}'s reservation`);
}

async function everyTicket(client: Client): Promise<Ticket[]> {
  const all: Ticket[] = [];
  for (let after: string | null = ""; after !== null;) {
    const page: { tickets: Ticket[]; next: string | null } = await client.ask("ticket.list", { after, limit: 1000 });
    all.push(...page.tickets);
    after = page.next;
  }
  return all;
}

async function everyEntry(client: Client): Promise<LedgerEntry[]> {
  const all: LedgerEntry[] = [];
  for (;;) {
    const { entries } = await client.ask<{ entries: LedgerEntry[] }>("feed.read", { after: all.length, limit: 1000 });
    if (entries.length === 0) return all;
    all.push(...entries);
  }
}
