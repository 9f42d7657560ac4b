import type { Caller, Command, Operation, Query, Role } from "./operation.ts";
import type { Credential } from "./ports.ts";
import { Refusal } from "./refusal.ts";

/** The codes by which the door itself denies, whatever the operation. */
export const DENIALS: readonly string[] = ["scope.too_small", "role.forbidden", "sub_agent.allocates"];

/** The roles by which a caller acts: its own, and those that it stands in for. */
export function rolesOf({ role, stands_in_for = [] }: Caller): readonly Role[] {
  return [role, ...stands_in_for];
}

/** Why this credential may not say this operation; null when it may. */
export function denialOf(
  operation: Operation,
  { caller, scope }: Pick<Credential, "caller" | "scope">,
): Refusal | null {
  const enough = scope === "full" || (scope === "read" && operation.kind === "query");
  if (!enough && !(operation.kind === "command" && operation.redeems === scope))
    return new Refusal("denied", "scope.too_small", `A token of scope ${scope} may not say ${operation.name}.`, {
      hint: "Ask the operator for a token with the full scope.",
    });
  if (!rolesOf(caller).some((role) => operation.may.includes(role)))
    return new Refusal("denied", "role.forbidden", `A ${caller.role} may not say ${operation.name}.`, {
      hint: `This is for: ${operation.may.join(", ")}.`,
      facts: { may: operation.may },
    });
  if (caller.scope === undefined || operation.unscoped || caller.scope.includes(operation.name)) return null;
  return new Refusal("denied", "scope.too_small", `${operation.name} is not in the scope of ${caller.name}.`, {
    hint: `Hand it to ${parentOf(caller)}.`,
    facts: { scope: caller.scope },
  });
}

/** A sub-agent gives out no number and no identity, even where its scope names the operation that would (J38). */
export function allocationDenial(
  command: Command,
  { caller }: Pick<Credential, "caller">,
  input: unknown,
): Refusal | null {
  const { allocates } = command;
  if (caller.scope === undefined || !(allocates === true || allocates?.(input as never))) return null;
  const message = `${caller.name} is a sub-agent: it gives out no number and no identity of its own.`;
  return new Refusal("denied", "sub_agent.allocates", message, { hint: `Hand it to ${parentOf(caller)}.` });
}

function parentOf({ name }: Caller): string {
  return name.slice(0, name.lastIndexOf("/"));
}

/** A denied query is recorded like a denied command; it needs the shape of one to pass the committer. */
export function denialRecord(query: Query): Command {
  const { name, summary, input, output, may, refuses } = query;
  const run = async () => [];
  return { kind: "command", batched: true, name, summary, input, output, may, refuses, events: [], run };
}

/** Whether what was permitted to one is permitted to the other: the same principal in the same role and session. */
export function sameCaller(a: Caller, b: Caller): boolean {
  return a.principal_id === b.principal_id && a.role === b.role && a.incarnation === b.incarnation;
}
