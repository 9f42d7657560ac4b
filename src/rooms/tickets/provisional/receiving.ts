import type { Reader, Transaction } from "../../../kernel/database.ts";
import type { World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { takeNumbers } from "../numbers/numbers.ts";
import { type Bounds, effectiveAt } from "./effective.ts";
import { isContending, type Judged } from "./judging.ts";
import { type Outcome, readProvisional, whyOf } from "./shapes.ts";

const sql = statements("tickets/provisional", "receive", "contest", "contest_seconds");

/** Leaves a client time to find the server again and to ask, within the 30 s of origins B1. */
export const CONTEST_SECONDS = 15;

/** A post as the rows have it. */
export type Received = {
  n: number;
  digest: string;
  operation: string;
  provisional: string | null;
  namespace: string | null;
  expected: string | null;
  title: string | null;
  input: string | null;
  posted_at: Date;
  effective_at: Date;
  state: "contending" | "waiting";
  due_at: Date | null;
  held: string | null;
  said_before: boolean;
  final_id: string | null;
  outcome: Outcome["outcome"] | null;
  reason: string | null;
  code: string | null;
  /** The input as it was said. */
  said: Record<string, unknown>;
};

/** When the contest that is open ends; if none is, when one would that opened now. */
export async function contestOf(db: Reader, at: Date): Promise<Date> {
  const [[open], [rule]] = await Promise.all([
    db.all<{ due_at: Date }>(sql.contest),
    db.all<{ contest_seconds: number }>(sql.contest_seconds),
  ]);
  return open?.due_at ?? new Date(at.getTime() + (rule?.contest_seconds ?? CONTEST_SECONDS) * 1_000);
}

/** Writes posts down: each with its instant, and each filing with a number, whoever is to have that in the end. */
export async function received(
  world: World,
  spool: string,
  judged: readonly Judged[],
  { sent_at, received_at, known_at, after, due_at }: Bounds & { sent_at: Date; due_at: Date },
): Promise<Received[]> {
  let last = after;
  const rows = judged.map((one): Received => {
    const { post, digest } = one;
    const contact_at = post.contact_at === null ? null : new Date(post.contact_at);
    const times = { posted_at: new Date(post.posted_at), sent_at, contact_at, elapsed_ms: post.elapsed_ms };
    const effective_at = effectiveAt(times, { received_at, known_at, after: last });
    last = effective_at;
    const expecting = post.provisional === null ? null : readProvisional(post.provisional);
    const isFiling = post.operation === "ticket.file";
    return {
      ...{ n: post.n, digest, operation: post.operation, provisional: post.provisional, said: post.input },
      namespace: (one.parsed?.namespace as string | undefined) ?? expecting?.namespace ?? null,
      expected: expecting?.expected ?? null,
      title: isFiling ? ((one.parsed?.title as string | undefined) ?? null) : null,
      input: post.lost === null ? JSON.stringify(post.input) : null,
      ...{ posted_at: times.posted_at, effective_at },
      ...(isContending(one) ? { state: "contending", due_at } : { state: "waiting", due_at: null }),
      ...{
        held: null,
        said_before: one.answered !== null && one.problem === null,
        final_id: null,
        ...verdictOf(one, expecting?.expected ?? null),
      },
    };
  });
  await takeOneEach(world, rows);
  insert(world.db, spool, rows, received_at);
  return rows;
}

/** What is settled of a post before its turn. */
function verdictOf({ post, problem, answered }: Judged, expected: string | null) {
  if (post.lost !== null) return { outcome: "lost" as const, reason: post.lost, code: null };
  if (problem) return { outcome: "refused" as const, reason: whyOf(problem), code: problem.code };
  if (answered === null) return { outcome: null, reason: null, code: null };
  const reason = "It was said to the server before, and took effect then.";
  const { id } = answered;
  if (post.operation === "post.append" && post.provisional === null)
    return { outcome: "posted" as const, reason, code: null, final_id: id };
  const outcome = expected === null || expected === id ? ("confirmed" as const) : ("amended" as const);
  return { outcome, reason, code: null, final_id: id };
}

/** Each contender brings a number into the contest, so that nobody else is given one that a filing here may win. */
async function takeOneEach(world: World, rows: readonly Received[]): Promise<void> {
  const contending = rows.filter(({ state }) => state === "contending");
  if (contending.length === 0) return;
  const numbers = await takeNumbers(
    world.db,
    contending.map(({ namespace }) => namespace!),
  );
  // A namespace that is not defined may be until the contest is over (T2).
  for (const [index, number] of numbers.entries())
    if (!(number instanceof Refusal)) contending[index]!.held = number.id;
}

function insert(db: Transaction, spool: string, rows: readonly Received[], received_at: Date): void {
  const column = <Name extends keyof Received>(name: Name) => rows.map((row) => row[name]);
  db.send(sql.receive, {
    spool,
    ...{ ns: column("n"), digests: column("digest"), operations: column("operation") },
    ...{ provisionals: column("provisional"), namespaces: column("namespace"), expecteds: column("expected") },
    ...{ titles: column("title"), inputs: column("input"), posted_ats: column("posted_at") },
    ...{ effective_ats: column("effective_at"), received_ats: rows.map(() => received_at), states: column("state") },
    ...{
      due_ats: column("due_at"),
      helds: column("held"),
      saids_before: column("said_before"),
      final_ids: column("final_id"),
    },
    ...{ outcomes: column("outcome"), reasons: column("reason"), codes: column("code") },
  });
}
