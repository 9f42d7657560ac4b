import { z } from "zod";
import type { TestWorld } from "../../../../test/harness.ts";
import { anotherDoor } from "../../../kernel/door.fixture.ts";
import { type Act, batchCommand, roles } from "../../../kernel/operation.ts";
import type { Statement } from "../../../kernel/sql.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { openRequests, spend, standingFor } from "./index.ts";

const Acted = z.object({
  acted: z.boolean(),
  rung: z.string(),
  decision: z.int(),
  approval: z.int().nullable(),
  consent: z.int().nullable(),
  reason: z.string().nullable(),
});
export type Acted = z.output<typeof Acted>;

/** No two of this process have one number, whichever node they are made on. */
let decisions = 1000;

/** The decisions' rows, with as little as PostgreSQL takes; the policy that decided is any. */
const decided: Statement = {
  name: "probe_decided",
  text: `insert into policy.decisions (tenant_id, id, at, asked_by, subject, action, resource_type, resource_id, effect,
      rung, rules, errors, reasons, input, policy_digest, state_version)
    select $1, w.id, now(), w.asked_by, '', '', '', '', 'allow', 'L0', '{}', '{}', '{}', '', v.digest, 0
    from unnest($2::bigint[], $3::bigint[]) w (id, asked_by)
    join lateral (select digest from policy.versions where tenant_id = $1 limit 1) v on true`,
  parameters: ["tenant_id", "ids", "asked_bys"],
};

/**
 * Acts, as policy.decide lets somebody act, with the ladder alone: who may do what at all is not asked here. What the
 * ladder stops opens an approval; what it lets through uses up what it rests on.
 */
const probe = batchCommand({
  name: "probe.act",
  summary: "Act, if the ladder lets you.",
  input: z.object({
    subject: z.string().optional(),
    action: z.string().default("migrate"),
    resource_id: z.string().default("orders"),
    production: z.boolean().default(true),
    words: z.string().optional(),
  }),
  output: Acted,
  may: roles,
  events: ["probe.acted"],
  refuses: ["consent.paraphrased", "consent.ended", "consent.out_of_scope"],
  async run({ db }, calls) {
    const asks = calls.map(({ caller, input: { subject = caller.name, ...input } }) => ({
      ...input,
      subject,
      resource_type: "database",
      decision: ++decisions,
      asked_by: caller.principal_id,
    }));
    db.send(decided, { ids: asks.map(({ decision }) => decision), asked_bys: asks.map(({ asked_by }) => asked_by) });
    const standings = await standingFor(db, asks);
    const acted = standings.map(
      ({ rung, approval, consent }) => rung === "L0" || approval?.state === "granted" || consent !== null,
    );
    const stopped = asks.flatMap((ask, n) => {
      const { rung, refusal } = standings[n]!;
      return acted[n] || refusal || rung === "L0" ? [] : [{ ...ask, rung }];
    });
    const opened = await openRequests(db, stopped);
    const uses = standings.map(({ approval, consent }, n) => ({
      decision: asks[n]!.decision,
      approval: acted[n] ? (approval?.id ?? null) : null,
      consent,
    }));
    spend(db, uses);
    return calls.map((_, n): Act<Acted> | Refusal => {
      const { rung, refusal, approval } = standings[n]!;
      if (refusal) return refusal;
      const place = stopped.findIndex(({ decision }) => decision === asks[n]!.decision);
      const output = {
        ...uses[n]!,
        acted: acted[n]!,
        rung,
        approval: place >= 0 ? opened[place]! : uses[n]!.approval,
        reason: approval?.reason ?? null,
      };
      return { output, events: [{ kind: "probe.acted", subject: asks[n]!.subject, data: output }] };
    });
  },
});

/** A node whose seats can act. Refusals are thrown. */
export async function actingDoor(world: TestWorld) {
  // The first decision brings the shipped policy into the tenant.
  await world.say(world.operator, "policy.decide", {
    action: "deploy",
    resource_type: "environment",
    resource_id: "x",
  });
  const { door } = anotherDoor(world, { extra: [probe] });
  return {
    door,
    act: async (token: string, input: z.input<typeof probe.input> = {}): Promise<Acted> =>
      (await door.say(token, "probe.act", input)).output as Acted,
  };
}
