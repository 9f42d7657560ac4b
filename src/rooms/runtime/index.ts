/** The runtime's door: what wakes sessions, and how much a loop may say. */
import { arm, disarm } from "./arming.ts";
import { listCadences, swap } from "./cadences.ts";
import { define, list } from "./defining.ts";
import { fire } from "./firing.ts";
import { listRuns, settle, take } from "./runs.ts";

export { budgeted } from "./budget.ts";

/** In the order a schedule lives them. */
export const operations = { define, arm, swap, disarm, fire, take, settle, list, listCadences, listRuns };
