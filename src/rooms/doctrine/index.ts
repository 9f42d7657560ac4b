/** The doctrine's door: what the fleet learned, how sure it is of it, and what each seat must know. */
import { acknowledge, read as readBrief, setPrinciples } from "./brief.ts";
import { file } from "./filing.ts";
import { importRecord } from "./imports.ts";
import { demote, evaluate, promote } from "./maturity.ts";
import { bypass, enforce, observe, violate } from "./observing.ts";
import { list, show } from "./reads.ts";
import { review } from "./reviews.ts";
import { survey } from "./survey.ts";

export { type Brief, briefFor } from "./brief.ts";
export { gateProblem, predicateProblem } from "./gates.ts";
export { rememberingGuidance, told } from "./guidance.ts";

/** In the order a record lives them. */
export const operations = {
  file,
  importRecord,
  observe,
  violate,
  enforce,
  bypass,
  evaluate,
  promote,
  demote,
  review,
  survey,
  list,
  show,
  readBrief,
  acknowledge,
  setPrinciples,
};
