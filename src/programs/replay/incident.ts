import { z } from "zod";
import { readInstant, type Span } from "./instants.ts";

/**
 * An incident is a header and a timeline, a line of JSON each. A step says who did what and, as `then`, what came of it
 * in history; `policy` is what came of it under the rules when it was written down, so that a rule that changes shows.
 */

const Seat = z.strictObject({
  name: z.string().min(1),
  role: z.string().default("implementer"),
  /** Other names that the record has for it. */
  alias: z.array(z.string()).default([]),
});

const Header = z.strictObject({
  case: z.string().min(1),
  title: z.string().min(1),
  /** What collided: a number, a ruling, a surface, an identity, a schedule, an artifact. */
  kind: z.string().min(1),
  /** What the record says about it that the timeline does not. */
  record: z.string().default(""),
  /** How many numbers each namespace had given. */
  namespaces: z.record(z.string(), z.int().min(0).max(20_000)).default({}),
  seats: z.array(Seat).default([]),
});

const Input = z.record(z.string(), z.unknown());

const Step = z
  .strictObject({
    /** As it was written down; a step that prepares has none. */
    at: z.string().optional(),
    /** In any form of its name; `operator`; or `$label`, the sub-agent that a labelled step spawned. */
    seat: z.string().default("operator"),
    label: z.string().optional(),
    /** It only prepares what was there before the incident. */
    before: z.boolean().default(false),
    /** In words, for people. */
    what: z.string().optional(),
    then: z.string().optional(),
    policy: z.string().optional(),
    /** Filed with a number that the seat took from its own copy of the feed. */
    file: z.strictObject({ number: z.string(), title: z.string(), body: z.string().default("") }).optional(),
    post: Input.optional(),
    say: z.string().optional(),
    ask: z.string().optional(),
    input: Input.default({}),
    /** What of the answer is the outcome: `labels.0.seat`. Without it, that it was accepted. */
    answer: z.string().optional(),
    /** Who has this number at this point. */
    holder: z.string().optional(),
    wait_seconds: z.number().positive().max(60).optional(),
  })
  .refine((step) => ACTS.filter((act) => step[act] !== undefined).length === 1, {
    message: "is exactly one of file, post, say, ask, holder, wait_seconds",
  });

const ACTS = ["file", "post", "say", "ask", "holder", "wait_seconds"] as const;

export type Incident = z.output<typeof Header> & { file: string; steps: TimedStep[] };
export type TimedStep = z.output<typeof Step> & {
  line: number;
  /** Milliseconds of the epoch, the middle of what may be meant; null for what has no time of its own. */
  instant: number | null;
  from: number | null;
  to: number | null;
  doubts: string[];
};

/** Reads the incidents of a file. Throws an Error that names the line. */
export function incidentsIn(text: string, file: string): Incident[] {
  const incidents: Incident[] = [];
  let before: number | null = null;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    try {
      const value = JSON.parse(line) as object;
      if ("case" in value) {
        incidents.push({ ...Header.parse(value), file, steps: [] });
        before = null;
        continue;
      }
      const incident = incidents.at(-1);
      if (!incident) throw new Error("a step comes before any incident's header");
      const step = Step.parse(value);
      const span: Span | null = step.at === undefined ? null : readInstant(step.at, before);
      const instant: number | null = span === null ? null : Math.round((span.from + span.to) / 2);
      before = instant ?? before;
      const times = { instant, from: span?.from ?? null, to: span?.to ?? null, doubts: span?.doubts ?? [] };
      incident.steps.push({ ...step, line: index + 1, ...times });
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll("\n", " ") : (error as Error).message;
      throw new Error(`${file}:${index + 1}: ${why}`, { cause: error });
    }
  }
  return incidents.map((one) => ({ ...one, steps: inOrder(one.steps) }));
}

/**
 * As they were written down; a step goes before those that are later for certain. What has no time stays behind the
 * step that it was written behind.
 */
function inOrder(steps: readonly TimedStep[]): TimedStep[] {
  const ordered: TimedStep[] = [];
  let last: TimedStep | null = null;
  for (const step of steps) {
    const behind = last === null ? ordered.length : ordered.indexOf(last) + 1;
    const later = step.to === null ? behind : ordered.findIndex(({ from }) => from !== null && from > step.to!);
    ordered.splice(later === -1 ? ordered.length : later, 0, step);
    last = step;
  }
  return ordered;
}
