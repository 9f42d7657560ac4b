/** The questions' door: what somebody has to decide, who, since when, and whether it still has to be decided. */
import { answer, report } from "./answering.ts";
import { ask, reroute, withdraw } from "./asking.ts";
import { list, pace, probes, show } from "./listing.ts";
import { survey } from "./survey.ts";

/** In the order a question lives them. */
export const operations = { ask, reroute, answer, withdraw, list, show, pace, probes, report, survey };
