import type { ActionName } from "../../guard/vocabulary.ts";
import type { PolicySource, RuleProtocol } from "./rules.ts";

/** Acts that change what others build on or live with. */
const LANDING: ActionName[] = ["deploy", "push", "merge", "publish", "migrate", "delete"];
/** Everything that is decided, but for the guard itself. */
const WORKING: ActionName[] = [...LANDING, "write_outside", "spend"];

const among = (names: readonly ActionName[]) => `action in [${names.map((name) => `Action::"${name}"`).join(", ")}]`;

const IS_OPERATOR = `principal has role && principal.role == "operator"`;
const IS_IMPLEMENTER = `principal has role && principal.role == "implementer"`;
const IS_STRATEGIST = `principal has role && principal.role == "strategist"`;
/** What nobody said to be harmless counts as production. */
const IS_PRODUCTION = `!(resource has production) || resource.production`;
const HAS_CLAIM = `principal has claims && !principal.claims.isEmpty()`;

/** His consent in his own words, or his verdict on the request: on this rung only he gives one. */
const OPERATORS_YES = `context.standing.consented || (context.standing.rung == "L2" && context.standing.approved)`;

const DISPATCH: RuleProtocol = {
  do: "Hand it to an idle implementer: this makes the ticket and gives it to that seat.",
  via: "dispatch",
  command: "longwatch ticket dispatch --decision {decision} --to {seat}",
};

const CLAIM: RuleProtocol = {
  do: "Claim the ticket that this belongs to, then do it again.",
  via: "claim",
  command: "longwatch ticket claim --lane {lane}",
};

const ASK_THE_OPERATOR: RuleProtocol = {
  do: "The operator was asked. Go on with other work, and do it again when this request is granted.",
  via: "consent",
  command: "longwatch approval show {approval}",
};

