import type { Reader } from "../../kernel/database.ts";
import { text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { findEnvironment } from "../landing/index.ts";
import {
  type Condition,
  CONDITION_FORMS,
  conditionsHold,
  findTickets,
  namespacesKnown,
  parseCondition,
  targetOf,
  triggerOf,
  withoutSecretValues,
  wordsOf,
} from "../tickets/index.ts";

const sql = statements("questions", "told");

/**
 * What says by itself that a question needs nobody any more (J33): what the server looks up, or a command that
 * `longwatch question probe` runs on somebody's machine.
 */
type Probe =
  | Condition
  | { kind: "release"; sha: string; environment: string }
  | { kind: "ledger"; event: string; subject: string }
  | { kind: "command"; line: string };

const RELEASE = /^release ([0-9a-f]{40}(?:[0-9a-f]{24})?) is served in ([A-Za-z0-9][A-Za-z0-9._-]{0,59})$/;
const LEDGER = /^ledger has ([a-z_]{1,40}\.[a-z_]{1,40}) about (\S.{0,199})$/;
const COMMAND = /^command:\s*(\S.*)$/;

const FORMS = [
  CONDITION_FORMS,
  "release COMMIT is served in ENVIRONMENT",
  "ledger has seat.adopted about NAME",
  "command: SHELL LINE, whose exit code 0 says that it is done",
].join("; ");

function parseProbe(words: string): Probe | null {
  const said = words.trim();
  const command = COMMAND.exec(said);
  if (command) return { kind: "command", line: command[1]! };
  const release = RELEASE.exec(said);
  if (release) return { kind: "release", sha: release[1]!, environment: release[2]! };
  const ledger = LEDGER.exec(said);
  if (ledger) return { kind: "ledger", event: ledger[1]!, subject: ledger[2]! };
  return parseCondition(said);
}

export const ProbeWords = text(500)
  .trim()
  .refine((words) => parseProbe(words) !== null, `must be in one of these forms: ${FORMS}`)
  .refine((words) => withoutSecretValues(words) === words, "seems to hold a secret; a probe looks for it elsewhere")
  .describe(`Says by itself that it is done, before anybody is asked: ${FORMS}`);

export type Read = { words: string; kind: string };

/** A probe as it is kept, with the tickets' own ids. Throws where it asks about what is not here. */
export async function readProbe(db: Reader, words: string): Promise<Read> {
  const probe = parseProbe(words)!;
  if (probe.kind === "release") await findEnvironment(db, probe.environment);
  if (!isCondition(probe)) return { words: words.trim(), kind: probe.kind };
  const target = targetOf(probe);
  const [found, namespaces] = await Promise.all([
    findTickets(db, target === null ? [] : [target]),
    namespacesKnown(db, [probe]),
  ]);
  const condition = triggerOf(words, found, namespaces)!;
  if (condition instanceof Refusal) throw condition;
  return { words: wordsOf(condition), kind: condition.kind };
}

function isCondition(probe: Probe): probe is Condition {
  return !["release", "ledger", "command"].includes(probe.kind);
}

export type Probed = { id: number; probe: string | null; asked_seq: number };

/** Which of these questions are done by their own probe. A command is nothing that the server runs. */
export async function doneByProbe(db: Reader, questions: readonly Probed[]): Promise<Set<number>> {
  const all = questions.flatMap(({ id, probe, asked_seq }) =>
    probe === null ? [] : [{ id, asked_seq, probe: parseProbe(probe)! }],
  );
  const of = <Kind extends Probe>(is: (probe: Probe) => probe is Kind) =>
    all.flatMap(({ probe, ...one }) => (is(probe) ? [{ ...one, probe }] : []));
  const conditions = of(isCondition);
  const told = of((probe) => probe.kind === "ledger");
  const [hold, has, served] = await Promise.all([
    conditionsHold(
      db,
      conditions.map(({ probe }) => probe),
    ),
    inLedger(db, told),
    servedOf(
      db,
      of((probe) => probe.kind === "release"),
    ),
  ]);
  const done = [...conditions.filter((_, n) => hold[n]), ...told.filter((_, n) => has[n]), ...served];
  return new Set(done.map(({ id }) => id));
}

type Told = { asked_seq: number; probe: Extract<Probe, { kind: "ledger" }> };

async function inLedger(db: Reader, told: readonly Told[]): Promise<boolean[]> {
  if (told.length === 0) return [];
  const rows = await db.all<{ holds: boolean }>(sql.told, {
    kinds: told.map(({ probe }) => probe.event),
    subjects: told.map(({ probe }) => probe.subject),
    afters: told.map(({ asked_seq }) => asked_seq),
  });
  return rows.map(({ holds }) => holds);
}

async function servedOf<One extends { probe: Extract<Probe, { kind: "release" }> }>(
  db: Reader,
  wanted: readonly One[],
): Promise<One[]> {
  const names = [...new Set(wanted.map(({ probe }) => probe.environment))];
  const found = await Promise.all(names.map(async (name) => [name, await findEnvironment(db, name)] as const));
  const releases = new Map(found.map(([name, { good_release }]) => [name, good_release]));
  return wanted.filter(({ probe }) => releases.get(probe.environment) === probe.sha);
}
