import type { Operation } from "../kernel/operation.ts";
import { sweepRequests } from "../kernel/requests.ts";
import * as delegation from "./delegation/index.ts";
import * as doctrine from "./doctrine/index.ts";
import * as feed from "./feed/index.ts";
import * as landing from "./landing/index.ts";
import * as ledger from "./ledger/index.ts";
import * as policy from "./policy/index.ts";
import * as questions from "./questions/index.ts";
import * as runtime from "./runtime/index.ts";
import * as seats from "./seats/index.ts";
import * as tickets from "./tickets/index.ts";
import * as turns from "./turns/index.ts";

/** Every room, lowest first: a room may import the doors of the rooms before it, and of no other. */
export const rooms = {
  ledger,
  seats,
  tickets,
  feed,
  policy,
  delegation,
  landing,
  doctrine,
  turns,
  questions,
  runtime,
} as const;

/** Everything that can be said or asked. */
export const operations: readonly Operation[] = [
  ...Object.values(rooms).flatMap((room): Operation[] =>
    Object.values(room.operations).map(landing.watched).map(doctrine.told).map(runtime.budgeted),
  ),
  sweepRequests,
];
