/** The seats' door: who is here, and what their tokens are worth. */
import { adopt, beat, importSeat, retire } from "./commands.ts";
import { find } from "./find.ts";
import { issue, openTenant, redeem, revoke } from "./issuing.ts";
import { list, whoami } from "./presence.ts";

export { KEEPERS } from "./commands.ts";
export { type Principal, resolveName, resolveNames } from "./resolve.ts";
export { hashToken, newToken, rememberingAuthority } from "./tokens.ts";

export const operations = { adopt, beat, list, find, whoami, retire, importSeat, issue, redeem, revoke, openTenant };
