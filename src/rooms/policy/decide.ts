import { z } from "zod";
import { unencodable } from "../../kernel/encoding.ts";
import { type Act, batchCommand, type Call, roles, text, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { type Ask, spend, type Standing, standingFor } from "./authority/index.ts";
import { type Decision, type Ground, inputDigest, inputText, sendDecisions } from "./decisions.ts";
import type { Prepared } from "./engine.ts";
import { cameOut, expectsSeats } from "./expecting.ts";
import { Facts, inputOf, lookUp, type Named, named } from "./facts.ts";
import { askKnown, askOf, judge } from "./judging.ts";
import { readRoster } from "./offers.ts";
import { Protocol } from "./protocols.ts";
import { activePolicy, keepShipped } from "./versions.ts";
import { type Case, Ways } from "./ways.ts";

const sql = statements("policy", "decisions_head");

/** What a request says of one thing. A decision is kept for ever, and hooks know little: more is a mistake. */
const PROPERTIES_BYTES_MAX = 8_192;

const Given = z
  .record(z.string(), z.unknown())
  .default({})
  .superRefine((value, { addIssue }) => {
    const problem = unencodable(value);
    if (problem !== null) return addIssue({ code: "custom", message: problem });
    const bytes = Buffer.byteLength(JSON.stringify(value));
    if (bytes > PROPERTIES_BYTES_MAX)
      addIssue({ code: "custom", message: `has ${bytes} bytes as JSON; at most ${PROPERTIES_BYTES_MAX} are read` });
  });

const Decided = z.object({
  decision: z.boolean().describe("Whether it may happen."),
  id: z.int().describe("The decision's number."),
  reasons: z.array(z.string()),
  rules: z.array(z.string()).describe("The rules that determined it."),
  protocol: Protocol.nullable().describe("What to do instead; null when it may happen."),
  rung: z.string().describe("L0: acted on and logged. L1: a strategist approves first. L2: the operator does."),
  policy: z.string().describe("The digest of the policy that decided."),
  state_version: z.int().describe("The ledger's newest entry when it was decided."),
});
type Output = z.output<typeof Decided>;

export const decide = batchCommand({
  name: "policy.decide",
  summary: "Ask whether an act may happen now. A denial says what to do instead.",
  input: z.object({
    subject_type: text(60).min(1).default("seat").describe("Seat, person, service, or a type of your own."),
    subject_id: text(300).min(1).default("me").describe("Who acts: me, me/suffix for a sub-agent."),
    subject_properties: Given.describe("What is said of the subject beside what is known of it."),
    action: text(60).min(1).describe("deploy, push, merge, publish, migrate, delete, spend, direct …"),
    action_properties: Given.describe("What is said of the action."),
    resource_type: text(60).min(1).describe("environment, branch, package, database, path, seat …"),
    resource_id: text(2000).min(1).describe("production, origin/main, npm:left-pad …"),
    resource_properties: Given.describe("production: false says that nobody outside lives with the result."),
    context: Given.describe("What else matters; consent_words quotes the operator."),
  }),
  output: Decided,
  may: roles,
  said_by: "programs",
  unscoped: true,
  events: ["policy.decided", "escalation.opened"],
  refuses: [
    "identity.mismatch",
    "seat.unknown",
    "seat.ambiguous",
    "consent.paraphrased",
    "consent.ended",
    "consent.out_of_scope",
  ],
  async run(world, calls) {
    const names = await named(world.db, calls);
    const begun = calls.flatMap((call, index): Begun[] => {
      const one = names[index]!;
      return one instanceof Refusal ? [] : [{ call, names: one, ask: askOf(call.input, one) }];
    });
    const outcomes = begun.length === 0 ? [] : await decideAll(world, begun);
    return names.map((one) => (one instanceof Refusal ? one : outcomes.shift()!));
  },
});

type Begun = { call: Call<z.output<typeof decide.input>>; names: Named; ask: Ask };

/**
 * The whole batch in one flight: it reads what decides (the policy, the ladder, the subjects) and, where a denial is
 * to be expected, who could do it instead. What was not expected takes a second one, and so do candidates above the
 * lowest rung, and a denial that nobody can lift.
 */
async function decideAll(world: World, said: readonly Begun[]): Promise<(Act<Output> | Refusal)[]> {
  const { db, tenant_id } = world;
  const isExpected = said.some(({ ask }) => expectsSeats({ tenant_id, ask }));
  const [policy, [head], rows, standingsSaid, seats, at] = await Promise.all([
    activePolicy(db),
    db.all<{ seq: number; newest: number | null }>(sql.decisions_head),
    lookUp(
      db,
      said.flatMap(({ names }) => [names.subject ?? [], names.resource ?? []].flat()),
    ),
    standingFor(
      db,
      said.map(({ ask }) => ask),
    ),
    isExpected ? readRoster(db) : null,
    world.at(),
  ]);
  const { begun, standings } = await asKnown(db, policy, said, standingsSaid);
  const facts = new Facts(rows, at);
  let newest = head!.newest ?? 0;
  const cases = begun.map((one, index): Case | Refusal => {
    const standing = standings[index]!;
    return standing.refusal ?? judged(policy, one, facts, standing, ++newest);
  });
  const judgedOnes = cases.filter((one): one is Case => !(one instanceof Refusal));
  const ground: Ground = { at, policy_digest: policy.digest, state_version: head!.seq };
  for (const { ask, verdict } of judgedOnes) cameOut({ tenant_id, ask }, verdict.protocol?.via === "dispatch");
  const way = await Ways.find(world, policy, judgedOnes, seats);
  const answers = cases.map((one) => (one instanceof Refusal ? one : answer(one, way, ground)));
  if (judgedOnes.length > 0 && !policy.kept) keepShipped(db);
  sendDecisions(
    db,
    ground,
    answers.flatMap((one) => (one instanceof Refusal ? [] : [one.decision])),
  );
  way.send(db);
  spend(
    db,
    judgedOnes.map(({ asker, rests }) => ({ decision: asker.decision, ...rests })),
  );
  return answers.map((one) => (one instanceof Refusal ? one : one.act));
}

/** Where the policy knows something to be production that was said to be none, the ladder is looked at once more. */
async function asKnown(db: World["db"], policy: Prepared, said: readonly Begun[], standings: Standing[]) {
  const begun = said.map((one) => ({ ...one, ask: askKnown(policy, one.ask) }));
  if (begun.every(({ ask }, index) => ask.production === said[index]!.ask.production)) return { begun, standings };
  const asks = begun.map(({ ask }) => ask);
  return { begun, standings: await standingFor(db, asks) };
}

function judged(policy: Prepared, { call, names, ask }: Begun, facts: Facts, standing: Standing, id: number): Case {
  const { known, ...wanted } = inputOf(call.input, names, facts);
  const asker = { id: known?.seat_id ?? call.caller.principal_id, lane: known?.lane ?? null, decision: id };
  return { caller: call.caller, ask, standing, known, asker, ...judge(policy, wanted, standing) };
}

/** What the asker is told, what is kept, and what the ledger says of it. */
function answer(
  one: Case,
  ways: Ways,
  { policy_digest, state_version }: Ground,
): { act: Act<Output>; decision: Decision & { text: string } } {
  const { asker, ask, caller, input, known, rests, standing } = one;
  const { id, rung } = { id: asker.decision, rung: standing.rung };
  const { effect, rules, reasons } = one.verdict;
  const isAllowed = effect === "allow";
  const { protocol, events } = isAllowed ? { protocol: null, events: [] } : ways.of(one);
  const kept = inputText(input);
  const data = {
    id,
    effect,
    subject: input.subject.id,
    action: ask.action,
    resource_type: ask.resource_type,
    resource_id: ask.resource_id,
    rung,
    rules,
    reasons,
    policy: policy_digest,
    state_version,
    input_sha256: inputDigest(kept),
    ...(isAllowed ? rests : { via: protocol!.via, approval: protocol!.approval, escalation: protocol!.escalation }),
    ...(protocol && protocol.offers.length > 0 ? { offers: protocol.offers.map(({ seat }) => seat) } : {}),
  };
  return {
    decision: {
      id,
      asked_by: caller.principal_id,
      subject_id: known?.id ?? null,
      input,
      text: kept,
      verdict: one.verdict,
      rung,
      protocol,
    },
    act: {
      output: { decision: isAllowed, id, reasons, rules, protocol, rung, policy: policy_digest, state_version },
      events: [{ kind: "policy.decided", subject: known?.name ?? null, data }, ...events],
    },
  };
}
