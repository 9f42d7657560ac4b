import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { z } from "zod";
import { parse } from "../../../kernel/door.ts";
import type { Caller, Command, Event, World } from "../../../kernel/operation.ts";
import { allocationDenial, denialOf } from "../../../kernel/permission.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { internalRefusal } from "../../../kernel/refusals.ts";
import { type Answered, findAnswered, keyMismatch, requestDigest, storeAnswered } from "../../../kernel/requests.ts";
import { statements } from "../../../kernel/sql.ts";
import { LEAF_BYTES_MAX } from "../../ledger/index.ts";
import { type Filing, filingProblems } from "../filing.ts";
import { provisionalsIn } from "./citations.ts";
import { type Post, readProvisional } from "./shapes.ts";

const sql = statements("tickets/provisional", "provisionals", "finals");

/** What an entry needs beside the words of a post. */
const ENTRY_BESIDE_BYTES = 8_192;
const WORDS_BYTES_MAX = LEAF_BYTES_MAX - ENTRY_BESIDE_BYTES;
/** What an entry has beside its data: who, when, whose. */
const ENTRY_FRAME_BYTES = 2_048;

/** A post with what is known of it before it has a number. */
export type Judged = {
  post: z.output<typeof Post>;
  digest: string;
  /** As its operation takes it; null where that refused it. */
  parsed: Record<string, unknown> | null;
  problem: Refusal | null;
  /** What the server answered to it, when it was said before and only the answer was lost. */
  answered: { id: string | null } | null;
};

/** Tells a post that comes again from another. Nothing of personal words: a hash would stay when they are erased. */
export function digestOf({ contact_at: _, elapsed_ms: __, input, ...post }: z.output<typeof Post>): string {
  const known = isPersonal(input) ? { ...input, subject: "", body: "" } : input;
  return createHash("sha256")
    .update(canonicalize({ ...post, input: known })!)
    .digest("base64url");
}

export const isPersonal = (input: Record<string, unknown>) => input.personal === true;

export async function judge(world: World, caller: Caller, posts: readonly z.output<typeof Post>[]): Promise<Judged[]> {
  const judged = posts.map((post): Judged => {
    const first = { post, digest: digestOf(post), parsed: null, problem: null, answered: null };
    if (post.lost !== null) return first;
    try {
      return { ...first, parsed: admitted(world, caller, post.operation, post.input) };
    } catch (error) {
      if (error instanceof Refusal) return { ...first, problem: error };
      world.failed(error);
      return { ...first, problem: internalRefusal(error) };
    }
  });
  await refuseTakenNames(world, judged);
  await lookUpKeys(world, caller, judged);
  await refuseFilings(world, caller, judged);
  return judged;
}

/** What is said in a spool is held to what may be said at the door. Throws the refusal. */
export function admitted(
  world: World,
  caller: Caller,
  name: string,
  input: Record<string, unknown>,
): Record<string, unknown> {
  const operation = world.operation(name) as Command;
  const denial = denialOf(operation, { caller, scope: "full" });
  if (denial) throw denial;
  const parsed = parse(operation.input, input);
  const allocating = allocationDenial(operation, { caller }, parsed);
  if (allocating) throw allocating;
  if (name === "ticket.file" && parsed.namespace === undefined && parsed.reservation === undefined)
    throw new Refusal("invalid", "input.invalid", "namespace: is needed unless a reservation is filled");
  // A post's markers are told beside its body; what moves a ticket cannot be undone when its entry is too large.
  const bytes = sizeOf(parsed) * (name === "post.append" ? 2 : 1);
  if (bytes > WORDS_BYTES_MAX) throw oversized(bytes);
  return parsed;
}

/** Whether the ledger will take it; what it does not take at the end would undo everybody's posts. */
export const fitsAnEntry = ({ data, personal }: Event) =>
  sizeOf({ ...data, ...personal }) <= LEAF_BYTES_MAX - ENTRY_FRAME_BYTES;

const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** A provisional id is one post's. A second one that bears it is a copy gone wrong, and loses its name. */
async function refuseTakenNames(world: World, judged: readonly Judged[]): Promise<void> {
  const named = judged.filter(({ post }) => post.provisional !== null);
  if (named.length === 0) return;
  const provisionals = named.map(({ post }) => post.provisional!);
  const taken = new Set(
    (await world.db.all<{ provisional: string }>(sql.provisionals, { provisionals })).map((row) => row.provisional),
  );
  for (const one of named) {
    const { provisional, input } = one.post;
    if (taken.has(provisional!)) {
      one.problem ??= provisionalTaken(provisional!);
      one.post = { ...one.post, provisional: null };
    } else if (one.problem === null && one.post.lost === null) {
      const namespace = input.namespace ?? input.reserve ?? (input.reservation === undefined ? null : undefined);
      const of = readProvisional(provisional!).namespace;
      if (namespace !== undefined && namespace !== of) one.problem = elsewhere(provisional!, namespace);
    }
    taken.add(provisional!);
  }
}

