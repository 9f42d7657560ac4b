import { z } from "zod";
import { query, roles } from "../../../kernel/operation.ts";
import { statements } from "../../../kernel/sql.ts";
import { HEARD_SECONDS } from "../../seats/index.ts";
import { formatId, Prefix } from "../numbers/format.ts";
import { namespaceUnknown } from "../numbers/numbers.ts";
import { CONTEST_SECONDS } from "./receiving.ts";

const sql = statements("tickets/provisional", "namespace", "filers", "seats_active", "contest_seconds");

const exemptions = ["single_seat", "lane_private", "first_use"] as const;

const Seat = z.object({
  seat: z.string(),
  heard_at: z.iso.datetime().describe("Its last activity."),
  filed_here: z.boolean().describe("Whether it has filed in the namespace."),
});

const Protocol = z.object({
  namespace: z.string(),
  format: z.string(),
  next_id: z.string().describe("What the next filing gets, unless another one comes first."),
  applies: z
    .enum(["reserve", "exempt"])
    .describe("reserve: two seats could collide without a reservation (protocol A). exempt: none could."),
  because: z.string().describe("Why, in a sentence."),
  concurrent: z.array(Seat).describe(`The seats heard within ${HEARD_SECONDS} s, at most 100.`),
  exemptions: z.array(z.object({ name: z.enum(exemptions), holds: z.boolean(), because: z.string() })),
  online: z.string().describe("What a filing at the server does, whatever applies."),
  offline: z.string().describe("What a filing without the server does."),
  contest_seconds: z.int(),
  answered_at: z.iso.datetime(),
});

type Active = { id: number; name: string; heard_at: Date; filed_here: boolean };

/**
 * The activation test of the founding rule (origins B1). There it decided whether a number had to be reserved; its 60
 * seconds would have missed all three founding collisions. Here each filing reserves, and the test only tells what
 * would have been.
 */
export const protocol = query({
  name: "namespace.protocol",
  summary: "Tell which numbering protocol applies to a namespace, because of whom, and which exemptions hold.",
  input: z.object({ namespace: Prefix }),
  output: Protocol,
  may: roles,
  said_by: "programs",
  refuses: ["namespace.unknown"],
  async read({ db, caller }, { namespace }) {
    const [[row], filers, active, [rule]] = await Promise.all([
      db.all<{ format: string; period: string | null; next_number: number | null; now: Date }>(sql.namespace, {
        namespace,
      }),
      db.all<{ filed_by: number }>(sql.filers, { namespace }),
      db.all<Active>(sql.seats_active, { namespace, seconds: HEARD_SECONDS }),
      db.all<{ contest_seconds: number }>(sql.contest_seconds),
    ]);
    if (!row) throw namespaceUnknown(namespace);
    const others = active.filter(({ id }) => id !== caller.principal_id);
    const told = exemptionsOf(namespace, caller.principal_id, others, filers, row.next_number);
    const holding = told.find(({ holds }) => holds);
    const contest_seconds = rule?.contest_seconds ?? CONTEST_SECONDS;
    return {
      ...{ namespace, format: row.format, next_id: formatId(row.format, row.period ?? "", row.next_number ?? 1) },
      applies: holding ? ("exempt" as const) : ("reserve" as const),
      because: holding?.because ?? `${others[0]!.name} is at work too, and no exemption holds.`,
      concurrent: active.map(({ name, heard_at, filed_here }) => {
        return { seat: name, heard_at: heard_at.toISOString(), filed_here };
      }),
      exemptions: told,
      online: "ticket.file reserves the number and files under it in one transaction: always, exempt or not.",
      offline: `Filed CONFIRM-PENDING; when it is handed in, the earlier post wins within ${contest_seconds} s.`,
      ...{ contest_seconds, answered_at: row.now.toISOString() },
    };
  },
});

function exemptionsOf(
  namespace: string,
  caller_id: number,
  others: readonly Active[],
  filers: readonly { filed_by: number }[],
  next_number: number | null,
) {
  const isPrivate = filers.length === 1 && filers[0]!.filed_by === caller_id;
  const second = others.find(({ filed_here }) => filed_here);
  return [
    {
      name: "single_seat" as const,
      holds: others.length === 0,
      because: others.length === 0 ? "No other seat is at work." : `${others[0]!.name} is at work too.`,
    },
    {
      name: "lane_private" as const,
      holds: isPrivate,
      because:
        isPrivate || filers.length === 0
          ? `Nobody${isPrivate ? " else" : ""} has filed in ${namespace}.`
          : `${second?.name ?? "Another seat"} has filed in ${namespace}: it lapsed with that, without grace.`,
    },
    {
      name: "first_use" as const,
      holds: next_number === null && filers.length === 0,
      because: next_number === null ? "It has given no number yet." : "It has given numbers already.",
    },
  ];
}
