import type { Catalogue, Operation } from "../../kernel/catalogue.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { type Flag, flagsOf, type Given } from "./flags.ts";

/** The names under which the founding fleets know four of the commands: their scripts go on unchanged. */
export type Face = {
  operation: string;
  summary: string;
  /** Each field with the spelling it has here. */
  spellings: Record<string, string>;
  positional?: string;
  required: string[];
  /** Fields of which only one may be given. */
  either?: [string, string];
  /** The exit code that an answer means. */
  exit?(output: Record<string, unknown>): number;
  /** A flag that asks for more than the operation does, and the program of two words that does it. */
  more?: { flag: string; program: [string, string] };
};

const same = (...fields: string[]) => Object.fromEntries(fields.map((field) => [field, field]));

const LISTS = ["collisions", "actors", "cycles"];
const isEmpty = (list: unknown) => !Array.isArray(list) || list.length === 0;

export const faces: Record<string, Face> = {
  "feed-append": {
    operation: "post.append",
    summary: "Post to the feed; an actionable post moves its ticket.",
    spellings: same("kind", "item", "reserve", "lane", "state", "owner", "priority", "queue", "subject", "body"),
    required: ["kind", "subject"],
    either: ["item", "reserve"],
  },
  "ticket-reserve": {
    operation: "ticket.reserve",
    summary: "Reserve the next number of a namespace.",
    spellings: { namespace: "prefix", title: "subject", lane: "lane" },
    positional: "namespace",
    required: ["namespace", "title"],
  },
  "fleet-active-queue": {
    operation: "queue.read",
    summary: "Read the queue: claimable, active and waiting.",
    spellings: same("lane"),
    required: [],
  },
  "queue-drift-check": {
    operation: "ticket.drift",
    summary:
      "Compare the queue with the ledger; exits 1 when they differ or something is unsettled; --repair mends it.",
    spellings: {},
    required: [],
    exit: ({ differences, ...lists }) => (differences === 0 && LISTS.every((one) => isEmpty(lists[one])) ? 0 : 1),
    more: { flag: "--repair", program: ["ticket", "drift"] },
  },
};

export const isFace = (word: string | undefined): word is string => word !== undefined && Object.hasOwn(faces, word);

export function faceOf(name: string, { operations }: Catalogue): { face: Face; operation: Operation; flags: Flag[] } {
  const face = faces[name]!;
  const operation = operations.find((one) => one.name === face.operation);
  if (!operation)
    throw new Refusal("missing", "command.unknown", `${name} needs ${face.operation}, which is not here.`);
  const flags = flagsOf(operation)
    .filter(({ field }) => Object.hasOwn(face.spellings, field))
    .map((flag) => ({
      ...flag,
      spelling: face.spellings[flag.field]!,
      required: face.required.includes(flag.field),
      positional: flag.field === face.positional,
    }));
  return { face, operation, flags };
}

export function checkEither({ either }: Face, given: Given): void {
  if (!either?.every((field) => given.has(field))) return;
  const [first, second] = either;
  throw new Refusal("invalid", "flags.invalid", `Give --${first} or --${second}, not both.`);
}
