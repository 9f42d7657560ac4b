import type { Call, Command, Operation, World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { CONCERNS, type Contradiction, contradictions, type Recorded } from "./topology.ts";

const sql = statements("landing", "recorded", "lanes");

/** The commands of rooms below whose words other seats act on, and the fields that hold them. */
const WATCHED: Readonly<Record<string, readonly string[]>> = {
  "ticket.file": ["title", "body"],
  "ticket.dispatch": ["title", "body", "intent"],
  "ticket.divide": ["child", "body", "intent"],
  "post.append": ["subject", "body"],
};

type Input = Readonly<Record<string, unknown>>;

/**
 * The same operation, which refuses words that contradict a recorded topology (J27). What is recorded is known here and
 * the words are written below; a room imports no later one, and operations are values: rooms.ts puts both together, so
 * that every surface has the one that looks.
 */
export function watched(operation: Operation): Operation {
  const fields = WATCHED[operation.name];
  if (fields === undefined || operation.kind === "query") return operation;
  const run: Command["run"] = async (world, calls) => {
    const problems = await problemsOf(world, calls as Call<Input>[], fields);
    const rest = calls.filter((_, index) => problems[index] === null);
    const outcomes = rest.length === 0 ? [] : await operation.run(world, rest);
    return problems.map((problem) => problem ?? outcomes.shift()!);
  };
  return { ...operation, refuses: [...operation.refuses, "topology.contradicted"], run };
}

async function problemsOf(
  world: World,
  calls: readonly Call<Input>[],
  fields: readonly string[],
): Promise<(Refusal | null)[]> {
  const texts = calls.map(({ input }) =>
    isTold(input) ? "" : fields.flatMap((field) => input[field] ?? []).join("\n"),
  );
  if (!texts.some((text) => CONCERNS.test(text))) return calls.map(() => null);
  const refs = calls.map(({ input }) => String(input.id ?? input.namespace ?? input.reserve ?? ""));
  const [recorded, lanes] = await Promise.all([
    world.db.all<Recorded>(sql.recorded),
    world.db.all<{ ref: string; lane: string | null }>(sql.lanes, { refs: [...new Set(refs)] }),
  ]);
  return calls.map(({ input }, index) => {
    const lane = (input.lane as string | undefined) ?? lanes.find(({ ref }) => ref === refs[index])?.lane ?? null;
    const found = contradictions(texts[index]!, lane, recorded);
    return found.length === 0 ? null : contradicted(found);
  });
}

/** A post that files nothing tells what is or was, and sends nobody anywhere. */
const isTold = ({ kind, reserve }: Input): boolean => kind !== undefined && reserve === undefined;

function contradicted(found: readonly Contradiction[]): Refusal {
  const [{ environment, what, said, recorded }] = found as [Contradiction];
  const is =
    what === "branch" ? `is deployed from ${recorded}, not from ${said}` : `is deployed by ${recorded}, not by ${said}`;
  return new Refusal("conflict", "topology.contradicted", `${environment} ${is}.`, {
    hint:
      `Say it as it is recorded, or leave it out: longwatch land knows it. If it is to be otherwise from now on, the ` +
      `operator records that first: environment.define.`,
    facts: { contradictions: found },
  });
}
