import type { Entry } from "../live/stream.ts";
import { spelled } from "../ui/spelled.ts";
import { untwisted } from "./untwisted.ts";

type Facts = Record<string, unknown>;

const said = (value: unknown): string => (typeof value === "string" ? untwisted(value) : "");
const because = ({ reason }: Facts): string => (said(reason) === "" ? "" : `: ${said(reason)}`);

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const words = (value: unknown): string =>
  Array.isArray(value) ? value.map(said).join(", ").replaceAll("_", " ") : said(value);

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
  "ticket.receipt_given": ({ receipts, evidence }) => `gave the receipt ${words(receipts)}: ${said(evidence)}`,
  "ticket.receipt_withdrawn": ({ withdrawn, ...facts }) => `took the receipt ${words(withdrawn)} back${because(facts)}`,
  "ticket.triggered": () => "saw its condition turn true, and opened it",
  "ticket.verified": () => "verified the deliverable in a clean clone",
  "ticket.refuted": (facts) => `could not verify the deliverable${because(facts)}`,
  "post.appended": ({ subject, amends }) =>
    typeof amends === "number" ? `corrected post #${amends}: “${said(subject)}”` : `posted “${said(subject)}”`,
  "post.imported": ({ subject, author }) => `brought in a post of ${said(author)}: “${said(subject)}”`,
  "seat.adopted": () => "took the seat",
  "seat.registered": () => "registered the seat",
  "seat.replaced": () => "replaced the session before",
  "seat.heard_again": () => "was heard again after a silence",
  "seat.retired": () => "retired the seat",
  "seat.changed": ({ status, to }) => `is ${said(to) || said(status) || "otherwise"} now`,
  "policy.proposed": ({ version, note }) =>
    `proposed version ${version} of the policy${said(note) && `: ${said(note)}`}`,
  "policy.activated": ({ version, replaces }) => `made version ${version} of the policy decide, after ${replaces}`,
  "token.issued": () => "made a token",
  "token.redeemed": () => "signed in",
  "role.dormant": () => "found nobody awake in the role",
  "policy.decided": ({ effect, action, resource_id }) =>
    `${effect === "allow" ? "was allowed" : "was denied"}: ${said(action)} ${spelled(said(resource_id))}`,
  "escalation.opened": ({ action, resource_id }) =>
    `escalated: nobody can ${said(action)} ${spelled(said(resource_id))} now`,
  "escalation.closed": ({ id, note }) => `closed escalation ${id}: ${said(note)}`,
  "approval.granted": (facts) => `granted the approval${because(facts)}`,
  "approval.rejected": (facts) => `rejected the approval${because(facts)}`,
  "approval.released": ({ id }) => `needs approval ${id} no more: its act came down to the lowest rung`,
  "approval.withdrawn": ({ id, ...facts }) => `took approval ${id} back${because(facts)}`,
  "manifest.opened": ({ approvals }) =>
    `bundled ${Array.isArray(approvals) ? counted(approvals.length, "approval") : "the approvals"}`,
  "manifest.closed": ({ manifest }) => `decided all of manifest ${manifest}`,
  "consent.given": ({ words, subject }) => `consented for ${said(subject)}: “${said(words)}”`,
  "consent.revoked": (facts) => `took a consent back${because(facts)}`,
  "rung.set": ({ action, rung, ...facts }) => `put ${said(action)} on rung ${said(rung)}${because(facts)}`,
  "route.set": ({ topic, goes_to }) => `sends questions about ${said(topic)} to the ${said(goes_to)}`,
  "question.asked": ({ question, goes_to }) => `asked the ${said(goes_to)}: “${said(question)}”`,
  "question.answered": ({ id, answer, ...facts }) => `answered question ${id}: “${said(answer)}”${because(facts)}`,
  "question.closed": ({ id, ...facts }) => `closed question ${id}${because(facts)}`,
  "question.withdrawn": ({ id, ...facts }) => `took question ${id} back${because(facts)}`,
  "question.rerouted": ({ id, topic, goes_to, ...facts }) =>
    `moved question ${id} to ${said(topic).replaceAll("_", " ")}, for the ${said(goes_to)}${because(facts)}`,
  "question.probed": ({ id, outcome }) => `ran the probe of question ${id}: ${said(outcome)}`,
  "decisions.stalled": ({ goes_to }) => `saw that no ${said(goes_to)} decides, although questions wait`,
  "decisions.resumed": ({ goes_to }) => `saw that a ${said(goes_to)} decides again`,
  "deploy.begun": ({ environment, sha }) => `began to deploy ${said(sha).slice(0, 10)} to ${said(environment)}`,
  "deploy.closure_whole": () => "found that the patch is whole",
  "deploy.closure_forced": () => "let an incomplete patch through, by the operator’s words",
  "deploy.advanced": ({ stage }) => `came to ${said(stage)}`,
  "deploy.logged": ({ stage, lines }) => `wrote ${String(lines)} lines of log at ${said(stage)}`,
  "deploy.refused": ({ cause }) => `refused the deploy: ${said(cause)}`,
  "deploy.lapsed": () => "found that the deploy’s lease had ended before anything was touched",
  "deploy.abandoned": () => "found that the deploy’s runner was lost",
  "deploy.recovering": () => "began to look what the lost deploy left",
  "binding.taken": () => "took the environment",
  "binding.released": () => "gave the environment up",
  "binding.handed_over": ({ to }) => `handed the environment over to ${said(to)}`,
  "environment.defined": () => "recorded how the environment is deployed",
  "environment.changed": (facts) => `changed how the environment is deployed${because(facts)}`,
  "failure.opened": ({ cause }) => `opened a failure: ${said(cause)}`,
  "failure.mended": () => "mended the failure",
  "release.withdrawn": () => "took the release back",
  "doctrine.filed": ({ title }) => `wrote down “${said(title)}”`,
  "doctrine.imported": ({ title }) => `brought in “${said(title)}”`,
  "doctrine.observed": ({ evidence }) => `saw it: ${said(evidence)}`,
  "doctrine.violated": ({ evidence }) => `saw it broken: ${said(evidence)}`,
  "doctrine.promoted": ({ was, maturity, ...facts }) =>
    `raised it from ${said(was)} to ${said(maturity)}${because(facts)}`,
  "doctrine.proposed": ({ maturity }) => `proposed ${said(maturity)}: its gates hold`,
  "doctrine.taken_back": ({ was, maturity, because: why }) =>
    `took it back from ${said(was)} to ${said(maturity)}${Array.isArray(why) ? `: ${why.map(said).join("; ")}` : ""}`,
  "doctrine.bypassed": (facts) => `went past it${because(facts)}`,
  "doctrine.reviewed": ({ note }) => `looked at it again: ${said(note)}`,
  "doctrine.review_opened": ({ ticket }) => `asked for a review${said(ticket) ? `: ${said(ticket)}` : ""}`,
  "deploy.settled": ({ environment, outcome }) => `settled the deploy to ${said(environment)}: ${said(outcome)}`,
  "release.landed": ({ environment, release }) => `landed ${said(release).slice(0, 10)} in ${said(environment)}`,
  "command.refused": ({ detail }) => `was refused: ${said(detail)}`,
  "command.denied": ({ detail }) => `was denied: ${said(detail)}`,
  "command.failed": ({ detail }) => `met a failure: ${said(detail)}`,
};

/** A commit's whole name; a line has room for its beginning, and the entry has the rest. */
const COMMIT = /\b[0-9a-f]{40}\b/g;

/** One line for an entry, without its actor. A kind that has no sentence here is told by its name. */
export function sentence({ kind, data }: Entry): string {
  const told = sentences[kind]?.(data).replaceAll(COMMIT, (sha) => sha.slice(0, 10));
  return told ?? kind.split(".").reverse().join(" ").replaceAll("_", " ");
}

/** A post, or something that moved work: what a reader of the feed looks for, and what is bookkeeping. */
export function isActionable({ kind, data }: Entry): boolean {
  return kind.startsWith("ticket.") || (kind === "post.appended" && data.kind === "actionable");
}
