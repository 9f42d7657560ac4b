import type { z } from "zod";
import { parse } from "../../kernel/door.ts";
import type { Caller, Event, World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { decide } from "./decide.ts";

/** A decision that a room above asked for, and the consent that it used up. */
export type Answer = z.output<typeof decide.output> & { consent: number | null };

/**
 * Asks within the transaction of the act, so that what happens and the decision that allowed it are one commit, under
 * one version of the state (POL-ATOMIC). The events belong to the act; whoever is denied returns the refusal with them
 * recorded. Throws what cannot be decided at all, such as a paraphrased consent.
 */
export async function ask(
  world: World,
  caller: Caller,
  asked: readonly object[],
): Promise<{ answers: Answer[]; events: Event[] }> {
  const outcomes = await decide.run(
    world,
    asked.map((input) => ({ caller, input: parse(decide.input, input) })),
  );
  const acts = outcomes.map((outcome) => {
    if (outcome instanceof Refusal) throw outcome;
    return outcome;
  });
  const answers = acts.map(({ output, events }) => {
    const told = events.find(({ kind }) => kind === "policy.decided")!.data as { consent?: number | null };
    return { ...output, consent: told.consent ?? null };
  });
  return { answers, events: acts.flatMap(({ events }) => events) };
}

/** The refusal of what was denied: what to do instead comes with it. */
export function deniedAs(code: string, message: string, answer: Answer, facts: Record<string, unknown> = {}): Refusal {
  const { id, reasons, rules, protocol } = answer;
  return new Refusal("denied", code, `${message} ${reasons.join(" ")}`, {
    hint: `${protocol!.do} ${protocol!.command}`,
    facts: { decision: id, ...facts, reasons, policy_rules: rules, protocol },
  });
}
