/**
 * The door of the policy room's authority: which rung an act stands on, who approved it, what the operator consented to
 * word for word, and who decides which question.
 *
 * | invariant | what holds | held by |
 * |---|---|---|
 * | AUTH-ONE-OPEN | an ask has one open approval, however often and from where it is asked | `one_open_approval` |
 * | AUTH-NOT-SELF | nobody decides what he, his sub-agent or his parent asks | `decider_is_not_asker`, … |
 * | AUTH-RUNG | L2 is granted by a person who is operator; what was granted on L1 is nothing there | `decider_may` |
 * | AUTH-EXACT | a grant is for the very command or commit that was asked for | `one_open_approval`, the look-up |
 * | AUTH-ONCE | an approval, and a consent that says so, lets one decision through | `approval_used_once`, … |
 * | AUTH-VERBATIM | the words of a consent are what was said; nobody may rewrite them | the columns' grants |
 * | AUTH-AGE | what waits keeps its age, whatever rung or manifest it is moved to (J32) | the columns' grants |
 */
import { decideApproval, listApprovals, showApproval } from "./approvals.ts";
import { giveConsent, listConsents, revokeConsent } from "./consents.ts";
import { decideManifest, listManifests, openManifest, showManifest } from "./manifests.ts";
import { findRoute, listRoutes, setRoute } from "./routes.ts";
import { listRungs, setRung } from "./rungs.ts";

export { ago, plain } from "./approval.ts";
export { type Route, routeFor } from "./routes.ts";
export { type Ask, openRequests, spend, type Standing, standingFor, type Use } from "./standing.ts";

export const operations = {
  setRung,
  listRungs,
  listApprovals,
  showApproval,
  decideApproval,
  openManifest,
  listManifests,
  showManifest,
  decideManifest,
  giveConsent,
  listConsents,
  revokeConsent,
  findRoute,
  listRoutes,
  setRoute,
};
