import type { CommandInput } from "../../../api/client.ts";

type Role = NonNullable<CommandInput<"/v1/seat/adopt">["role"]>;

/** What a seat may be. A role that comes or goes in the API is missed here by the compiler. */
const everyRole: Readonly<Record<Role, true>> = {
  operator: true,
  strategist: true,
  implementer: true,
  coordinator: true,
  gatekeeper: true,
  witness: true,
  auditor: true,
  steward: true,
  sentinel: true,
  communicator: true,
  service: true,
};
export const roles = Object.keys(everyRole);

/** The acts that the guard asks about, and that of giving work to a seat. A policy may know more. */
export const acts = [
  ...["deploy", "push", "merge", "publish", "migrate", "delete"],
  ...["write_outside", "spend", "reconfigure_guard", "direct"],
];

/** What an act is done to: Cedar's word for it, and ours. */
export const things: Readonly<Record<string, string>> = {
  Environment: "an environment",
  Branch: "a branch",
  Package: "a package",
  Database: "a database",
  Path: "a path",
  Guard: "the guard",
  Service: "a service",
  Seat: "a seat",
};

/** The command that a way begins with; whoever writes a rule may say another. */
export const commands: Readonly<Record<string, string>> = {
  dispatch: "longwatch ticket dispatch --decision {decision} --to {seat}",
  claim: "longwatch ticket claim --lane {lane}",
  approval: "longwatch approval show {approval}",
  consent: "longwatch approval show {approval}",
  propose: 'longwatch post append --subject "Proposal" --body "What, to whom, and why"',
  escalate: "longwatch escalation list --id {escalation}",
};
