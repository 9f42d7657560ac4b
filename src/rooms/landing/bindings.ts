import { z } from "zod";
import { type Caller, command, type Event, type Role, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { type Presence, presenceOf, type Principal, resolveName } from "../seats/index.ts";
import { EnvironmentName, findEnvironment, type Row } from "./environments.ts";
import { cutOff, lapse } from "./lapsing.ts";

const sql = statements("landing", "binding_insert", "binding_turn", "binding_delete", "seat_now");

/** Those who put code into production, and so may own an environment. */
export const LANDERS = ["implementer", "operator"] as const satisfies readonly Role[];
/** Those who hand over for an owner who is gone, so that nobody waits for the operator. */
const STAND_INS: readonly Role[] = ["coordinator", "steward"];

const Bound = z.object({ environment: z.string(), owner: z.string().nullable() });
const Reason = text(2000).trim().min(1).describe("Why; the next owner reads it.");

export const take = command({
  name: "binding.take",
  summary: "Become the owner of an environment that has none: only its owner deploys to it.",
  input: z.object({ environment: EnvironmentName }),
  output: Bound,
  may: LANDERS,
  said_by: "programs",
  events: ["binding.taken"],
  refuses: ["environment.unknown", "binding.held", "binding.not_a_lander"],
  unrecorded: "Who owns it already is answered again, and changes nothing.",
  async run(world, { caller, input: { environment } }) {
    const row = await findEnvironment(world.db, environment);
    const output = { environment, owner: caller.name };
    if (row.owner_id === caller.principal_id) return { output, events: [] };
    if (row.owner_id !== null) throw heldBy(row, caller);
    refuseSubAgent(caller.name);
    world.db.send(sql.binding_insert, { environment, owner_id: caller.principal_id, at: await world.at() });
    return { output, events: [{ kind: "binding.taken", subject: environment, data: output }] };
  },
});

export const handOver = command({
  name: "binding.hand_over",
  summary: "Hand an environment to another owner: by the owner, by the operator, or for an owner who is gone.",
  input: z.object({
    environment: EnvironmentName,
    to: text(120).min(1).describe("The seat that owns it from now on."),
    reason: Reason,
    cut: z.boolean().default(false).describe("Although a deploy runs: it is cut off, and the new owner looks."),
  }),
  output: Bound.extend({ was: z.string(), cut: z.int().nullable().describe("The deploy that was cut off.") }),
  may: [...LANDERS, "coordinator", "steward"],
  said_by: "programs",
  events: ["binding.handed_over", "deploy.lapsed", "deploy.abandoned"],
  refuses: [
    "environment.unknown",
    "seat.unknown",
    "seat.ambiguous",
    "binding.free",
    "binding.held",
    "binding.not_a_lander",
    "binding.as_it_is",
    "deploy.running",
  ],
  async run(world, { caller, input }) {
    await lapse(world);
    const row = await findEnvironment(world.db, input.environment);
    const to = await resolveName(world.db, input.to);
    if (row.owner_id === null) throw free(row);
    await refuseStranger(world, caller, row);
    refuseAsOwner(to);
    if (to.id === row.owner_id)
      throw new Refusal("conflict", "binding.as_it_is", `${to.name} owns ${row.name} already.`);
    const cut = await stopRunning(world, caller, row, input);
    const { environment, reason } = input;
    const at = await world.at();
    world.db.send(sql.binding_turn, { environment, owner_id: to.id, from_id: row.owner_id, at });
    const data = { environment, owner: to.name, was: row.owner!, by: caller.name, reason, cut: cut?.id ?? null };
    return {
      output: { environment, owner: to.name, was: row.owner!, cut: cut?.id ?? null },
      events: [...(cut?.events ?? []), { kind: "binding.handed_over", subject: environment, data }],
    };
  },
});

export const release = command({
  name: "binding.release",
  summary: "Give an environment up: nobody deploys to it until somebody takes it.",
  input: z.object({ environment: EnvironmentName, reason: Reason }),
  output: Bound.extend({ was: z.string() }),
  may: LANDERS,
  said_by: "programs",
  events: ["binding.released", "deploy.lapsed", "deploy.abandoned"],
  refuses: ["environment.unknown", "binding.free", "binding.held", "deploy.running", "environment.in_doubt"],
  async run(world, { caller, input: { environment, reason } }) {
    await lapse(world);
    const row = await findEnvironment(world.db, environment);
    if (row.owner_id === null) throw free(row);
    if (row.owner_id !== caller.principal_id && caller.role !== "operator") throw heldBy(row, caller);
    if (row.unsettled !== null) throw unsettled(row);
    world.db.send(sql.binding_delete, { environment, owner_id: row.owner_id });
    const data = { environment, was: row.owner!, by: caller.name, reason };
    return {
      output: { environment, owner: null, was: row.owner! },
      events: [{ kind: "binding.released", subject: environment, data }],
    };
  },
});

/** The owner hands over what is his. The operator always may; coordinators may for an owner who is not there. */
async function refuseStranger(world: World, caller: Caller, row: Row): Promise<void> {
  if (row.owner_id === caller.principal_id || caller.role === "operator") return;
  if (!STAND_INS.includes(caller.role)) throw heldBy(row, caller);
  const [owner] = await world.db.all<Presence>(sql.seat_now, { id: row.owner_id });
  const state = presenceOf(owner!, await world.at());
  if (["dead", "retired", "unadopted"].includes(state)) return;
  throw new Refusal(
    "denied",
    "binding.held",
    `${row.owner} owns ${row.name} and is ${state}; it hands it over itself.`,
    {
      hint: "Ask it to, or ask the operator.",
      facts: { environment: row.name, owner: row.owner, state },
    },
  );
}

/** A deploy under way is not pulled from under its owner's hands, unless somebody above him says so. */
async function stopRunning(
  world: World,
  caller: Caller,
  row: Row,
  { cut, reason }: { cut: boolean; reason: string },
): Promise<{ id: number; events: Event[] } | null> {
  if (row.unsettled_state !== "running") return null;
  const isOwner = row.owner_id === caller.principal_id && caller.role !== "operator";
  if (!cut || isOwner) throw unsettled(row);
  const events = await cutOff(world, row.unsettled!, `the binding was handed over: ${reason}`);
  return { id: row.unsettled!, events };
}

/** Why no deploy begins and no binding is given up: one is not settled. */
export function unsettled({ name, unsettled: deploy, unsettled_state, owner }: Row): Refusal {
  const facts = { environment: name, deploy, owner };
  if (unsettled_state === "running")
    return new Refusal("conflict", "deploy.running", `Deploy ${deploy} to ${name} is running.`, {
      hint: `longwatch deploy show --id ${deploy} shows how far it is. Wait until it is settled.`,
      facts,
    });
  return new Refusal("conflict", "environment.in_doubt", `Nobody knows how deploy ${deploy} to ${name} ended.`, {
    hint: `Its owner looks what is served and settles it first: longwatch deploy recover --environment ${name}`,
    facts,
  });
}

export function free({ name }: Pick<Row, "name">): Refusal {
  return new Refusal("conflict", "binding.free", `Nobody owns ${name}.`, {
    hint: `Take it first: longwatch binding take --environment ${name}`,
    facts: { environment: name },
  });
}

export function heldBy({ name, owner, bound_at }: Row, caller: Pick<Caller, "name">): Refusal {
  return new Refusal("conflict", "binding.held", `${owner} owns ${name}, not ${caller.name}.`, {
    hint: `It or the operator hands it over: longwatch binding hand-over --environment ${name} --to ${caller.name}`,
    facts: { environment: name, owner, since: bound_at?.toISOString() ?? null },
  });
}

function refuseAsOwner({ name, kind, role, retired_at }: Principal): void {
  refuseSubAgent(name);
  if (retired_at === null && kind !== "service" && (LANDERS as readonly string[]).includes(role)) return;
  const is = retired_at === null ? `a ${kind} with role ${role}` : "retired";
  throw new Refusal("conflict", "binding.not_a_lander", `${name} is ${is}; it deploys to nothing.`, {
    hint: "An implementer's seat owns an environment; seat.list shows them.",
    facts: { seat: name },
  });
}

function refuseSubAgent(name: string): void {
  if (!name.includes("/")) return;
  throw new Refusal("conflict", "binding.not_a_lander", `${name} is a sub-agent; its seat owns environments.`, {
    hint: `Hand it to ${name.slice(0, name.lastIndexOf("/"))}.`,
  });
}
