/** The seats' door: who is here, and what their tokens are worth. */
import { adopt, beat, importSeat, retire } from "./commands.ts";
import { deputize, listRoles, survey } from "./deputies.ts";
import { find } from "./find.ts";
import { listTenants, listTokens } from "./holders.ts";
import { end, issue, openTenant, redeem, revoke } from "./issuing.ts";
import { label, listLabels } from "./labels.ts";
import { list, whoami } from "./presence.ts";
import { dismiss, spawn } from "./sub_agents.ts";
import { timeline } from "./timeline.ts";

export { giveAlias } from "./aliases.ts";
export { KEEPERS } from "./commands.ts";
export { refuseUnheldRole } from "./deputies.ts";
export { HEARD_SECONDS, type Presence, presenceOf } from "./presence.ts";
export { type Principal, resolveName, resolveNames } from "./resolve.ts";
export { hashToken, newToken, rememberingAuthority } from "./tokens.ts";

export const operations = {
  adopt,
  beat,
  list,
  timeline,
  find,
  whoami,
  label,
  listLabels,
  retire,
  importSeat,
  spawn,
  dismiss,
  deputize,
  listRoles,
  survey,
  issue,
  redeem,
  revoke,
  end,
  listTokens,
  openTenant,
  listTenants,
};
