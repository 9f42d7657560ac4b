import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Transaction } from "../../kernel/database.ts";
import { type Caller, command, type Operation, type Role, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { AnyName, endSubAgents, KEEPERS, refuseWhenHeld, told } from "./commands.ts";
import { type NameForm, nameForms } from "./names.ts";
import { resolveName, resolveNames } from "./resolve.ts";
import { newToken } from "./tokens.ts";

const sql = statements("seats", "spawn", "insert_names", "insert_child_token", "revoke", "retire");

/** PARENT/a/b/c is the deepest (J83); `sub_agent_depth` in the database says the same. */
const DEPTH_MAX = 3;
/** A name that seat.find still takes. */
const NAME_CHARACTERS_MAX = 120;
/** A sub-agent's work is a part of a day's. */
const MINUTES = { normal: 12 * 60, most: 7 * 24 * 60 } as const;

const Suffix = text(40)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits and . _ -")
  .describe("What it is called below its parent: PARENT/suffix.");

export const spawn = command({
  name: "seat.spawn",
  summary: "Begin a sub-agent, PARENT/suffix: a session with a part of its parent's rights, which ends with it.",
  input: z.object({
    suffix: Suffix,
    scope: z
      .array(text(80).regex(/^[a-z]+(_[a-z]+)*(\.[a-z_]+)?$/, "must be an operation (noun.verb) or a protected action"))
      .max(200)
      .describe("The operations and protected actions that it may say and do: less than its parent's own."),
    replace: z.boolean().default(false).describe("End the session that has this name now."),
    minutes: z
      .int()
      .min(1)
      .max(MINUTES.most)
      .default(MINUTES.normal)
      .describe("For how many minutes the token holds; never longer than the parent's."),
  }),
  output: z.object({
    seat: z.string(),
    token: z.string().describe("The sub-agent's token. It is shown this once."),
    incarnation: z.string(),
    role: z.string(),
    lane: z.string().nullable(),
    scope: z.array(z.string()),
    expires_at: z.iso.datetime(),
  }),
  may: roles,
  said_by: "programs",
  events: ["seat.spawned", "seat.replaced"],
  refuses: ["seat.not_adopted", "seat.held", "sub_agent.depth", "scope.unknown", "scope.not_smaller"],
  secrets: ["token"],
  async run(world, { caller, input }) {
    const name = nameBelow(caller, input.suffix);
    const scope = [...new Set(input.scope)].sort();
    refuseWide(caller, scope, (operation) => world.operation(operation));
    const found = (await resolveNames(world.db, [name])).get(name)!;
    const known = found instanceof Refusal || found.name !== name ? null : found;
    if (known) refuseWhenHeld(known, input.replace);
    const sub_agents = known ? await endSubAgents(world.db, name) : [];
    const incarnation = randomUUID();
    const [row] = await world.db.all(sql.spawn, { name, parent_id: caller.principal_id, scope, incarnation });
    if (known) {
      world.db.send(sql.revoke, { principal_id: row.id });
      world.authorityChanged();
    } else sendNames(world.db, row.id, nameForms(name));
    const { token, token_hash } = newToken();
    const [{ expires_at }] = await world.db.all(sql.insert_child_token, {
      ...{ token_hash, principal_id: row.id, incarnation, seconds: input.minutes * 60 },
      ...{ parent_id: caller.principal_id, parent_incarnation: caller.incarnation },
    });
    const data = { seat: name, role: caller.role, lane: row.lane, incarnation, scope };
    const replaced = known?.incarnation ?? null;
    return {
      output: { ...data, token, expires_at: expires_at.toISOString() },
      events: [
        ...(replaced
          ? [{ kind: "seat.replaced", subject: name, data: { incarnation: replaced, ...told(sub_agents) } }]
          : []),
        { kind: "seat.spawned", subject: name, data: { ...data, parent: caller.name } },
      ],
    };
  },
});

function sendNames(db: Transaction, id: number, forms: readonly NameForm[]): void {
  db.send(sql.insert_names, {
    names: forms.map(({ name }) => name),
    principal_ids: forms.map(() => id),
    forms: forms.map(({ form }) => form),
  });
}

/** The sub-agent's name, which says whose it is. */
function nameBelow({ name: parent, incarnation }: Caller, suffix: string): string {
  if (incarnation === null)
    throw new Refusal("conflict", "seat.not_adopted", `${parent} holds no seat that a sub-agent could be below.`, {
      hint: "Adopt a seat first: a sub-agent is a part of a seat's session.",
    });
  const name = `${parent}/${suffix}`;
  if (name.split("/").length - 1 > DEPTH_MAX)
    throw new Refusal("denied", "sub_agent.depth", `${parent} is ${DEPTH_MAX} deep already; nothing begins below it.`, {
      hint: "Hand the work to its parent, or do it there.",
      facts: { depth_max: DEPTH_MAX },
    });
  if (name.length > NAME_CHARACTERS_MAX)
    throw new Refusal(
      "invalid",
      "input.invalid",
      `suffix: makes a name of more than ${NAME_CHARACTERS_MAX} characters`,
      {
        fields: [{ field: "suffix", message: `makes a name of more than ${NAME_CHARACTERS_MAX} characters` }],
      },
    );
  return name;
}

/**
 * A sub-agent's scope is a part of its parent's and never the whole (J83). A seat's own reach is its role's: every
 * operation that its role may say. Those that give out numbers and identities are not handed on, so that no scope is
 * the whole of it.
 */
function refuseWide(caller: Caller, scope: readonly string[], find: (name: string) => Operation | undefined): void {
  const unknown = scope.filter((name) => name.includes(".") && find(name) === undefined);
  if (unknown.length > 0)
    throw new Refusal("invalid", "scope.unknown", `scope: there is no operation ${unknown.join(", ")}`, {
      fields: [{ field: "scope", message: `there is no operation ${unknown.join(", ")}` }],
      hint: "GET /openapi.json lists every operation; a protected action has no dot in its name.",
    });
  const wide = scope.filter((name) => !mayHandOn(caller, name, find(name)));
  if (wide.length > 0)
    throw notSmaller(`${caller.name} cannot hand on ${wide.join(", ")}.`, { wide }, "scope: leave out what it lacks");
  if (caller.scope !== undefined && scope.length === new Set(caller.scope).size)
    throw notSmaller(
      `The scope of ${caller.name} itself is no smaller one.`,
      { scope: caller.scope },
      "Leave something out: equal scope is a transfer, which is done by ticket.assign",
    );
}

function mayHandOn({ role, scope }: Caller, name: string, operation: Operation | undefined): boolean {
  if (operation && (!operation.may.includes(role) || ("allocates" in operation && operation.allocates === true)))
    return false;
  return scope === undefined || scope.includes(name);
}

function notSmaller(message: string, facts: Record<string, unknown>, hint: string): Refusal {
  return new Refusal("denied", "scope.not_smaller", message, { hint: `${hint}.`, facts });
}

export const dismiss = command({
  name: "seat.dismiss",
  summary: "End a sub-agent's session, and with it those below it; its token dies at once.",
  input: z.object({ seat: AnyName.describe("The sub-agent: PARENT/suffix.") }),
  output: z.object({
    seat: z.string(),
    sub_agents: z.array(z.string()).describe("Those below it that ended as well."),
  }),
  may: roles,
  said_by: "programs",
  events: ["seat.dismissed"],
  refuses: ["seat.unknown", "seat.ambiguous", "seat.not_a_sub_agent", "seat.not_yours", "seat.retired"],
  async run(world, { caller, input }) {
    const { id, name, kind, incarnation } = await resolveName(world.db, input.seat);
    if (kind !== "sub_agent")
      throw new Refusal("conflict", "seat.not_a_sub_agent", `${name} is a ${kind}.`, {
        hint: "A seat ends with seat.retire.",
      });
    const isKeeper = caller.scope === undefined && (KEEPERS as readonly Role[]).includes(caller.role);
    if (!name.startsWith(`${caller.name}/`) && !isKeeper)
      throw new Refusal("denied", "seat.not_yours", `${name} is not below ${caller.name}.`, {
        hint: `Its parent ends it, or one of: ${KEEPERS.join(", ")}.`,
      });
    if (incarnation === null) throw new Refusal("conflict", "seat.retired", `${name} has ended already.`);
    const sub_agents = await endSubAgents(world.db, name);
    world.db.send(sql.retire, { id });
    world.authorityChanged();
    const output = { seat: name, sub_agents };
    return { output, events: [{ kind: "seat.dismissed", subject: name, data: output }] };
  },
});
