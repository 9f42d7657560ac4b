import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { command, query, type Caller, type Role, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { GIVERS } from "./filing.ts";
import { RecordId } from "./record.ts";
import { keep, principlesOf, recordsOf, recordUnknown, refuseSuperseded } from "./registry.ts";
import { shipped } from "./shipped.ts";

const sql = statements(
  "doctrine",
  "seat",
  "held",
  "claimable",
  "given",
  "rules_counted",
  "acknowledged",
  "acknowledge",
  "readings_insert",
  "boot_set_newest",
  "boot_set_insert",
  "principles_insert",
);

/** Origins E, 0078: with more than five to seven, rules are forgotten together within a context window. */
const PRINCIPLES_MAX = 7;
/** Tickets of each kind; the queue has the rest. */
const TICKETS_MAX = 5;

/** A ticket as a brief names it. */
const Named = z.object({ id: z.string(), title: z.string(), state: z.string(), lane: z.string() });

/** What a seat starts with. */
const Brief = z.object({
  digest: z.string().describe("Of who, role and principles: what brief.acknowledge takes. The queue is no part of it."),
  seat: z.string(),
  role: z.string(),
  lane: z.string().nullable(),
  who: z.string().describe("Who the reader is, and what this role does and leaves to others."),
  principles: z.array(z.object({ id: z.string(), title: z.string(), rule: z.string() })).max(PRINCIPLES_MAX),
  rules_elsewhere: z.int().describe("How many further rules are told where they apply."),
  held: z.array(Named).describe("What the seat holds; five at most."),
  claimable: z.array(Named).describe("What it could claim in its lane now, in the order of claims; five at most."),
  waiting: z.array(Named).describe("What was given to this seat and waits for it; five at most."),
  acknowledged: z.boolean().describe("Whether this seat's session has acknowledged this digest."),
  text: z.string().describe("All of it as Markdown, as a model reads it: what a hook hands over."),
});
export type Brief = z.output<typeof Brief>;

/** What each role does here, and what it leaves to others. */
const DOES: { readonly [role in Role]: string } = {
  operator: "You decide what only a person decides; the fleet does the rest.",
  strategist: "You decide, split and dispatch. You land nothing, least of all under pressure.",
  implementer: "You claim work of your lane, do it, and land what you hold. You decide no direction.",
  coordinator: "You keep the queue moving: you give work, settle collisions, and land nothing.",
  gatekeeper: "You judge what others made. You never judge your own.",
  witness: "You watch, sign and countersign. You move nothing.",
  auditor: "You compute and compare. You move nothing.",
  steward: "You keep the house: schedules, leases, what is due.",
  sentinel: "You look for what is wrong and file it. You mend it only when you hold its ticket.",
  communicator: "You tell what was decided. You decide nothing.",
  service: "You are a program. You do what your command says.",
};

/** The brief of a caller, in any transaction; it only reads. */
export async function briefFor(db: Reader, caller: Caller): Promise<Brief> {
  const { principal_id, name, role, incarnation } = caller;
  const id = principal_id;
  const [[seat], principles, rules] = await Promise.all([
    db.all<{ lane: string | null }>(sql.seat, { id }),
    principlesOf(db),
    rulesCounted(db),
  ]);
  const lane = seat?.lane ?? null;
  const lanes = [...(lane === null ? [] : [lane]), ...(role === "strategist" && lane !== role ? [role] : [])];
  const limit = TICKETS_MAX;
  const told = principles.map(({ id, title, rule }) => ({ id, title, rule }));
  const who = `You are ${name}, ${role}${lane === null ? "" : ` of lane ${lane}`}. ${DOES[role]}`;
  const digest = hash("sha256", canonicalize({ who, principles: principles.map((one) => [one.id, one.digest]) })!);
  const [held, claimable, waiting, [known]] = await Promise.all([
    db.all<z.output<typeof Named>>(sql.held, { id, limit }),
    lanes.length === 0 ? [] : db.all<z.output<typeof Named>>(sql.claimable, { id, lanes, limit }),
    db.all<z.output<typeof Named>>(sql.given, { id, limit }),
    db.all(sql.acknowledged, { id, incarnation: incarnation ?? "", digest }),
  ]);
  const brief = { digest, seat: name, role, lane, who, principles: told, held, claimable, waiting };
  const rules_elsewhere = Math.max(0, rules - told.length);
  return { ...brief, rules_elsewhere, acknowledged: known !== undefined, text: markdownOf(brief, rules_elsewhere) };
}

type Part = Pick<Brief, "who" | "digest" | "principles" | "held" | "claimable" | "waiting">;

function markdownOf({ who, digest, principles, held, claimable, waiting }: Part, rules_elsewhere: number): string {
  const tickets = (title: string, those: Part["held"]) =>
    those.length === 0
      ? []
      : ["", `## ${title}`, ...those.map(({ id, title, state }) => `- ${id} (${state}) ${title}`)];
  const idle = held.length + claimable.length + waiting.length === 0;
  return [
    "# Your brief",
    ...["", who, "", "## Principles"],
    ...principles.map(({ id, title, rule }, index) => `${index + 1}. **${title}.** ${rule} (${id})`),
    ...(rules_elsewhere === 0 ? [] : ["", `${rules_elsewhere} more rules are told where they apply.`]),
    ...tickets("You hold", held),
    ...tickets("Given to you", waiting),
    ...tickets("You can claim", claimable),
    ...(idle ? ["", "Nothing waits for you now: `longwatch queue read` shows the other lanes."] : []),
    ...["", `When you have read this: \`longwatch brief acknowledge ${digest}\``],
  ].join("\n");
}

async function rulesCounted(db: Reader): Promise<number> {
  const ids = shipped.map(({ id }) => id);
  const [row] = await db.all<{ rules: number; kept: number }>(sql.rules_counted, { shipped: ids });
  return row!.rules + shipped.length - row!.kept;
}

export const read = query({
  name: "brief.read",
  summary: "Read what a seat starts with: who it is, the principles, what it holds, what waits, what it can claim.",
  input: z.object({}),
  output: Brief,
  may: roles,
  unscoped: true,
  said_by: "programs",
  refuses: [],
  read: ({ db, caller }) => briefFor(db, caller),
});

export const acknowledge = command({
  name: "brief.acknowledge",
  summary: "Say that you have read your brief: each of its principles then counts you among its readers.",
  input: z.object({
    digest: text(64)
      .regex(/^[0-9a-f]{64}$/, "must be the digest that brief.read gave")
      .describe("The digest of the brief that was read."),
  }),
  output: z.object({ digest: z.string(), acknowledged: z.boolean().describe("False when you had said so before.") }),
  may: roles,
  unscoped: true,
  said_by: "programs",
  events: ["brief.acknowledged"],
  refuses: ["brief.outdated"],
  unrecorded: "To say again what the session has said changes nothing.",
  async run(world, { caller, input: { digest } }) {
    const brief = await briefFor(world.db, caller);
    if (brief.digest !== digest)
      throw new Refusal("conflict", "brief.outdated", "Your brief has changed since you read it.", {
        hint: "Read it again, `longwatch brief read`, and acknowledge the digest that it has now.",
        facts: { digest: brief.digest },
      });
    if (brief.acknowledged) return { output: { digest, acknowledged: false }, events: [] };
    const at = await world.at();
    const principles = await principlesOf(world.db);
    keep(world.db, principles, at);
    const reader = { id: caller.principal_id, at };
    world.db.send(sql.acknowledge, { ...reader, incarnation: caller.incarnation ?? "", digest });
    world.db.send(sql.readings_insert, {
      ...reader,
      record_ids: principles.map((one) => one.id),
      digests: principles.map((one) => one.digest),
    });
    const data = { digest, principles: principles.map((one) => one.id) };
    return {
      output: { digest, acknowledged: true },
      events: [{ kind: "brief.acknowledged", subject: caller.name, data }],
    };
  },
});

export const setPrinciples = command({
  name: "brief.set",
  summary: "Say which principles every seat starts with, at most seven. The others are told where they apply.",
  input: z.object({
    principles: z
      .array(RecordId)
      .min(1)
      .max(PRINCIPLES_MAX)
      .refine((ids) => new Set(ids).size === ids.length, "names a record twice")
      .describe("Records of type doctrine or decision, in their order."),
  }),
  output: z.object({ version: z.int(), principles: z.array(z.string()) }),
  may: GIVERS,
  said_by: "programs",
  events: ["brief.set"],
  refuses: ["record.unknown", "record.superseded", "principle.without_rule"],
  async run(world, { caller, input: { principles } }) {
    const records = await recordsOf(world.db, { ids: principles });
    for (const id of principles) {
      const record = records.find((one) => one.id === id);
      if (!record) throw recordUnknown(id);
      refuseSuperseded(record);
      if (record.rule === "")
        throw new Refusal("invalid", "principle.without_rule", `principles: ${id} has no rule that could be told`, {
          fields: [{ field: "principles", message: `${id} has no rule` }],
        });
    }
    const at = await world.at();
    keep(world.db, records, at);
    const [{ version }] = (await world.db.all(sql.boot_set_newest)) as [{ version: number }];
    world.db.send(sql.boot_set_insert, { version: version + 1, set_by: caller.principal_id, at });
    world.db.send(sql.principles_insert, { version: version + 1, record_ids: principles });
    const data = { version: version + 1, principles };
    return { output: data, events: [{ kind: "brief.set", subject: null, data }] };
  },
});
