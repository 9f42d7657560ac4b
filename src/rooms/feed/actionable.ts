import type { Act, Caller, Command, Event, World } from "../../kernel/operation.ts";
import { parse } from "../../kernel/door.ts";
import { rolesOf } from "../../kernel/permission.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { findLapsed, operations as tickets, Proofs, readMarkers, reasonOf } from "../tickets/index.ts";
import { contentOf, leftAlone } from "./ticket_words.ts";

/** The states that a post may give, as the founding fleets write them (origins A3). */
export const postStates = [
  "AWAITING_CLAIM",
  "CLAIMED",
  "IN_PROGRESS",
  "BLOCKED",
  "DONE",
  "PARKED",
  "CANCELLED",
] as const;

const used = [
  tickets.file,
  tickets.claim,
  tickets.release,
  tickets.finish,
  tickets.block,
  tickets.park,
  tickets.cancel,
  tickets.rule,
];
/** What moving a ticket by a post can cause and refuse: all that the commands behind it can. */
export const TICKET_EVENTS: readonly string[] = [...new Set(used.flatMap(({ events }) => events))];
export const TICKET_REFUSALS: readonly string[] = [...new Set(used.flatMap(({ refuses }) => refuses))];

const PRIORITY_WORDS: Record<string, number> = { URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3, LOWEST: 4 };

type Post = {
  subject: string;
  body: string;
  item?: string | undefined;
  reserve?: string | undefined;
  state?: (typeof postStates)[number] | undefined;
  lane?: string | undefined;
  owner?: string | undefined;
  priority?: string | undefined;
};

export type Moved = {
  item: string;
  state: string;
  claim_token: string | null;
  events: Event[];
  warnings: string[];
};

