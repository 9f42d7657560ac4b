import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Cable } from "../../src/spool/cable.fixture.ts";
import { long } from "../harness.ts";
import { dataDirectory, running, ServerProcess } from "./server_process.ts";
import type { Order, Said } from "./spool_machine.ts";
import { closedForm, plot, pointsOf, type Sample } from "./spool_plot.ts";

/** In the long form a second stands for a minute: an hour. A cut and a connection last a few of them each. */
const size = long
  ? { machines: 8, seats: 200, namespaces: 40, seconds: 60, filing_every_ms: 6_000, contest_seconds: 15 }
  : { machines: 3, seats: 12, namespaces: 6, seconds: 4, filing_every_ms: 500, contest_seconds: 1 };
const CUT_MS = long ? 5_000 : 800;
const KILLED = 0.3;
const CONFIRMED_WITHIN_MS = 30_000;

const program = fileURLToPath(new URL("spool_machine.ts", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "longwatch-machines-"));
after(() => rmSync(home, { recursive: true, force: true }));
const random_ms = (mean: number) => mean * (0.4 + 1.2 * Math.random());

/** A machine with its own cable; whatever becomes of its process, what it said is remembered. */
class Machine {
  readonly said: Said[] = [];
  /** Since when it could reach the server, or could not. */
  readonly switched: { at: number; joined: boolean }[] = [{ at: Date.now(), joined: true }];
  cuts = 0;
  kills = 0;
  readonly #order: Order;
  readonly #cable: Cable;
  #child: ReturnType<typeof spawn> | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(cable: Cable, order: Order) {
    [this.#cable, this.#order] = [cable, order];
  }

  start(): void {
    const order = { ...this.#order, run: `${this.#order.run}.${this.kills}` };
    const child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ["pipe", "pipe", "inherit"] });
    running.add(child);
    this.#child = child;
    const lines = createInterface({ input: child.stdout! });
    lines.on("line", (line) => this.said.push(JSON.parse(line)));
    child.stdin!.on("error", () => {});
    this.#ended = new Promise((done) => lines.once("close", () => (running.delete(child), done())));
  }

  /** Cut off and joined again, at random, and now and then killed with everything that it was doing. */
  async suffer(signal: AbortSignal): Promise<void> {
    const wait = (mean: number) => sleep(random_ms(mean), undefined, { signal }).catch(() => {});
    while (!signal.aborted) {
      await wait(CUT_MS);
      if (signal.aborted) break;
      await this.#switch(false);
      this.cuts++;
      await wait(CUT_MS);
      if (Math.random() < KILLED) await this.#kill();
      await this.#switch(true);
    }
    await this.#switch(true);
  }

  async end(): Promise<void> {
    this.#child!.stdin!.end("over\n");
    await this.#ended;
    await this.#cable.sever();
  }

  async #kill(): Promise<void> {
    this.#child!.kill("SIGKILL");
    await this.#ended;
    this.kills++;
    this.start();
  }

  async #switch(joined: boolean): Promise<void> {
    await (joined ? this.#cable.plug() : this.#cable.sever());
    this.switched.push({ at: Date.now(), joined });
  }

  /** For how long of this time it could reach the server. */
  joined_ms(from: number, to: number): number {
    return this.switched.reduce((sum, { at, joined }, n) => {
      const end = this.switched[n + 1]?.at ?? Infinity;
      return joined ? sum + Math.max(0, Math.min(end, to) - Math.max(at, from)) : sum;
    }, 0);
  }
}

async function mustered(server: ServerProcess): Promise<{ machines: Machine[]; namespaces: string[] }> {
  const operator = server.client();
  const namespaces = Array.from({ length: size.namespaces }, (_, n) => `N${n + 1}`);
  for (const prefix of namespaces) await operator.say("namespace.define", { prefix, format: `${prefix}-NNNN` });
  await operator.say("spool.configure", { contest_seconds: size.contest_seconds });
  const tokens: string[] = [];
  for (let n = 1; n <= size.seats; n++)
    tokens.push((await operator.say<{ token: string }>("seat.adopt", { name: `DRILL-CLI-TEST-SPOOL-${n}` })).token);
  const catalogue = join(home, "catalogue.json");
  writeFileSync(catalogue, JSON.stringify(await operator.ask("catalogue")));
  operator.close();
  const machines: Machine[] = [];
  for (let n = 0; n < size.machines; n++) {
    const cable = await Cable.to(server.url);
    const mine = tokens.filter((_, at) => at % size.machines === n);
    const order = { url: cable.url, place: join(home, String(n)), catalogue, run: `m${n}`, tokens: mine, namespaces };
    machines.push(new Machine(cable, { ...order, filing_every_ms: size.filing_every_ms }));
  }
  return { machines, namespaces };
}

type Ticket = { id: string; title: string };

async function ticketsOf(server: ServerProcess, namespaces: readonly string[]): Promise<Ticket[]> {
  const operator = server.client();
  const all: Ticket[] = [];
  for (const namespace of namespaces)
    for (let after: string | null | undefined; after !== null;) {
      type Page = { tickets: Ticket[]; next: string | null };
      const page: Page = await operator.ask("ticket.list", { namespace, limit: 200, ...(after ? { after } : {}) });
      all.push(...page.tickets);
      after = page.next;
    }
  operator.close();
  return all;
}

