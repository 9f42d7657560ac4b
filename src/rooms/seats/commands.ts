import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Transaction } from "../../kernel/database.ts";
import { batchCommand, command, type Role, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { laneOf, type NameForm, nameForms } from "./names.ts";
import { type Principal, resolveName, resolveNames } from "./resolve.ts";
import { HEARD_SECONDS } from "./presence.ts";
import { newToken, TOKEN_DAYS, TOKEN_DAYS_MAX } from "./tokens.ts";

const sql = statements(
  "seats",
  "insert",
  "insert_names",
  "adopt",
  "retire",
  "revoke",
  "insert_token",
  "beat",
  "end_sub_agents",
);

/** Those who set up a fleet. */
export const KEEPERS = ["operator", "coordinator", "steward"] as const satisfies readonly Role[];

export const SeatName = text(120)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 ._@-]*$/,
    "must be letters, digits, space and . _ @ - (PARENT/suffix is a sub-agent, not a seat)",
  )
  .describe("The seat's durable name, PROVIDER-SURFACE-MACHINE-LANE-NN by custom.");
export const AnyName = text(120).min(1);
const Role_ = z.enum(roles).describe("What the seat may do.");
export const Days = z.int().min(1).max(TOKEN_DAYS_MAX).default(TOKEN_DAYS);

export const adopt = command({
  name: "seat.adopt",
  summary: "Take a seat: get its token and begin a new session under its name.",
  input: z.object({
    name: SeatName,
    role: Role_.default("implementer"),
    lane: text(60).min(1).optional().describe("The lane it serves; without it, the lane in its name."),
    replace: z.boolean().default(false).describe("End the session that holds the seat now; its token dies at once."),
    token_days: Days.describe("For how many days the token holds."),
  }),
  output: z.object({
    seat: z.string().describe("The seat's name."),
    token: z.string().describe("The session's token. It is shown this once."),
    incarnation: z.string().describe("The session's id."),
    role: z.string(),
    lane: z.string().nullable(),
    expires_at: z.iso.datetime().describe("When the token ends."),
    names: z.array(z.string()).describe("Every form of the name that finds this seat."),
  }),
  may: KEEPERS,
  allocates: true,
  events: ["seat.registered", "seat.adopted", "seat.replaced"],
  refuses: ["seat.held", "seat.not_a_seat"],
  secrets: ["token"],
  async run(world, { caller, input }) {
    refuseAboveOwn(caller.role, input.role);
    const forms = nameForms(input.name);
    const found = (await resolveNames(world.db, [input.name])).get(input.name)!;
    const known = found instanceof Refusal || found.name !== input.name ? null : found;
    if (known) refuseWhenHeld(known, input.replace);
    const lane = input.lane ?? laneOf(input.name);
    const id = known?.id ?? (await register(world.db, [{ ...input, lane, forms }]))[0]!;
    const incarnation = randomUUID();
    const { token, token_hash } = newToken();
    const sub_agents = known === null ? [] : await endSubAgents(world.db, input.name);
    world.db.send(sql.adopt, { id, role: input.role, lane, incarnation });
    world.db.send(sql.revoke, { principal_id: id });
    const seconds = input.token_days * 86_400;
    const [row] = await world.db.all(sql.insert_token, {
      token_hash,
      principal_id: id,
      incarnation,
      scope: "full",
      seconds,
    });
    world.authorityChanged();
    const replaced = known?.incarnation ?? null;
    const data = { seat: input.name, role: input.role, lane, incarnation };
    return {
      output: { ...data, token, expires_at: row.expires_at.toISOString(), names: forms.map(({ name }) => name) },
      events: [
        ...(known ? [] : [{ kind: "seat.registered", subject: input.name, data: { seat: input.name } }]),
        ...(replaced
          ? [
              {
                kind: "seat.replaced",
                subject: input.name,
                data: { incarnation: replaced, heard_at: lastHeard(known), ...told(sub_agents) },
              },
            ]
          : []),
        { kind: "seat.adopted", subject: input.name, data },
      ],
    };
  },
});

/** When a session that ends was last heard: since then nobody knows of it, and the seat's history says so. */
const lastHeard = (seat: Principal | null): string | null => seat?.heard_at?.toISOString() ?? null;

