import { isPassing } from "../../../kernel/database.ts";
import type { Act, Caller, Command, Event, Role, World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { internalRefusal } from "../../../kernel/refusals.ts";
import { statements } from "../../../kernel/sql.ts";
import { type Filing, fileTickets } from "../filing.ts";
import { nameThem } from "../imports.ts";
import { namespacesOf } from "../numbers/namespaces.ts";
import { findTicket } from "../ticket.ts";
import { provisionalsIn, rewritten } from "./citations.ts";
import { admitted, fitsAnEntry, isPersonal, oversized } from "./judging.ts";
import { type Outcome, whyOf } from "./shapes.ts";
import { cancelled, collide, confirmation, type Filed } from "./telling.ts";

const sql = statements("tickets/provisional", "ready", "provisionals", "settle", "spools_settled");

/** Bounds a transaction: some seconds on a busy machine, and who waits longer than ten is turned away. */
export const POSTS_A_RUN = 250;

/** A post whose turn it is, with the one who posted it as that one is now. */
export type Ready = {
  spool: string;
  n: number;
  operation: string;
  provisional: string | null;
  namespace: string | null;
  expected: string | null;
  title: string | null;
  input: string | null;
  posted_at: Date;
  effective_at: Date;
  said_before: boolean;
  final_id: string | null;
  outcome: Outcome["outcome"] | null;
  reason: string | null;
  code: string | null;
  principal_id: number;
  name: string;
  role: Role;
  incarnation: string | null;
  scope: string[] | null;
  retired: boolean;
};

type Turn = {
  world: World;
  row: Ready;
  caller: Caller;
  /** With the final ids in place of the provisional ones. */
  input: Record<string, unknown>;
};

/** What is known while posts are carried out. */
type Run = {
  caller: Caller;
  /** The final ids of provisional ones; grows with each post that has its outcome. */
  finals: Map<string, string>;
  /** Provisional ids whose numbers a contest will give. */
  contending: ReadonlySet<string>;
  lanes: ReadonlyMap<string, string>;
};

type Said = Record<string, unknown>;
const saidIn = ({ input }: Ready) => (input === null ? {} : (JSON.parse(input) as Said));

/** Carries out the posts whose turn it is, in the order of their instants; answers how many. */
export async function carryOut(world: World, caller: Caller): Promise<number> {
  const ready = await world.db.all<Ready>(sql.ready, { limit: POSTS_A_RUN });
  if (ready.length === 0) return 0;
  const lanes = new Map((await namespacesOf(world.db)).map(({ prefix, lane }) => [prefix, lane]));
  const run: Run = { caller, lanes, ...(await citedBy(world, ready)) };
  const rows = inTurn(ready, run);
  if (rows.length === 0) return 0;
  try {
    await carry(world, run, rows);
  } catch (error) {
    if (isPassing(error)) throw error;
    for (const row of rows) await carryAlone(world, run, row);
  }
  return rows.length;
}

/**
 * In the order in which they are carried out: that of their instants, except that a post which cites a filing waits
 * until that is carried out, and what stands behind it in its spool waits too. A clock that goes behind may have cited
 * what is filed only later. Posts that wait for each other in a circle do not wait: the earliest goes first.
 */
function inTurn(ready: readonly Ready[], { contending }: Run): Ready[] {
  const turns: Ready[] = [];
  let rest = ready.map((row) => ({ row, cites: provisionalsIn(saidIn(row)).filter((id) => id !== row.provisional) }));
  for (;;) {
    const filings = new Set(rest.map(({ row }) => row.provisional));
    const held = new Set<string>();
    const left = rest.filter(({ row, cites }) => {
      if (held.has(row.spool) || cites.some((id) => contending.has(id) || filings.has(id))) {
        held.add(row.spool);
        return true;
      }
      filings.delete(row.provisional);
      turns.push(row);
      return false;
    });
    if (left.length === rest.length) {
      const first = firstOfACircle(left, contending);
      if (first < 0) return turns;
      turns.push(...left.splice(first, 1).map(({ row }) => row));
    }
    rest = left;
  }
}

/** The place of the earliest post, first in its spool, that waits for no contest; -1 when all do. */
function firstOfACircle(left: readonly { row: Ready; cites: string[] }[], contending: ReadonlySet<string>): number {
  const spoolOf = new Map(left.map(({ row }) => [row.provisional, row.spool]));
  const heads = new Map<string, (typeof left)[number]>();
  for (const one of left) if (!heads.has(one.row.spool)) heads.set(one.row.spool, one);
  const stuck = new Set<string>();
  for (let known = -1; known < stuck.size;) {
    known = stuck.size;
    for (const [spool, { cites }] of heads)
      if (cites.some((id) => contending.has(id) || stuck.has(spoolOf.get(id) ?? ""))) stuck.add(spool);
  }
  return left.findIndex((one) => heads.get(one.row.spool) === one && !stuck.has(one.row.spool));
}

/** One that fails by a bug of ours is refused with that: else it would hold up everybody's posts for ever. */
async function carryAlone(world: World, run: Run, row: Ready): Promise<void> {
  try {
    await carry(world, run, [row]);
  } catch (error) {
    if (isPassing(error)) throw error;
    const refusal = error instanceof Refusal ? error : internalRefusal(error);
    if (refusal !== error) world.failed(error);
    // What took effect before it was spooled cannot be refused any more: it is settled without a word.
    if (row.said_before) return settle(world, [row]);
    // Not in its own words, which may be what fails.
    const title = refusal === error ? row.title : `Post ${row.n} of the spool ${row.spool}`;
    await carry(world, run, [{ ...row, title, outcome: "refused", reason: whyOf(refusal), code: refusal.code }]);
  }
}

/** Carries out posts, all or none. */
async function carry(world: World, { caller: { tenant, tenant_id }, ...run }: Run, ready: readonly Ready[]) {
  const finals = new Map(run.finals);
  const events: { event: Event; by: Caller | undefined }[] = [];
  const part: World = { ...world, record: (event, by) => void events.push({ event, by }) };
  await world.db.apart(async () => {
    const rows: Ready[] = [];
    for (const row of ready) {
      const { principal_id, name, role, incarnation, scope } = row;
      const caller = { tenant_id, tenant, principal_id, name, role, incarnation, ...(scope === null ? {} : { scope }) };
      const turn = { world: part, row, caller, input: rewritten(saidIn(row), finals) };
      const done = { ...row, ...(await take(turn, run.lanes.get(row.namespace ?? "") ?? row.namespace ?? "")) };
      if (row.provisional !== null && done.final_id !== null) finals.set(row.provisional, done.final_id);
      rows.push(done);
    }
    for (const { event } of events) if (!fitsAnEntry(event)) throw oversized();
    await settle(world, rows);
  });
  for (const { event, by } of events) world.record(event, by);
  for (const [provisional, final_id] of finals) run.finals.set(provisional, final_id);
}

async function settle(world: World, rows: readonly Ready[]): Promise<void> {
  const column = <Name extends keyof Ready>(name: Name) => rows.map((row) => row[name]);
  const which = { spools: column("spool"), ns: column("n") };
  const verdicts = { outcomes: column("outcome"), reasons: column("reason"), codes: column("code") };
  world.db.send(sql.settle, { at: await world.at(), ...which, final_ids: column("final_id"), ...verdicts });
  world.db.send(sql.spools_settled, which);
  await keepNames(world, rows);
}

async function citedBy(world: World, rows: readonly Ready[]): Promise<Pick<Run, "finals" | "contending">> {
  const provisionals = [...new Set(rows.flatMap((row) => provisionalsIn(saidIn(row))))];
  const known =
    provisionals.length === 0
      ? []
      : await world.db.all<{ provisional: string; final_id: string | null; contending: boolean }>(sql.provisionals, {
          provisionals,
        });
  return {
    finals: new Map(known.flatMap((one) => (one.final_id === null ? [] : [[one.provisional, one.final_id]]))),
    contending: new Set(known.flatMap((one) => (one.contending ? [one.provisional] : []))),
  };
}

type Verdict = Pick<Ready, "final_id" | "outcome" | "reason" | "code">;

/** One post's turn. */
async function take(turn: Turn, lane: string): Promise<Verdict> {
  const { world, row, caller } = turn;
  const { spool, n, operation, outcome, reason, code, final_id, provisional } = row;
  if (outcome === "lost") {
    world.record({ kind: "spool.lost", subject: provisional, data: { spool, n, provisional, reason } }, caller);
    return { final_id: null, outcome, reason, code };
  }
  if (outcome === "refused") return refuse(turn, reason!, code!, lane);
  if (row.said_before) {
    if (outcome === "posted") return { final_id, outcome, reason, code };
    const { state, title } = await findTicket(world.db, final_id!);
    return confirm(turn, { id: final_id!, state, title });
  }
  const done = await act(turn, lane);
  if (done instanceof Refusal) return refuse(turn, whyOf(done), done.code, lane);
  for (const event of done.events) world.record(event, caller);
  if (done.filed && (operation === "ticket.file" || provisional !== null)) return confirm(turn, done.filed);
  return { final_id: done.item, outcome: "posted", reason: null, code: null };
}

type Done = { events: Act<unknown>["events"]; item: string | null; filed: Filed | null };

/** Says it in the name of whoever posted it, under the rules that hold now. */
async function act({ world, row, caller, input }: Turn, lane: string): Promise<Done | Refusal> {
  try {
    const parsed = admitted(world, caller, row.operation, input);
    if (row.retired && parsed.item !== undefined && parsed.kind === "actionable") throw retired(row);
    if (row.operation === "ticket.file") {
      const { final_id, effective_at: at, provisional } = row;
      const given = final_id === null ? undefined : [{ id: final_id, lane, at, provisional }];
      const [filed] = await fileTickets(world, [{ caller, input: parsed as Filing }], given);
      if (filed instanceof Refusal) return filed;
      return { events: filed!.events, item: filed!.output.id, filed: filed!.output };
    }
    const command = world.operation(row.operation) as Command;
    const [outcome] = await command.run(world, [{ caller, input: parsed }]);
    if (outcome instanceof Refusal) return outcome;
    const { item: id, state } = outcome!.output as { item: string | null; state: string | null };
    const isNew = parsed.reserve !== undefined && id !== null;
    return {
      events: outcome!.events,
      item: id,
      filed: isNew ? { id, state: state!, title: String(parsed.subject) } : null,
    };
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** What it filed and told stands; a claim in its name would be nobody's. */
function retired({ name }: Ready): Refusal {
  return new Refusal("conflict", "seat.retired", `${name} has retired since; nothing is moved in its name.`);
}

/** The ticket is there under its final number; the provisional id goes on to find it. */
async function confirm({ world, row, caller }: Turn, filed: Filed): Promise<Verdict> {
  const { expected } = row;
  const isAmended = expected !== null && expected !== filed.id;
  const told = row.reason ?? `${expected} was given before this was carried out: a number that is given does not move.`;
  const reason = isAmended ? told : null;
  world.record(confirmation(row, filed, reason), caller);
  if (isAmended && row.operation === "ticket.file") await collide(world, caller, row, filed);
  return { final_id: filed.id, outcome: isAmended ? "amended" : "confirmed", reason, code: null };
}

/** What the rules refuse is not lost: its words and why stand in its entry, and a number it has is not left a hole. */
async function refuse(
  { world, row, caller, input }: Turn,
  reason: string,
  code: string,
  lane: string,
): Promise<Verdict> {
  const { spool, n, operation, provisional, final_id } = row;
  if (final_id !== null) world.record(await cancelled(world, caller, row, reason, lane), caller);
  const refused = (words: object): Event => {
    const data = { spool, n, operation, provisional, code, reason, ...words };
    return { kind: "spool.refused", subject: final_id ?? provisional, data };
  };
  const whole = refused(isPersonal(input) ? {} : { said: input });
  world.record(fitsAnEntry(whole) ? whole : refused({}), caller);
  return { final_id, outcome: "refused", reason, code };
}

async function keepNames(world: World, rows: readonly Ready[]): Promise<void> {
  const named = rows.filter(({ provisional, final_id }) => provisional !== null && final_id !== null);
  if (named.length === 0) return;
  await nameThem(
    world.db,
    named.map(({ provisional, final_id, spool, n }) => ({
      ...{ id: final_id!, alias: provisional!, digest: `spool ${spool} ${n}` },
    })),
  );
}