/** An actionable post is a face of the ticket commands: it moves a ticket by them, under their rules, or not at all. */
export async function moveByPost(world: World, caller: Caller, post: Post): Promise<Moved | Refusal> {
  try {
    if (post.item !== undefined && post.reserve !== undefined) throw eitherItemOrReserve();
    const said = post.reserve === undefined ? await moving(world, caller, post) : await filing(world, post);
    const { command, input, warnings = [] } = said;
    const [outcome] = await command.run(world, [{ caller, input: parse(command.input, input) }]);
    if (outcome instanceof Refusal) return outcome;
    const { output, events } = outcome as Act<{ id: string; state?: string; claim_token?: string }>;
    const { id: item, state = "in_progress", claim_token = null } = output;
    return { item, state, claim_token, events, warnings };
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function eitherItemOrReserve(): Refusal {
  const fields = ["item", "reserve"].map((field) => ({ field, message: "only one of item and reserve can be given" }));
  return new Refusal("invalid", "input.invalid", "Give either item or reserve.", { fields });
}

type Say = { command: Command; input: Record<string, unknown>; warnings?: string[] };

async function filing({ db }: World, post: Post): Promise<Say> {
  const { reserve, subject, body, priority, state } = post;
  if (state !== undefined && state !== "AWAITING_CLAIM")
    throw new Refusal("invalid", "post.needs_state", "state: a new ticket begins as AWAITING_CLAIM", {
      fields: [{ field: "state", message: "a new ticket begins as AWAITING_CLAIM" }],
    });
  const { content, warnings } = await contentOf(db, post);
  const input = { namespace: reserve, title: subject, body, priority: priorityOf(priority), ...content };
  return { command: tickets.file, input, warnings };
}

function priorityOf(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  const number = PRIORITY_WORDS[word.toUpperCase()] ?? (/^[0-4]$/.test(word) ? Number(word) : undefined);
  if (number !== undefined) return number;
  const message = `must be one of ${Object.keys(PRIORITY_WORDS).join(", ")} or 0 to 4`;
  throw new Refusal("invalid", "input.invalid", `priority: ${message}`, { fields: [{ field: "priority", message }] });
}

/** The markers of a DONE that are proofs, and the fields of ticket.finish that say the same (origins A2). */
const PROOF_MARKERS: Record<string, keyof typeof Proofs.shape> = {
  DELIVERABLE: "deliverable",
  MERGE: "merge",
  WORK_PROOF: "work_proof",
  "USER-VALUE-CLOSURE": "user_value",
  "FOLLOW-ONS": "follow_ons",
  activation: "activation",
  "DESIGN-REVIEW": "design_review",
};

/** The proofs in a post's body. A marker that comes twice says both: each line is one more part or item. */
function proofsIn(body: string): Record<string, string> {
  const said = readMarkers(body).filter(({ marker, value }) => PROOF_MARKERS[marker] !== undefined && value !== "");
  const lines = Map.groupBy(said, ({ marker }) => PROOF_MARKERS[marker]!);
  return Object.fromEntries([...lines].map(([field, all]) => [field, all.map(({ value }) => value).join("; ")]));
}

async function moving(world: World, caller: Caller, post: Post): Promise<Say> {
  const { item, state, subject, body, owner, lane } = post;
  if (item === undefined || state === undefined) throw needs(item === undefined ? "item" : "state");
  const row = await findLapsed(world, item);
  const { id, claim_token } = row;
  const warnings = leftAlone(row, { state, owner, lane });
  const mine = row.claimed_by === caller.principal_id && row.claimed_incarnation === caller.incarnation;
  const held = row.state === "in_progress";
  const absorb = readMarkers(body).filter(({ marker }) => marker === "ABSORB");
  if (absorb.length > 0 && RULED_STATES.includes(state)) {
    if (!rolesOf(caller).some((role) => tickets.rule.may.includes(role))) throw onlyRulers(caller);
    const ruling = { id, outcome: state.toLowerCase(), reason: subject };
    return { command: tickets.rule, input: { ...ruling, absorb: absorb.map(({ value }) => value) } };
  }
  if (state === "CLAIMED" || state === "IN_PROGRESS") return { command: tickets.claim, input: { id } };
  // The session that holds the claim is its proof; any other is told by the fence who holds it.
  const claim = { id, claim_token: mine ? claim_token : "00000000-0000-0000-0000-000000000000" };
  if (state === "DONE") return { command: tickets.finish, input: { ...claim, note: subject, ...proofsIn(body) } };
  if (state === "AWAITING_CLAIM") {
    if (!mine) throw needsProof(id, row.state);
    return { command: tickets.release, input: { ...claim, reason: subject }, warnings };
  }
  const blocks = state === "BLOCKED" && (mine || !held);
  const reason = blocks ? reasonOf(subject, { field: "body", words: body }) : subject;
  if (reason instanceof Refusal) throw reason;
  if (held) return { command: tickets.release, input: { ...claim, state: state.toLowerCase(), reason }, warnings };
  const command = { BLOCKED: tickets.block, PARKED: tickets.park, CANCELLED: tickets.cancel }[state];
  return { command, input: { id, reason }, warnings };
}

/** An `ABSORB:` line makes such a post a ruling: nobody moves other tickets by the way (0129). */
const RULED_STATES: readonly string[] = ["DONE", "CANCELLED", "AWAITING_CLAIM"];

function onlyRulers({ role }: Caller): Refusal {
  return new Refusal("denied", "role.forbidden", `A ${role} may not rule on other tickets by ABSORB lines.`, {
    hint: `This is for: ${tickets.rule.may.join(", ")}. Leave the lines out to move the item alone.`,
    facts: { may: tickets.rule.may },
  });
}

function needs(field: string): Refusal {
  return new Refusal("invalid", `post.needs_${field}`, `${field}: an actionable post needs one`, {
    fields: [{ field, message: "an actionable post needs one" }],
    hint: "Give reserve for a new ticket, or item and state for one that is there. Otherwise post a narrative.",
  });
}

/**
 * FLT-1318: an item is not put back by posting its number again; a release, a repair or an unblock is the proof (J10).
 */
function needsProof(id: string, state: string): Refusal {
  return new Refusal(
    "conflict",
    "state.needs_proof",
    `${id} is ${state}; posting AWAITING_CLAIM does not put it back.`,
    {
      hint:
        "Its holder says ticket.release; a blocked one needs ticket.unblock, an ended one ticket.reopen, " +
        "with a reason.",
      facts: { id, state },
    },
  );
}