/** Whoever seats others does not make himself more than he is: what these may say, only the operator hands on. */
function refuseAboveOwn(own: Role, wanted: Role): void {
  if (own === "operator" || (wanted !== "operator" && wanted !== "steward")) return;
  throw new Refusal("denied", "role.forbidden", `A ${own} may not seat anybody as ${wanted}.`, {
    hint: "Only an operator does.",
    fields: [{ field: "role", message: `must not be ${wanted}, unless an operator says it` }],
  });
}

/** Ends the sessions of a principal's sub-agents, which do not outlive its own. Answers their names. */
export async function endSubAgents(db: Transaction, name: string): Promise<string[]> {
  return (await db.all<{ name: string }>(sql.end_sub_agents, { name })).map((row) => row.name);
}

/** What an entry says of the sub-agents that ended with its act. */
export function told(sub_agents: readonly string[]): { sub_agents?: readonly string[] } {
  return sub_agents.length > 0 ? { sub_agents } : {};
}

/** The second session is told, even if neither has posted (J40). A seat that fell silent may be taken. */
export function refuseWhenHeld(seat: Principal, replace: boolean): void {
  if (seat.kind !== "seat" && seat.kind !== "sub_agent")
    throw new Refusal("conflict", "seat.not_a_seat", `${seat.name} is a ${seat.kind}.`);
  const silent_seconds = (seat.now.getTime() - (seat.heard_at?.getTime() ?? 0)) / 1000;
  if (seat.incarnation === null || replace || silent_seconds > HEARD_SECONDS) return;
  throw new Refusal(
    "conflict",
    "seat.held",
    `Another session holds ${seat.name}, heard ${Math.round(silent_seconds)} s ago.`,
    {
      hint: `Choose another number, wait ${HEARD_SECONDS} s of silence, or set replace to end that session.`,
      facts: { holder: seat.name, incarnation: seat.incarnation, adopted_at: seat.adopted_at?.toISOString() },
    },
  );
}

type NewPrincipal = { name: string; role: string; lane: string | null; forms: NameForm[]; kind?: string };

/** Writes principals with all their names; answers their ids in order. */
async function register(db: Transaction, wanted: readonly NewPrincipal[]): Promise<number[]> {
  const rows = await db.all<{ id: number; name: string }>(sql.insert, {
    names: wanted.map(({ name }) => name),
    kinds: wanted.map(({ kind }) => kind ?? "seat"),
    roles: wanted.map(({ role }) => role),
    lanes: wanted.map(({ lane }) => lane),
  });
  const ids = new Map(rows.map(({ id, name }) => [name, id]));
  const all = wanted.flatMap(({ name, forms }) => forms.map((form) => ({ ...form, id: ids.get(name)! })));
  db.send(sql.insert_names, {
    names: all.map(({ name }) => name),
    principal_ids: all.map(({ id }) => id),
    forms: all.map(({ form }) => form),
  });
  return wanted.map(({ name }) => ids.get(name)!);
}

export const importSeat = batchCommand({
  name: "seat.import",
  summary: "Bring in a seat of another tracker with its old name; nobody sits on it until it is adopted.",
  input: z.object({
    name: SeatName,
    role: Role_.default("implementer"),
    alias: z.array(AnyName).default([]).describe("Names it had elsewhere; they find it here too."),
  }),
  output: z.object({ seat: z.string(), imported: z.boolean().describe("False when it was here already.") }),
  may: KEEPERS,
  allocates: true,
  events: ["seat.registered"],
  refuses: [],
  unrecorded: "A seat that is here already is left as it is; only new ones are written, each with its entry.",
  async run(world, calls) {
    const found = await resolveNames(
      world.db,
      calls.map(({ input }) => input.name),
    );
    const fresh = new Map<string, NewPrincipal>();
    for (const { input } of calls) {
      const known = found.get(input.name)!;
      if (!(known instanceof Refusal) && known.name === input.name) continue;
      const aliases = input.alias.map((name): NameForm => ({ name, form: "alias" }));
      fresh.set(input.name, {
        name: input.name,
        role: input.role,
        lane: null,
        forms: [...nameForms(input.name), ...aliases],
      });
    }
    if (fresh.size > 0) await register(world.db, [...fresh.values()]);
    return calls.map(({ input }) => {
      const imported = fresh.delete(input.name);
      const data = { seat: input.name, role: input.role, alias: input.alias };
      const events = imported ? [{ kind: "seat.registered", subject: input.name, data }] : [];
      return { output: { seat: input.name, imported }, events };
    });
  },
});

