import type { Caller, Command, World } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import type { Received } from "./receiving.ts";

/** The word of the ledger's own drops for a line that a machine's crash tore. */
const REASON = "torn";

/**
 * A spool is a producer of the ledger: its numbers, recorded or recorded as lost, leave no gap, and whoever verifies
 * the ledger finds that by himself (AUD-COMPLETE).
 */
export async function account(world: World, caller: Caller, spool: string, rows: readonly Received[]): Promise<void> {
  const producer = `spool/${spool}`;
  if (rows[0]!.n === 1) await say(world, caller, "producer.open", { name: producer });
  for (const run of runsOf(rows)) {
    const [first, last] = [run[0]!.n, run.at(-1)!.n];
    const range = { producer, epoch: 1, first };
    if (run[0]!.outcome === "lost") await say(world, caller, "telemetry.drop", { ...range, last, reason: REASON });
    else await say(world, caller, "telemetry.record", { ...range, events: run.map(told) });
  }
}

function runsOf(rows: readonly Received[]): Received[][] {
  const runs: Received[][] = [];
  for (const row of rows)
    if ((runs.at(-1)?.[0]!.outcome === "lost") === (row.outcome === "lost") && runs.length > 0) runs.at(-1)!.push(row);
    else runs.push([row]);
  return runs;
}

function told({ operation, provisional, posted_at, effective_at }: Received) {
  const instants = { posted_at: posted_at.toISOString(), effective_at: effective_at.toISOString() };
  return { kind: operation, data: { ...(provisional === null ? {} : { provisional }), ...instants } };
}

async function say(world: World, caller: Caller, name: string, input: Record<string, unknown>): Promise<void> {
  const [outcome] = await (world.operation(name) as Command).run(world, [{ caller, input }]);
  if (outcome instanceof Refusal) throw outcome;
  for (const event of outcome!.events) world.record(event, caller);
}
