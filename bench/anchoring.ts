import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { Signers } from "../src/anchors/signers.ts";
import { everyTenant } from "../src/world.ts";
import { checkpoint, type Cluster, closeBenchWorld, openBenchWorld } from "./cluster.ts";
import { closedLoop, median } from "./sessions.ts";

const SECONDS = 3;
const ROUNDS = 9;
const SESSIONS = 32;

export type AnchoringRow = { alone: number; signed: number; ratio: number; anchors: number };

/** Filing at 32 sessions with a signer at work beside it and without: two databases, so that none has to catch up. */
export async function anchoring(cluster: Cluster, progress: (line: string) => void): Promise<AnchoringRow> {
  const directory = mkdtempSync(join(tmpdir(), "longwatch-bench-anchors-"));
  const alone = await openBenchWorld(cluster, "bench_alone");
  const signed = await openBenchWorld(cluster, "bench_signed");
  const signers = new Signers({
    ...signed,
    tenants: () => everyTenant(signed.database),
    anchors: join(directory, "anchors"),
    keys: join(directory, "keys"),
    log: pino({ level: "warn" }, pino.destination(2)),
  });
  signed.wakes.onGrowth((tenant_id, seq) => signers.grew(tenant_id, seq));
  const rates: { alone: number[]; signed: number[] } = { alone: [], signed: [] };
  for (const { door, operator } of [alone, signed])
    await door.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`filing with and without a signer, round ${round} of ${ROUNDS}`);
    // The one that goes first changes from round to round, since the machine does too.
    for (const which of round % 2 === 0 ? (["alone", "signed"] as const) : (["signed", "alone"] as const)) {
      const { door, operator } = which === "alone" ? alone : signed;
      const file = (_: number, n: number) =>
        door.say(operator, "ticket.file", { namespace: "CMB", title: `Fix the login page ${n}` });
      await checkpoint(cluster);
      rates[which].push((await closedLoop(SESSIONS, SECONDS, file)).per_second);
    }
  }
  await signers.stop();
  // A signer that did nothing would cost nothing: every entry must be covered by now.
  const anchors = (await signers.notes("home")).length;
  const covered = signers.state("home")!.size;
  const { seq } = (await signed.door.ask(signed.operator, "ledger.head", {})) as { seq: number };
  if (covered < seq) throw new Error(`the signer covered ${covered} of ${seq} entries`);
  await closeBenchWorld(alone);
  await closeBenchWorld(signed);
  rmSync(directory, { recursive: true, force: true });
  const ratios = rates.signed.map((rate, round) => rate / rates.alone[round]!);
  return { alone: median(rates.alone), signed: median(rates.signed), ratio: median(ratios), anchors };
}
