import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import type { Act, Command, Operation } from "../../kernel/operation.ts";
import type { Guidance } from "../../kernel/ports.ts";
import { type AppliedRule, Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { shipped } from "./shipped.ts";

const sql = statements("doctrine", "enforced");

/** Where it applies a rule is told, and nowhere else (origins E, 0078). */
const Rule = z.object({ id: z.string(), title: z.string(), rule: z.string() });
type Rule = AppliedRule;

/** The rules of a tenant, by what enforces them. */
type ByMechanism = ReadonlyMap<string, readonly Rule[]>;

type Row = Rule & { mechanisms: string[]; superseded_by: string | null };

const SHIPPED = shipped.map(({ id }) => id);

/** The tenant's own records that something enforces, and those that it keeps of the shipped ones. */
const readOwn = (db: Reader): Promise<Row[]> => db.all<Row>(sql.enforced, { shipped: SHIPPED });

function rulesByMechanism(own: readonly Row[]): ByMechanism {
  const kept = new Set(own.map(({ id }) => id));
  const found = new Map<string, Rule[]>();
  for (const { id, title, rule, mechanisms, superseded_by } of [...own, ...shipped.filter((one) => !kept.has(one.id))])
    for (const mechanism of superseded_by === null ? mechanisms : [])
      found.set(mechanism, [...(found.get(mechanism) ?? []), { id, title, rule }]);
  return found;
}

/** More than so many are not read beside a refusal. */
const RULES_MAX = 3;

function those(rules: ByMechanism, mechanisms: readonly string[]): Rule[] {
  const found = mechanisms.flatMap((one) => rules.get(one) ?? []);
  return [...new Map(found.map((rule) => [rule.id, rule])).values()].slice(0, RULES_MAX);
}

/**
 * Tells the rules beside refusals. They are remembered by the authority revision, which every change of them moves: a
 * refusal that no rule names costs a look into a map.
 */
export function rememberingGuidance(): Guidance {
  const remembered = new Map<number, { revision: number | null; rules: ByMechanism }>();
  return {
    async guided(tx, revision, refusal) {
      const { tenant_id } = tx;
      let known = remembered.get(tenant_id);
      if (known === undefined || known.revision !== revision) {
        known = { revision, rules: rulesByMechanism(await readOwn(tx)) };
        if (revision !== null) remembered.set(tenant_id, known);
      }
      const policy = Array.isArray(refusal.facts.policy_rules) ? (refusal.facts.policy_rules as string[]) : [];
      const rules = those(known.rules, [`refusal:${refusal.code}`, ...policy.map((name) => `policy:${name}`)]);
      if (rules.length === 0) return refusal;
      const { kind, code, message, hint, facts, fields, cause } = refusal;
      return new Refusal(kind, code, message, { hint, facts, fields, cause, rules });
    },
  };
}

type Decided = { decision: boolean; rules: string[] };

/**
 * The same operation, whose denials carry the rules that the denying rules of the policy hold: what a guard tells. The
 * policy is a room below; rooms.ts puts both together.
 */
export function told(operation: Operation): Operation {
  if (operation.name !== "policy.decide" || operation.kind === "query") return operation;
  const output = operation.output.extend({
    doctrine: z.array(Rule).describe("The rules of the fleet that stand behind a denial."),
  });
  const run: Command["run"] = async (world, calls) => {
    // Both at once: the rules travel in the flight that decides, since another round trip would take far longer.
    const [ran, own] = await Promise.all([operation.run(world, calls), readOwn(world.db)]);
    const outcomes = ran as (Act<Decided> | Refusal)[];
    const isDenied = (one: Act<Decided> | Refusal) => !(one instanceof Refusal) && !one.output.decision;
    const rules: ByMechanism = outcomes.some(isDenied) ? rulesByMechanism(own) : new Map();
    return outcomes.map((one) => {
      if (one instanceof Refusal) return one;
      const names = isDenied(one) ? one.output.rules.map((name) => `policy:${name}`) : [];
      return { ...one, output: { ...one.output, doctrine: those(rules, names) } };
    });
  };
  return { ...operation, output, run };
}