const kept = (machine: Machine) => machine.said.filter((said) => said.kind === "kept");

/** How long each kept filing of a machine waited, of the time in which it could reach the server. */
function waits_ms(machine: Machine): number[] {
  const outcomes = new Map(
    machine.said.flatMap((said) => (said.kind === "outcome" ? [[said.provisional, said.at]] : [])),
  );
  return kept(machine).flatMap(({ id, at }) => {
    const until = outcomes.get(id);
    return until === undefined ? [] : [machine.joined_ms(at, until)];
  });
}

/** What would have come of the first number that each machine took for itself when it was cut off. */
function samplesOf(machines: readonly Machine[], tickets: readonly Ticket[], seconds: number): Sample[] {
  const titles = new Map(tickets.map(({ id, title }) => [id, title]));
  const expected = Map.groupBy(machines.flatMap(kept), ({ id }) => id.split("~")[0]!);
  const rate = (tickets.length / seconds / 1000) * ((size.machines - 1) / size.machines / size.namespaces);
  return machines.flatMap((machine) =>
    kept(machine).flatMap(({ id, title, at, learned_at, first }) => {
      if (!first || learned_at === null) return [];
      const number = id.split("~")[0]!;
      const joined_at = machine.switched.find((one) => one.joined && one.at > at)?.at ?? at;
      const holder = titles.get(number);
      const collided = expected.get(number)!.length > 1 || (holder !== undefined && holder !== title);
      return [{ expected: rate * (joined_at - learned_at), collided }];
    }),
  );
}

test(
  `J2: ${size.seats} seats on ${size.machines} machines that are cut off and killed at random lose and double nothing`,
  { timeout: 300_000 },
  async () => {
    const server = await ServerProcess.start({ data: dataDirectory() });
    const { machines, namespaces } = await mustered(server);
    for (const machine of machines) machine.start();
    for (const machine of machines) while (machine.said.length === 0) await sleep(50);
    if (long) console.log("every machine works");
    const over = new AbortController();
    const suffering = machines.map((machine) => machine.suffer(over.signal));
    await sleep(size.seconds * 1000);
    over.abort();
    await Promise.all(suffering);
    if (long) console.log("every machine is joined again");
    await Promise.all(machines.map((machine) => machine.end()));

    const said = machines.flatMap((machine) => machine.said);
    assert.deepEqual(
      said.filter(({ kind }) => kind === "wrong"),
      [],
    );
    const tickets = await ticketsOf(server, namespaces);
    const byTitle = Map.groupBy(tickets, ({ title }) => title);
    assert.equal(byTitle.size, tickets.length, "something was filed twice");
    assert.equal(new Set(tickets.map(({ id }) => id)).size, tickets.length, "a number was given twice");
    for (const one of said)
      if (one.kind === "filed") assert.equal(byTitle.get(one.title)?.[0]?.id, one.id);
      else if (one.kind === "kept") assert.equal(byTitle.get(one.title)?.length, 1, `${one.title} was lost`);
    const operator = server.client();
    const drift = await operator.ask<{ differences: number }>("ticket.drift");
    assert.equal(drift.differences, 0);
    assert.equal((await operator.ask<{ whole: boolean }>("ledger.verify")).whole, true);
    operator.close();
    const waits = machines.flatMap(waits_ms);
    const longest = Math.max(0, ...waits);
    assert.ok(longest < CONFIRMED_WITHIN_MS, `a filing waited ${longest} ms with the server in reach`);
    assert.ok(waits.length > 0, "nothing was ever kept");
    report(machines, tickets, longest);
    assert.equal((await server.terminate()).code, 0);
  },
);

function report(machines: readonly Machine[], tickets: readonly Ticket[], longest_ms: number): void {
  const samples = samplesOf(machines, tickets, size.seconds);
  const count = (of: (machine: Machine) => number) => machines.reduce((sum, machine) => sum + of(machine), 0);
  const told =
    `${size.seats} seats on ${size.machines} machines, ${count((one) => one.cuts)} cuts, ` +
    `${count((one) => one.kills)} kills: ${tickets.length} filings, ${count((one) => kept(one).length)} kept; ` +
    `0 lost, 0 twice; at most ${(longest_ms / 1000).toFixed(1)} s to confirm with the server in reach`;
  const collided = samples.filter((sample) => sample.collided).length;
  const form = samples.reduce((sum, { expected }) => sum + closedForm(expected), 0);
  const said = form.toFixed(0);
  const beside = `of ${samples.length} numbers taken blind ${collided} were others' too; 1 − e^(−x) says ${said}`;
  if (!long) return;
  console.log(`${told}\n${beside}`);
  writeFileSync(
    new URL("../../bench/collisions.svg", import.meta.url),
    plot(pointsOf(samples, 12), `${told}; ${beside}`),
  );
}
