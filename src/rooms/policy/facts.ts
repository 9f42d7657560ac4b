import type { Reader } from "../../kernel/database.ts";
import type { Caller, Role } from "../../kernel/operation.ts";
import { rolesOf } from "../../kernel/permission.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { type Presence, presenceOf, resolveNames } from "../seats/index.ts";
import type { DecisionInput, Properties } from "./engine.ts";

const sql = statements("policy", "principals");

/** Those who may ask in another's name: they stand at a gate for many, or look at what a gate would say. */
const ASK_FOR_OTHERS = ["operator", "service", "gatekeeper", "auditor"] as const satisfies readonly Role[];

/** AuthZEN types whose names the seats room knows. What it knows counts, whatever a request says beside it. */
export const PRINCIPAL_TYPES: readonly string[] = ["seat", "sub_agent", "person", "service"];

/** What only the database says of a seat. */
const FACTS = ["kind", "role", "lane", "state", "claims", "sub_agent", "scope", "stands_in_for"];

/** A request for a decision, in AuthZEN's words. */
export type Asked = {
  subject_type: string;
  subject_id: string;
  subject_properties: Properties;
  action: string;
  action_properties: Properties;
  resource_type: string;
  resource_id: string;
  resource_properties: Properties;
  context: Properties;
};

/** What is known of a principal at the instant of a decision. */
export type Known = {
  id: number;
  /** Of a sub-agent, the seat that it is a part of: what is held for one is held for all of them. */
  seat_id: number;
  name: string;
  kind: string;
  role: string;
  lane: string | null;
  state: string;
  /** The tickets that its present session holds, and those of the seats that it is a sub-agent of. */
  claims: readonly string[];
  /** What a sub-agent may do; null for everybody else. */
  scope: readonly string[] | null;
  /** The silent roles that it is the deputy of. */
  stands_in_for: readonly string[];
};

export type PrincipalRow = Presence & Omit<Known, "seat_id" | "state">;

/** Whom a request is about, by whole names: null where it is nobody whose name is kept here. */
export type Named = { subject: string | null; resource: string | null };

/**
 * Whom each request names. A caller is `me`, its sub-agent `me/suffix`; who names another principal without the right
 * to is refused before anything else is looked at (J81). Short names cost a round trip, which only those pay who use
 * them: programs send `me`.
 */
export async function named(
  db: Reader,
  calls: readonly {
    caller: Caller;
    input: Pick<Asked, "subject_type" | "subject_id" | "resource_type" | "resource_id">;
  }[],
): Promise<(Named | Refusal)[]> {
  const said = calls.map(({ caller, input }): Named | Refusal => {
    const resource = PRINCIPAL_TYPES.includes(input.resource_type) ? input.resource_id : null;
    const own = ownName(caller, input.subject_id);
    if (own !== null) return { subject: own, resource };
    if (!rolesOf(caller).some((role) => (ASK_FOR_OTHERS as readonly Role[]).includes(role)))
      return mismatch(caller, input.subject_id);
    return { subject: PRINCIPAL_TYPES.includes(input.subject_type) ? input.subject_id : null, resource };
  });
  const short = said.flatMap((one, index) =>
    one instanceof Refusal ? [] : [one.subject, one.resource].filter((name) => isForeign(name, calls[index]!.caller)),
  );
  if (short.length === 0) return said;
  const found = await resolveNames(db, [...new Set(short.flatMap(lineOf))]);
  return said.map((one): Named | Refusal => {
    if (one instanceof Refusal) return one;
    const names = { subject: whole(one.subject, found), resource: whole(one.resource, found) };
    for (const name of Object.values(names)) if (name instanceof Refusal) return name;
    return names as Named;
  });
}

const isForeign = (name: string | null, caller: Caller): name is string =>
  name !== null && name !== caller.name && !name.startsWith(`${caller.name}/`);

function ownName({ name }: Caller, subject_id: string): string | null {
  if (subject_id === "me" || subject_id.startsWith("me/")) return name + subject_id.slice("me".length);
  return subject_id === name || subject_id.startsWith(`${name}/`) ? subject_id : null;
}

