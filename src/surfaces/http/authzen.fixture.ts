import { testServer } from "../../../test/harness.ts";
import type { Entity, PolicySource, Rule } from "../../rooms/policy/rules.ts";

const ASK = { do: "Ask the owner.", via: "propose", command: "longwatch post append --subject Asking" } as const;

export const permit = (name: string, cedar: string): Rule => ({
  name,
  effect: "permit",
  cedar: `permit ${cedar};`,
  reason: "It is allowed.",
  protocol: null,
});

export const entity = (type: string, id: string, properties: Record<string, unknown> = {}): Entity => ({
  type,
  id,
  properties,
});

/** A policy of nothing but these grants, on what it knows by itself. */
export const policyOf = (rules: Rule[], entities: Entity[]): PolicySource => ({
  rules,
  unmatched: { reason: "Nobody allowed it.", protocol: ASK },
  entities,
});

/** The decisions that the certification scenario asks for (its section "Required Policy Behaviour"). */
export const certification = policyOf(
  [
    permit("read", `(principal is User, action == Action::"read", resource is Record) when { principal has here }`),
    permit(
      "write",
      `(principal == User::"alice", action == Action::"write", resource is Record)
       unless { resource has status && resource.status == "archived" }`,
    ),
    permit(
      "admins-write-what-is-archived",
      `(principal is User, action == Action::"write", resource is Record)
       when { principal has role && principal.role == "admin"
         && resource has status && resource.status == "archived" }`,
    ),
    permit(
      "delete-softly",
      `(principal == User::"alice", action == Action::"delete", resource is Record)
       when { action has soft && action.soft }`,
    ),
    {
      ...permit("never-for-good", ""),
      effect: "forbid",
      cedar: `forbid (principal, action == Action::"delete", resource) when { action has soft && !action.soft };`,
      reason: "Deletion stage: nothing is deleted for good.",
      protocol: { ...ASK, do: "Delete it softly." },
    },
  ],
  [
    entity("user", "alice", { here: true }),
    entity("user", "bob", { here: true, role: "admin" }),
    entity("record", "record-1", { status: "active" }),
    entity("record", "record-2", { status: "archived" }),
  ],
);

/** What the scenario's requests are made of. */
export const fixture = {
  alice: { type: "user", id: "alice" },
  bob: { type: "user", id: "bob" },
  admin: { type: "user", id: "bob", properties: { role: "admin" } },
  read: { name: "read" },
  write: { name: "write" },
  record: { type: "record", id: "record-1" },
  active: { type: "record", id: "record-1", properties: { status: "active" } },
  archived: { type: "record", id: "record-2", properties: { status: "archived" } },
};

type Answered = { status: number; headers: Headers; body: any };

/** A server with this policy active, and its decision point. */
export async function decisionPoint(source: PolicySource) {
  const world = await testServer();
  const { version } = await world.say(world.operator, "policy.propose", { text: JSON.stringify(source) });
  await world.say(world.operator, "policy.activate", { version });
  const send = async (path: string, init: RequestInit): Promise<Answered> => {
    const answer = await fetch(`${world.url}${path}`, init);
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === "" ? null : JSON.parse(text) };
  };
  const headers = { authorization: `Bearer ${world.operator}`, "content-type": "application/json" };
  return {
    ...world,
    send,
    headers,
    post: (path: string, body: unknown, more: Record<string, string> = {}) =>
      send(`/access/v1/${path}`, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify(body) }),
  };
}