/** The boundaries of the founding fleets (origins C2), each with what to do instead. The first that holds is told. */
const boundaries: PolicySource["rules"] = [
  {
    name: "strategists-delegate",
    effect: "forbid",
    cedar: `forbid (principal, ${among(WORKING)}, resource) when { ${IS_STRATEGIST} };`,
    reason: "Role stage: a strategist decides and dispatches, and never executes, least of all under pressure to ship.",
    protocol: {
      do: "Check who is idle, split the work into tickets, and dispatch them. This hands it to the first offered seat.",
      via: "dispatch",
      command: "longwatch ticket dispatch --decision {decision} --to {seat}",
    },
  },
  {
    name: "sub-agents-stay-in-scope",
    effect: "forbid",
    cedar:
      `forbid (principal, ${among([...WORKING, "reconfigure_guard"])}, resource) when ` +
      `{ principal has sub_agent && principal.sub_agent && ` +
      `!(principal has scope && principal.scope.contains(action.name)) };`,
    reason: "Scope stage: this lies outside the scope that the parent seat gave to its sub-agent.",
    protocol: {
      do: "End your turn with what is left to do, so that your parent seat can do it or dispatch it.",
      via: "propose",
      command: 'longwatch post append --subject "Left for the parent seat" --body "See decision {decision}"',
    },
  },
  {
    name: "implementers-land",
    effect: "forbid",
    cedar:
      `forbid (principal, ${among(LANDING)}, resource) when { ${IS_PRODUCTION} } ` +
      `unless { (${IS_IMPLEMENTER}) || (${IS_OPERATOR}) };`,
    reason: "Role stage: only implementer seats put anything into production.",
    protocol: DISPATCH,
  },
  {
    name: "claim-first",
    effect: "forbid",
    cedar: `forbid (principal, ${among(WORKING)}, resource) when { ${IS_IMPLEMENTER} } unless { ${HAS_CLAIM} };`,
    reason: "Claim stage: an implementer does this only for a ticket that it holds, and it holds none.",
    protocol: CLAIM,
  },
  {
    name: "claim-what-you-land",
    effect: "forbid",
    cedar:
      `forbid (principal, ${among(LANDING)}, resource) when { context has tickets } unless { (${IS_OPERATOR}) || ` +
      `(${HAS_CLAIM} && !context.tickets.isEmpty() && principal.claims.containsAll(context.tickets)) };`,
    reason: "Claim stage: the commits have to name their ticket, and whoever lands them has to hold it.",
    protocol: { ...CLAIM, do: "Name the ticket in each commit's message, claim it, then do it again." },
  },
  {
    name: "whole-patches-land",
    effect: "forbid",
    cedar:
      `forbid (principal, action == Action::"deploy", resource) ` +
      `when { context has missing && !context.missing.isEmpty() } unless { context.standing.consented };`,
    reason: "Closure stage: what this changes needs things that the resulting tree does not have.",
    protocol: {
      do:
        "Land the whole closure: take the commits that are named along. The operator was asked as well; only a " +
        "consent in his own words lets it through as it is.",
      via: "consent",
      command: "longwatch approval show {approval}",
    },
  },
  {
    name: "strategists-are-peers",
    effect: "forbid",
    cedar:
      `forbid (principal, action == Action::"direct", resource) when ` +
      `{ ${IS_STRATEGIST} && resource has role && resource.role == "strategist" };`,
    reason: "Direction stage: strategists are peers, and none directs another.",
    protocol: {
      do: "Propose it to your peer and let them decide.",
      via: "propose",
      command: 'longwatch post append --subject "Proposal" --body "What, to whom, and why"',
    },
  },
  {
    name: "guard-is-the-operators",
    effect: "forbid",
    cedar:
      `forbid (principal, action == Action::"reconfigure_guard", resource) ` +
      `unless { (${IS_OPERATOR}) || ${OPERATORS_YES} };`,
    reason: "Guard stage: only the operator changes or lifts the guard.",
    protocol: ASK_THE_OPERATOR,
  },
  {
    name: "approval-first",
    effect: "forbid",
    cedar:
      `forbid (principal, action, resource) when { context.standing.rung == "L1" } ` +
      `unless { (${IS_OPERATOR}) || context.standing.approved || context.standing.consented };`,
    reason: "Approval stage: this needs one strategist's approval, which is not there yet.",
    protocol: {
      do: "A strategist was asked. Go on with other work, and do it again when this request is granted.",
      via: "approval",
      command: "longwatch approval show {approval}",
    },
  },
  {
    name: "operator-first",
    effect: "forbid",
    cedar:
      `forbid (principal, action, resource) when { context.standing.rung == "L2" } ` +
      `unless { (${IS_OPERATOR}) || context.standing.approved || context.standing.consented };`,
    reason: "Approval stage: this needs the operator's own yes, which is not there yet.",
    protocol: ASK_THE_OPERATOR,
  },
];

const grants: PolicySource["rules"] = [
  {
    name: "operators-may",
    effect: "permit",
    cedar: `permit (principal, action, resource) when { ${IS_OPERATOR} };`,
    reason: "The operator may.",
    protocol: null,
  },
  {
    name: "implementers-may",
    effect: "permit",
    cedar: `permit (principal, ${among(WORKING)}, resource) when { ${IS_IMPLEMENTER} && ${HAS_CLAIM} };`,
    reason: "An implementer may, for the ticket that it holds.",
    protocol: null,
  },
  {
    name: "operators-yes-opens-the-guard",
    effect: "permit",
    cedar:
      `permit (principal, action == Action::"reconfigure_guard", resource) ` +
      `when { principal has role && (${OPERATORS_YES}) };`,
    reason: "The operator said yes to it.",
    protocol: null,
  },
  {
    name: "coordinators-direct",
    effect: "permit",
    cedar:
      `permit (principal, action == Action::"direct", resource) when ` +
      `{ (principal has role && ["coordinator", "strategist", "steward"].contains(principal.role)) || ` +
      `(principal has stands_in_for && principal.stands_in_for.containsAny(["coordinator", "strategist"])) };`,
    reason: "Coordinators, strategists and stewards give work to seats, and so does who stands in for them.",
    protocol: null,
  },
];

/** The policy that every tenant begins with. A tenant keeps the one it has begun with until another is activated. */
export const shipped: PolicySource = {
  rules: [...boundaries, ...grants],
  unmatched: {
    reason: "Role stage: nothing permits this to you, and what is not permitted is denied.",
    protocol: DISPATCH,
  },
};
