import type { Entry } from "../live/stream.ts";

type Facts = Record<string, unknown>;

const said = (value: unknown): string => (typeof value === "string" ? value : "");
const because = ({ reason }: Facts): string => (said(reason) === "" ? "" : `: ${said(reason)}`);

/** What happened, as somebody would tell it who names the actor first: `claimed it`, `filed “…”`. */
const sentences: Readonly<Record<string, (facts: Facts) => string>> = {
  "ticket.filed": ({ title, parent }) => `filed “${said(title)}”${parent ? `, a part of ${said(parent)}` : ""}`,
  "ticket.reserved": ({ title }) => `reserved the number for “${said(title)}”`,
  "ticket.imported": ({ title }) => `brought in “${said(title)}”`,
  "ticket.claimed": () => "claimed it",
  "ticket.renewed": () => "holds it longer",
  "ticket.released": (facts) => `gave it back${because(facts)}`,
  "ticket.lapsed": ({ holder }) => `found that the lease of ${said(holder) || "its holder"} had ended`,
  "ticket.finished": ({ note }) => `finished it${said(note) ? `: ${said(note)}` : ""}`,
  "ticket.blocked": (facts) => `blocked it${because(facts)}`,
  "ticket.unblocked": (facts) => `unblocked it${because(facts)}`,
  "ticket.parked": (facts) => `laid it aside${because(facts)}`,
  "ticket.cancelled": (facts) => `ended it${because(facts)}`,
  "ticket.reopened": (facts) => `opened it again${because(facts)}`,
  "ticket.assigned": ({ owner, lane, ...facts }) => `gave it to ${said(owner) || said(lane)}${because(facts)}`,
  "ticket.linked": ({ type, target }) => `linked it: ${said(type)} ${said(target)}`,
  "ticket.dispatched": ({ to, seat, owner }) => `dispatched it to ${said(to) || said(seat) || said(owner) || "a lane"}`,
  "ticket.receipt_given": ({ stage, evidence }) =>
    `gave the receipt ${said(stage).replaceAll("_", " ")}: ${said(evidence)}`,
  "ticket.receipt_withdrawn": ({ stage, ...facts }) => `took the receipt ${said(stage)} back${because(facts)}`,
  "ticket.triggered": () => "saw its condition turn true, and opened it",
  "ticket.verified": () => "verified the deliverable in a clean clone",
  "ticket.refuted": (facts) => `could not verify the deliverable${because(facts)}`,
  "post.appended": ({ subject }) => `posted “${said(subject)}”`,
  "post.imported": ({ subject, author }) => `brought in a post of ${said(author)}: “${said(subject)}”`,
  "seat.adopted": () => "took the seat",
  "seat.registered": () => "registered the seat",
  "seat.replaced": () => "replaced the session before",
  "seat.retired": () => "retired the seat",
  "seat.changed": ({ status, to }) => `is ${said(to) || said(status) || "otherwise"} now`,
  "policy.decided": ({ effect, action, resource_id }) =>
    `${effect === "allow" ? "was allowed" : "was denied"}: ${said(action)} ${said(resource_id)}`,
  "escalation.opened": ({ action, resource_id }) => `escalated: nobody can ${said(action)} ${said(resource_id)} now`,
  "approval.granted": (facts) => `granted the approval${because(facts)}`,
  "approval.rejected": (facts) => `rejected the approval${because(facts)}`,
  "deploy.begun": ({ environment, sha }) => `began to deploy ${said(sha).slice(0, 10)} to ${said(environment)}`,
  "deploy.settled": ({ environment, outcome }) => `settled the deploy to ${said(environment)}: ${said(outcome)}`,
  "release.landed": ({ environment, release }) => `landed ${said(release).slice(0, 10)} in ${said(environment)}`,
  "command.refused": ({ detail }) => `was refused: ${said(detail)}`,
  "command.denied": ({ detail }) => `was denied: ${said(detail)}`,
  "command.failed": ({ detail }) => `met a failure: ${said(detail)}`,
};

/** One line for an entry, without its actor. A kind that has no sentence here is told by its name. */
export function sentence({ kind, data }: Entry): string {
  return sentences[kind]?.(data) ?? kind.split(".").reverse().join(" ").replaceAll("_", " ");
}

/** A post, or something that moved work: what a reader of the feed looks for, and what is bookkeeping. */
export function isActionable({ kind, data }: Entry): boolean {
  return kind.startsWith("ticket.") || (kind === "post.appended" && data.kind === "actionable");
}
