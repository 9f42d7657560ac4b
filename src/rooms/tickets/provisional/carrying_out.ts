import type { Act, Caller, Command, Role, World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { type Filing, fileTickets } from "../filing.ts";
import { nameThem } from "../imports.ts";
import { namespacesOf } from "../numbers.ts";
import { findTicket } from "../ticket.ts";
import { provisionalsIn, rewritten } from "./citations.ts";
import { admitted, isPersonal } from "./judging.ts";
import type { Outcome } from "./shapes.ts";
import { cancelled, collide, confirmation, type Filed } from "./telling.ts";

const sql = statements("tickets/provisional", "ready", "provisionals", "settle", "spools_settled");

/** Bounds a transaction; the clock comes again for the rest. */
export const POSTS_A_RUN = 1_000;

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
};

type Turn = {
  world: World;
  row: Ready;
  caller: Caller;
  /** With the final ids in place of the provisional ones. */
  input: Record<string, unknown>;
};

/** Carries out the posts whose turn it is, in the order of their instants; answers how many. */
export async function carryOut(world: World, { tenant, tenant_id }: Caller): Promise<number> {
  const rows = await world.db.all<Ready>(sql.ready, { limit: POSTS_A_RUN });
  if (rows.length === 0) return 0;
  const said = rows.map((row) => (row.input === null ? {} : (JSON.parse(row.input) as Record<string, unknown>)));
  const finals = await finalsOf(world, said);
  const lanes = new Map((await namespacesOf(world.db)).map(({ prefix, lane }) => [prefix, lane]));
  for (const [index, row] of rows.entries()) {
    const { principal_id, name, role, incarnation, scope } = row;
    const caller = { tenant_id, tenant, principal_id, name, role, incarnation, ...(scope === null ? {} : { scope }) };
    const turn = { world, row, caller, input: rewritten(said[index]!, finals) };
    Object.assign(row, await take(turn, lanes.get(row.namespace ?? "") ?? row.namespace ?? ""));
    if (row.provisional !== null && row.final_id !== null) finals.set(row.provisional, row.final_id);
  }
  const column = <Name extends keyof Ready>(name: Name) => rows.map((row) => row[name]);
  const which = { spools: column("spool"), ns: column("n") };
  const verdicts = { outcomes: column("outcome"), reasons: column("reason"), codes: column("code") };
  world.db.send(sql.settle, { at: await world.at(), ...which, final_ids: column("final_id"), ...verdicts });
  world.db.send(sql.spools_settled, which);
  await keepNames(world, rows);
  return rows.length;
}

async function finalsOf(world: World, said: readonly unknown[]): Promise<Map<string, string>> {
  const provisionals = [...new Set(said.flatMap(provisionalsIn))];
  if (provisionals.length === 0) return new Map();
  const known = await world.db.all<{ provisional: string; final_id: string | null }>(sql.provisionals, {
    provisionals,
  });
  return new Map(known.flatMap((one) => (one.final_id === null ? [] : [[one.provisional, one.final_id]])));
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
  if (done instanceof Refusal) return refuse(turn, done.message, done.code, lane);
  for (const event of done.events) world.record(event, caller);
  if (done.filed && (operation === "ticket.file" || provisional !== null)) return confirm(turn, done.filed);
  return { final_id: done.item, outcome: "posted", reason: null, code: null };
}

type Done = { events: Act<unknown>["events"]; item: string | null; filed: Filed | null };

/** Says it in the name of whoever posted it, under the rules that hold now. */
async function act({ world, row, caller, input }: Turn, lane: string): Promise<Done | Refusal> {
  try {
    const parsed = admitted(world, caller, row.operation, input);
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
  const words = isPersonal(input) || code === "entry.oversized" ? {} : { said: input };
  const data = { spool, n, operation, provisional, code, reason, ...words };
  if (final_id !== null) world.record(await cancelled(world, caller, row, reason, lane), caller);
  world.record({ kind: "spool.refused", subject: final_id ?? provisional, data }, caller);
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
