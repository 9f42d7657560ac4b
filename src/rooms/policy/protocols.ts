import { z } from "zod";
import { shellWord } from "../../shell_words.ts";
import type { Offered } from "./offers.ts";
import { type RuleProtocol, ways } from "./rules.ts";

export const Protocol = z.object({
  do: z.string().describe("What to do instead, in a sentence."),
  via: z.enum(ways).describe("Through whom or what the act gets done all the same."),
  command: z.string().describe("The next command, ready to be run."),
  offers: z.array(
    z.object({
      rank: z.int(),
      seat: z.string(),
      role: z.string(),
      lane: z.string().nullable(),
      state: z.string(),
      idle_seconds: z.int().describe("Since its last output, or since it was adopted."),
      held_until: z.iso.datetime().nullable().describe("Until then nobody else is offered this seat."),
      command: z.string().describe("The command that dispatches the act to this seat."),
    }),
  ),
  free_at: z.iso.datetime().nullable().describe("When the first seat is free, where others hold all that may do it."),
  escalation: z.int().nullable().describe("The open escalation, where nobody who is here may do it."),
  approval: z.int().nullable().describe("The request for an approval."),
  approval_state: z.enum(["pending", "rejected"]).nullable().describe("Whether that request still waits."),
});

/** What to do instead of a denied act, with every argument filled in. */
export type Protocol = z.output<typeof Protocol>;

type Blank = "decision" | "seat" | "lane" | "ticket" | "approval" | "escalation";
type Arguments = { [name in Blank]?: string | number | null };

/** A rule's protocol that needs nobody to be looked for. */
export function plainProtocol(rule: RuleProtocol, filled: Arguments): Protocol {
  // The ticket that the act is for is the one to claim, whatever else waits in the lane.
  const command = filled.ticket ? rule.command.replace("--lane {lane}", "--id {ticket}") : rule.command;
  // A seat that serves no lane has to see first what there is to claim.
  const isLaneless = command.includes("{lane}") && (filled.lane ?? null) === null;
  return {
    do: fill(rule.do, filled),
    via: rule.via,
    command: isLaneless ? "longwatch queue read" : fill(command, filled),
    offers: [],
    free_at: null,
    escalation: filled.escalation === undefined ? null : Number(filled.escalation),
    approval: filled.approval === undefined ? null : Number(filled.approval),
    approval_state: filled.approval === undefined ? null : "pending",
  };
}

/** The dispatch to one of the seats that may; the first of them is held for the asker. */
export function dispatchProtocol(rule: RuleProtocol, decision: number, { offers }: Offered): Protocol {
  const told = offers.map(({ seat, held_until }, index) => ({
    rank: index + 1,
    seat: seat.name,
    role: seat.role,
    lane: seat.lane,
    state: seat.state,
    idle_seconds: seat.idle_seconds,
    held_until: held_until?.toISOString() ?? null,
    command: fill(rule.command, { decision, seat: seat.name, lane: seat.lane }),
  }));
  const { seat: first } = offers[0]!;
  return { ...plainProtocol(rule, { decision, seat: first.name, lane: first.lane ?? "" }), offers: told };
}

/** Everyone who may is held for others: the lane gets the work, and whoever is free first takes it. */
export function waitingProtocol(decision: number, free_at: Date, lane: string | null): Protocol {
  return {
    do:
      `Every idle seat that may do this is held for another asker, the first until ${free_at.toISOString()}. ` +
      `Dispatch it without a seat: whoever is free first claims it.`,
    via: "dispatch",
    command: fill(`longwatch ticket dispatch --decision {decision}${lane === null ? "" : " --lane {lane}"}`, {
      decision,
      lane,
    }),
    offers: [],
    free_at: free_at.toISOString(),
    escalation: null,
    approval: null,
    approval_state: null,
  };
}

/** Nobody who is here may do it. */
export function escalatedProtocol(escalation: number): Protocol {
  return {
    do: `No idle seat may do this now, and escalation ${escalation} says so to those who can change it. Do not do it.`,
    via: "escalate",
    command: `longwatch escalation list --id ${escalation}`,
    offers: [],
    free_at: null,
    escalation,
    approval: null,
    approval_state: null,
  };
}

function fill(template: string, filled: Arguments): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: keyof Arguments) => {
    const value = filled[name] ?? null;
    return value === null ? whole : shellWord(String(value));
  });
}
