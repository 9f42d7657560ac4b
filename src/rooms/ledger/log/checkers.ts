import type { Role } from "../../../kernel/operation.ts";

/** Who checks a log: not the agents at work, whose lists of tools stay short. */
export const CHECKERS: readonly Role[] = ["operator", "auditor", "witness", "gatekeeper", "steward", "sentinel"];
