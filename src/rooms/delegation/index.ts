/** The delegation's door: who gave which work to whom, and what became of it. */
import { aftermath } from "./aftermath.ts";
import { dispatch } from "./dispatching.ts";
import { divide } from "./dividing.ts";
import { list } from "./list.ts";
import { acknowledge, deliver, verdict } from "./receipts.ts";
import { trace } from "./trace.ts";

export { through } from "./giving.ts";

export const operations = { dispatch, divide, list, deliver, acknowledge, verdict, trace, aftermath };
