/** The policy's door: may this happen, and if not, what instead. */
import { operations as authority } from "./authority/index.ts";
import { decide } from "./decide.ts";
import { list as decisions } from "./decisions.ts";
import { dryRun } from "./dry_run.ts";
import { explain } from "./explain.ts";
import { close as closeEscalation, list as listEscalations } from "./escalations.ts";
import { activate, list, propose, show } from "./proposals.ts";
import { replay } from "./replay.ts";
import { search } from "./search.ts";

export { type Answer, ask, deniedAs } from "./asking.ts";
export { ago, plain, type Route, routeFor } from "./authority/index.ts";
export { DECISION_READERS, decisionOf } from "./decisions.ts";
export { activeRules } from "./versions.ts";
export { holdsOn, idleImplementers, releaseHolds } from "./holds.ts";

export const operations = {
  propose,
  activate,
  showPolicy: show,
  listPolicies: list,
  dryRun,
  explain,
  search,
  decide,
  decisions,
  replay,
  listEscalations,
  closeEscalation,
  ...authority,
};