/**
 * A request whose answer was lost was spooled under the key that it bore. If it took effect, that was it; if not, its
 * key is used up here, so that it takes no effect when it still arrives.
 */
async function lookUpKeys(world: World, caller: Caller, judged: readonly Judged[]): Promise<void> {
  const once = new Map<string, Judged>();
  for (const one of judged) {
    const { key } = one.post;
    if (key === null || one.parsed === null) continue;
    if (once.has(key)) one.problem ??= keyMismatch(key);
    else once.set(key, one);
  }
  if (once.size === 0) return;
  const requests = [...once].map(([key, { post, parsed }]) => {
    const digest = requestDigest(post.operation, parsed);
    return { principal_id: caller.principal_id, key, digest };
  });
  const before = new Map((await findAnswered(world.db, requests)).map((answer) => [answer.key, answer]));
  const unused: Answered[] = [];
  for (const request of requests) {
    const one = once.get(request.key)!;
    const answer = before.get(request.key);
    if (answer === undefined) unused.push({ ...request, ...placeholder(one) });
    // Without an entry it is one that was used up here, by another post.
    else if (answer.digest !== request.digest || answer.seq === null) one.problem ??= keyMismatch(request.key);
    else {
      const { id, item } = JSON.parse(answer.output) as { id?: string; item?: string };
      one.answered = { id: id ?? item ?? null };
    }
  }
  await refuseSecondNames(world, [...once.values()]);
  if (unused.length > 0) storeAnswered(world.db, unused);
}

/** What one request filed is one post's: a copy of the spool has the same request under a name of its own. */
async function refuseSecondNames(world: World, judged: readonly Judged[]): Promise<void> {
  const filed = judged.filter(
    ({ post, answered }) => answered !== null && (post.operation === "ticket.file" || post.provisional !== null),
  );
  if (filed.length === 0) return;
  const ids = filed.map(({ answered }) => answered!.id);
  const taken = new Set((await world.db.all<{ id: string }>(sql.finals, { ids })).map(({ id }) => id));
  for (const one of filed)
    if (taken.has(one.answered!.id!)) one.problem ??= keyMismatch(one.post.key!);
    else taken.add(one.answered!.id!);
}

/** What the request is answered when it still arrives: nobody waits for it any more. */
function placeholder({ post, parsed }: Judged): Pick<Answered, "output" | "seq" | "digest"> {
  const output =
    post.operation === "ticket.file"
      ? { id: post.provisional ?? "", state: "confirm_pending", lane: String(parsed!.namespace), title: parsed!.title }
      : { item: null, state: null, claim_token: null, warnings: [] };
  const digest = isPersonal(post.input) ? "personal" : requestDigest(post.operation, parsed);
  return { output: JSON.stringify(output), seq: null, digest };
}

/** What a filing would be refused for now, it is refused for before it takes a number. */
async function refuseFilings(world: World, caller: Caller, judged: readonly Judged[]): Promise<void> {
  const filings = judged.filter((one) => isContending(one) && provisionalsIn(one.parsed).length === 0);
  if (filings.length === 0) return;
  const calls = filings.map(({ parsed }) => ({ caller, input: parsed as Filing }));
  for (const [index, problem] of (await filingProblems(world, calls)).entries()) filings[index]!.problem = problem;
}

/** Whether it is a filing that a number is to be found for. */
export function isContending({ post, parsed, problem, answered }: Judged): boolean {
  const files = post.operation === "ticket.file" && parsed !== null && parsed.reservation === undefined;
  return files && problem === null && answered === null;
}

export function oversized(bytes?: number): Refusal {
  const size = bytes === undefined ? "is too large" : `comes to ${bytes} bytes`;
  return new Refusal("oversized", "entry.oversized", `The post ${size}; an entry holds ${WORDS_BYTES_MAX}.`, {
    fields: [{ field: "body", message: `${size}; the limit is ${WORDS_BYTES_MAX}` }],
  });
}

function provisionalTaken(provisional: string): Refusal {
  return new Refusal("conflict", "provisional.taken", `${provisional} is the name of another filing.`);
}

function elsewhere(provisional: string, namespace: unknown): Refusal {
  const files = namespace === null ? "the post files nothing" : `the post files in ${String(namespace)}`;
  return new Refusal("invalid", "input.invalid", `provisional: is ${provisional}, but ${files}`);
}