export const beat = batchCommand({
  name: "seat.beat",
  summary: "Say that the session is alive, and what it is doing.",
  input: z.object({
    status: z.enum(["idle", "busy", "blocked"]).default("idle").describe("blocked means: waiting for a person."),
    output: z.boolean().default(false).describe("Whether it produced anything since the last beat."),
  }),
  output: z.object({ seat: z.string(), next_seconds: z.int().describe("When to beat again, at the latest.") }),
  may: roles,
  unscoped: true,
  events: ["seat.changed", "seat.heard_again"],
  refuses: ["seat.not_adopted"],
  unrecorded: "A beat moves nothing; the change of status and the silence that it ends are recorded.",
  async run(world, calls) {
    // One row for each session: of two beats in one batch the last status counts, and the output of either.
    const beats = new Map<number, { incarnation: string | null; status: string; output: boolean }>();
    for (const { caller, input } of calls) {
      const output = input.output || beats.get(caller.principal_id)?.output === true;
      beats.set(caller.principal_id, { incarnation: caller.incarnation, status: input.status, output });
    }
    const said = [...beats.values()];
    const rows = await world.db.all(sql.beat, {
      ids: [...beats.keys()],
      incarnations: said.map(({ incarnation }) => incarnation),
      statuses: said.map(({ status }) => status),
      outputs: said.map(({ output }) => output),
    });
    const was = new Map(rows.map((row) => [row.id, row.was]));
    const silences = new Map(
      rows.filter((row) => row.silent_seconds > HEARD_SECONDS).map((row) => [row.id, row.heard_before]),
    );
    return calls.map(({ caller, input }) => {
      const before = was.get(caller.principal_id);
      if (before === undefined)
        return new Refusal("conflict", "seat.not_adopted", `${caller.name} holds no seat.`, {
          hint: "Adopt one first.",
        });
      was.set(caller.principal_id, input.status);
      const heard_before = silences.get(caller.principal_id);
      silences.delete(caller.principal_id);
      const event = (kind: string, data: Record<string, unknown>) => ({ kind, subject: caller.name, data });
      const events = [
        ...(heard_before ? [event("seat.heard_again", { heard_at: heard_before.toISOString() })] : []),
        ...(before === input.status ? [] : [event("seat.changed", { from: before, to: input.status })]),
      ];
      return { output: { seat: caller.name, next_seconds: HEARD_SECONDS / 4 }, events };
    });
  },
});

export const retire = command({
  name: "seat.retire",
  summary: "End a seat: its session stops counting and its tokens die at once.",
  input: z.object({ seat: AnyName.describe("The seat, in any form of its name.") }),
  output: z.object({ seat: z.string(), tokens_revoked: z.int() }),
  may: KEEPERS,
  events: ["seat.retired"],
  refuses: ["seat.unknown", "seat.ambiguous", "seat.retired", "seat.not_a_seat"],
  async run(world, { input }) {
    const seat = await resolveName(world.db, input.seat);
    if (seat.kind !== "seat") throw new Refusal("conflict", "seat.not_a_seat", `${seat.name} is a ${seat.kind}.`);
    if (seat.retired_at) throw new Refusal("conflict", "seat.retired", `${seat.name} is retired already.`);
    const sub_agents = await endSubAgents(world.db, seat.name);
    world.db.send(sql.retire, { id: seat.id });
    const revoked = await world.db.all(sql.revoke, { principal_id: seat.id });
    world.authorityChanged();
    const output = { seat: seat.name, tokens_revoked: revoked.length };
    return {
      output,
      events: [
        {
          kind: "seat.retired",
          subject: seat.name,
          data: { ...output, heard_at: lastHeard(seat), ...told(sub_agents) },
        },
      ],
    };
  },
});