function mismatch({ name, role }: Caller, subject_id: string): Refusal {
  return new Refusal("denied", "identity.mismatch", `The token is ${name}'s, and the request names ${subject_id}.`, {
    hint: "Ask as subject me, or me/suffix for a sub-agent of yours. Who acts comes from the token.",
    facts: { caller: name, role, subject: subject_id },
  });
}

/** A name and those that it is a part of: `A/b/c`, `A/b`, `A`. */
function lineOf(name: string): string[] {
  const parts = name.split("/");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
}

/** The whole name behind any form of it; a sub-agent that nobody has registered keeps its suffix. Unknown stays so. */
function whole(name: string | null, found: Map<string, { name: string } | Refusal>): string | null | Refusal {
  if (name === null) return null;
  for (const part of lineOf(name)) {
    const one = found.get(part);
    if (one === undefined) return name;
    if (!(one instanceof Refusal)) return one.name + name.slice(part.length);
    if (one.code !== "seat.unknown") return one;
  }
  return name;
}

/** What is known of these principals and of those that they are sub-agents of: one statement. */
export async function lookUp(db: Reader, who: readonly string[]): Promise<PrincipalRow[]> {
  return db.all<PrincipalRow>(sql.principals, { names: [...new Set(who.flatMap(lineOf))] });
}

/** The known among them at an instant, by name. */
export class Facts {
  #rows: Map<string, PrincipalRow>;
  #at: Date;

  constructor(rows: readonly PrincipalRow[], at: Date) {
    this.#rows = new Map(rows.map((row) => [row.name, row]));
    this.#at = at;
  }

  /**
   * What is known of one. A sub-agent that nobody registered (a CLI's own helpers) has what its seat has, and an empty
   * scope: it does nothing that is decided here.
   */
  of(name: string): Known | null {
    const line = lineOf(name).flatMap((part) => this.#rows.get(part) ?? []);
    const [row] = line;
    if (!row) return null;
    const claims = [...new Set(line.flatMap((one) => one.claims))];
    const known = { ...knownOf(row, this.#at), seat_id: line.at(-1)!.id, claims };
    return row.name === name ? known : { ...known, name, kind: "sub_agent", scope: [], stands_in_for: [] };
  }
}

export function knownOf(row: PrincipalRow, at: Date): Known {
  const { id, name, kind, role, lane, claims, scope, stands_in_for } = row;
  return { id, seat_id: id, name, kind, role, lane, claims, scope, stands_in_for, state: presenceOf(row, at) };
}

/** A principal as rules see it. One that has retired has no role any more. */
export function propertiesOf(known: Omit<Known, "id" | "seat_id" | "name">): Properties {
  const { kind, role, lane, state, claims, scope, stands_in_for } = known;
  return {
    kind,
    state,
    claims,
    sub_agent: kind === "sub_agent",
    ...(state === "retired" ? {} : { role }),
    ...(lane === null ? {} : { lane }),
    ...(scope === null ? {} : { scope }),
    ...(stands_in_for.length === 0 ? {} : { stands_in_for }),
  };
}

/** The decision's input but for `context.standing`: what the request says, with what is known in its place. */
export function inputOf(asked: Asked, names: Named, facts: Facts): DecisionInput & { known: Known | null } {
  const known = names.subject === null ? null : facts.of(names.subject);
  const { action, action_properties, resource_type, resource_id, resource_properties } = asked;
  const target = names.resource === null ? null : facts.of(names.resource);
  return {
    known,
    subject: entity(asked.subject_type, asked.subject_id, asked.subject_properties, names.subject, known),
    action: { name: action, properties: action_properties },
    resource: entity(resource_type, resource_id, resource_properties, names.resource, target),
    context: asked.context,
  };
}

function entity(type: string, id: string, said: Properties, name: string | null, known: Known | null) {
  if (name === null) return { type, id, properties: said };
  const rest = Object.fromEntries(Object.entries(said).filter(([field]) => !FACTS.includes(field)));
  if (known === null) return { type, id: name, properties: rest };
  return { type: known.kind, id: name, properties: { ...rest, ...propertiesOf(known) } };
}
