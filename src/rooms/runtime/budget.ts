import type { Act, Call, Caller, Command, Event, Operation, World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { findTickets } from "../tickets/index.ts";

const sql = statements("runtime", "ticks", "tick_set", "tick_end", "hold", "held_over", "held_take");

/** Origins G (0013): a nudge, a maintenance narrative, a judgement and a report. What comes on top is one post. */
const POSTS_MAX = 4;
/** A tick ends with its run, at the latest after so long: coordinators' loops run each five minutes. */
const TICK_SECONDS = 300;
/** A merged post stays well below what an entry holds; more is another post. */
const MERGED_CHARACTERS_MAX = 20_000;
/** Nobody waits with these. */
const EMERGENCY = /^\s*EMERGENCY\b/;

type Input = { kind: string; subject: string; body: string; item?: string; amends?: number; personal: boolean };
/** `follows`: the tick before may have held posts. */
type Tick = { began_at: Date; posts: number; follows: boolean };
type Holding = { caller: Caller; number: number; item: string | null; subject: string; body: string };
type Held = { number: number; held_at: Date; item: string | null; subject: string; body: string };

/**
 * The same `post.append`, which holds a coordinator's narratives above the budget of its tick and posts them as one
 * when that is over (J43). Emergencies, what moves a ticket, corrections and personal words are not held.
 */
export function budgeted(operation: Operation): Operation {
  if (operation.name !== "post.append" || operation.kind === "query") return operation;
  const run: Command["run"] = async (world, calls) => {
    const bound = calls.map((call) => isBudgeted(call as Call<Input>));
    if (!bound.includes(true)) return operation.run(world, calls);
    return appendWithin(world, calls as Call<Input>[], bound, operation);
  };
  return { ...operation, events: [...operation.events, "post.held"], run };
}

const isBudgeted = ({ caller, input }: Call<Input>): boolean =>
  caller.role === "coordinator" &&
  input.kind === "narrative" &&
  !input.personal &&
  input.amends === undefined &&
  !EMERGENCY.test(input.subject);

type Outcome = Act<any> | Refusal;

async function appendWithin(
  world: World,
  calls: readonly Call<Input>[],
  bound: readonly boolean[],
  operation: Command,
): Promise<Outcome[]> {
  const at = await world.at();
  const ticks = await ticksOf(
    world,
    calls.filter((_, index) => bound[index]).map(({ caller }) => caller.principal_id),
    at,
  );
  const items = calls.flatMap(({ input }) => (input.item ? [input.item] : []));
  const found = await findTickets(world.db, items);
  const held: Holding[] = [];
  const isHeld = calls.map(({ caller, input }, index) => {
    const tick = ticks.get(caller.principal_id);
    // A ticket that is not there is refused by the command itself.
    if (!bound[index] || !tick || (input.item && !found.has(input.item))) return false;
    if (tick.posts++ < POSTS_MAX) return false;
    const item = input.item ? found.get(input.item)!.id : null;
    held.push({ caller, number: tick.posts - POSTS_MAX, item, subject: input.subject, body: input.body });
    return true;
  });
  const passed = calls.filter((_, index) => !isHeld[index]);
  const ran: Outcome[] = passed.length === 0 ? [] : await operation.run(world, passed);
  const waiting = [...held];
  const outcomes: Outcome[] = [];
  for (const [index, { caller }] of calls.entries()) {
    const outcome = isHeld[index] ? heldAct(waiting.shift()!) : ran.shift()!;
    const tick = ticks.get(caller.principal_id);
    // What the tick before held comes first, with the first post that is accepted.
    if (!tick?.follows || outcome instanceof Refusal) outcomes.push(outcome);
    else {
      const before = await postHeldBy(world, caller.principal_id, caller.name);
      outcomes.push({ output: outcome.output, events: [...before, ...outcome.events] });
      tick.follows = false;
    }
  }
  // A tick whose first post was refused has not begun.
  write(world, at, new Map([...ticks].filter(([, { follows }]) => !follows)), held);
  return outcomes;
}

/** Where each coordinator's tick stands; when the last one is over, another begins. */
async function ticksOf(world: World, ids: readonly number[], at: Date): Promise<Map<number, Tick>> {
  const principal_ids = [...new Set(ids)];
  const rows = await world.db.all<{ principal_id: number; began_at: Date; posts: number }>(sql.ticks, {
    principal_ids,
  });
  const known = new Map(rows.map((row) => [row.principal_id, row]));
  return new Map(
    principal_ids.map((id): [number, Tick] => {
      const row = known.get(id);
      const isOver = row !== undefined && at.getTime() - row.began_at.getTime() >= TICK_SECONDS * 1000;
      if (row === undefined || isOver) return [id, { began_at: at, posts: 0, follows: isOver }];
      return [id, { began_at: row.began_at, posts: row.posts, follows: false }];
    }),
  );
}

function write(world: World, at: Date, ticks: ReadonlyMap<number, Tick>, held: readonly Holding[]): void {
  world.db.send(sql.tick_set, {
    principal_ids: [...ticks.keys()],
    begans: [...ticks.values()].map(({ began_at }) => began_at),
    posts: [...ticks.values()].map(({ posts }) => posts),
  });
  if (held.length === 0) return;
  world.db.send(sql.hold, {
    at,
    principal_ids: held.map(({ caller }) => caller.principal_id),
    numbers: held.map(({ number }) => number),
    items: held.map(({ item }) => item),
    subjects: held.map(({ subject }) => subject),
    bodies: held.map(({ body }) => body),
  });
}

function heldAct({ caller, number, item, subject }: Holding): Act<unknown> {
  const warning =
    `This tick's ${POSTS_MAX} posts are spent: it is held, and posted with the others as one when the tick ends. ` +
    "An EMERGENCY at the start of the subject is posted at once.";
  const data = { seat: caller.name, number, ...(item === null ? {} : { item }), subject };
  return {
    output: { item, state: null, claim_token: null, warnings: [warning] },
    events: [{ kind: "post.held", subject: item, data }],
  };
}

/** Posts what is held of every coordinator whose tick is over, in its own name; answers how many posts that are. */
export async function postHeld(world: World, { tenant_id, tenant }: Caller): Promise<number> {
  const at = await world.at();
  const over = await world.db.all<Pick<Caller, "principal_id" | "name" | "role" | "incarnation">>(sql.held_over, {
    at,
    tick_seconds: TICK_SECONDS,
  });
  let posts = 0;
  for (const one of over)
    for (const event of await postHeldBy(world, one.principal_id, one.name)) {
      world.record(event, { tenant_id, tenant, ...one });
      posts++;
    }
  return posts;
}

/** Ends a tick: what it held is posted, and the next post begins another. */
export function endTick(world: World, { principal_id, name }: Caller): Promise<Event[]> {
  world.db.send(sql.tick_end, { principal_id });
  return postHeldBy(world, principal_id, name);
}

/** Posts what is held of one coordinator, as few posts as it fits into. */
async function postHeldBy(world: World, principal_id: number, name: string): Promise<Event[]> {
  const rows = await world.db.all<Held>(sql.held_take, { principal_id });
  rows.sort((a, b) => a.number - b.number);
  const parts: Held[][] = [];
  let characters = Infinity;
  for (const row of rows) {
    const more = row.subject.length + row.body.length;
    if (characters + more > MERGED_CHARACTERS_MAX) {
      parts.push([]);
      characters = 0;
    }
    parts.at(-1)!.push(row);
    characters += more;
  }
  return parts.map((part) => mergedPost(part, name));
}

function mergedPost(part: readonly Held[], name: string): Event {
  const items = [...new Set(part.flatMap(({ item }) => (item === null ? [] : [item])))];
  const item = items.length === 1 && part.every((one) => one.item !== null) ? items[0]! : null;
  const body = part
    .map(({ held_at, item: about, subject, body: words }) =>
      [`${held_at.toISOString()} ${about === null ? "" : `${about}: `}${subject}`, words].filter(Boolean).join("\n"),
    )
    .join("\n\n");
  const subject = `${part.length} posts of ${name} above its budget, as one`;
  const told = { kind: "narrative", ...(item === null ? {} : { item }), merged: part.length, of: name, items };
  return { kind: "post.appended", subject: item, data: { ...told, subject, body } };
}
