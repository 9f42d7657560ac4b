import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { batchCommand, command, type Event, query, type Role, type World } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { AnyName } from "./commands.ts";
import { type Presence, presenceOf, presenceStates } from "./presence.ts";
import { resolveName } from "./resolve.ts";

const sql = statements(
  "seats",
  "deputy_insert",
  "deputy_delete",
  "role_holders",
  "role_deputies",
  "role_silences",
  "dormancies_open",
  "dormancies_begin",
  "dormancies_end",
);

/** The roles on whose word others wait. A person is not heard by beats, so the operator is none of them. */
export const authorityRoles = [
  "strategist",
  "coordinator",
  "gatekeeper",
  "witness",
  "auditor",
] as const satisfies readonly Role[];
type AuthorityRole = (typeof authorityRoles)[number];

/** J70: a gatekeeper was silent for 6.5 hours while gates waited; half an hour is when somebody else acts. */
export const SILENT_SECONDS_MAX = 30 * 60;
/** The alarm of `/health`. Which role it is, is told to those who have a token. */
export const DORMANT_ALARM = "role.dormant";

const AuthorityRole = z.enum(authorityRoles).describe("The role that waits for nobody.");

export const deputize = command({
  name: "role.deputize",
  summary: "Name who stands in for a role once nobody who has it was heard for 30 minutes, or end that.",
  input: z.object({
    role: AuthorityRole,
    seat: AnyName.describe("The deputy. It may say what the role may say, for as long as the role is silent."),
    end: z.boolean().default(false).describe("It is the deputy no longer."),
  }),
  output: z.object({ role: z.string(), deputy: z.string(), named: z.boolean() }),
  may: ["operator"],
  events: ["role.deputized", "role.undeputized"],
  refuses: ["seat.unknown", "seat.ambiguous", "seat.not_a_seat", "seat.retired", "role.own", "role.as_it_is"],
  async run(world, { caller, input }) {
    const { role } = input;
    const seat = await resolveName(world.db, input.seat);
    if (!input.end) refuseAsDeputy(seat, role);
    const written = await world.db.all(input.end ? sql.deputy_delete : sql.deputy_insert, {
      role,
      deputy_id: seat.id,
      ...(input.end ? {} : { named_by: caller.principal_id }),
    });
    if (written.length === 0)
      throw new Refusal("conflict", "role.as_it_is", `${seat.name} is ${input.end ? "no" : "the"} deputy already.`, {
        hint: "role.list shows the deputies of each role.",
      });
    world.authorityChanged();
    const data = { role, deputy: seat.name };
    const kind = input.end ? "role.undeputized" : "role.deputized";
    return { output: { ...data, named: !input.end }, events: [{ kind, subject: seat.name, data }] };
  },
});

function refuseAsDeputy(seat: { name: string; kind: string; role: string; retired_at: Date | null }, role: string) {
  const { name, kind } = seat;
  if (kind !== "seat")
    throw new Refusal("conflict", "seat.not_a_seat", `${name} is a ${kind}; a deputy is a seat.`, {
      hint: "The operator stands in for every role without being named.",
    });
  if (seat.retired_at) throw new Refusal("conflict", "seat.retired", `${name} is retired; it stands in for nobody.`);
  if (seat.role !== role) return;
  throw new Refusal("conflict", "role.own", `${name} is a ${role} itself.`, {
    hint: "Every holder of a role acts for it; name a seat that has another.",
  });
}

type HolderRow = Presence & { role: AuthorityRole; name: string; now: Date };
type Standing = { role: AuthorityRole; since: Date };

const Present = z.object({ seat: z.string(), state: z.enum(presenceStates), heard_at: z.iso.datetime().nullable() });

export const listRoles = query({
  name: "role.list",
  summary: "List the authority roles: who holds each and is heard, who stands in, and since when it is silent.",
  input: z.object({}),
  output: z.object({
    roles: z.array(
      z.object({
        role: z.string(),
        holders: z.array(Present),
        deputies: z.array(Present).describe("Those who were named. The operator stands in for every role."),
        dormant_since: z.iso.datetime().nullable().describe("When a holder was last heard, if the role is dormant."),
        acts: z.enum(["holders", "deputies", "operator"]).describe("Whose word counts for the role now."),
      }),
    ),
  }),
  may: ["operator", "strategist", "coordinator", "gatekeeper", "witness", "auditor", "steward"],
  refuses: [],
  async read({ db }) {
    const [holders, deputies, dormant] = await Promise.all([
      db.all<HolderRow>(sql.role_holders, { roles: authorityRoles }),
      db.all<HolderRow>(sql.role_deputies, { roles: authorityRoles }),
      db.all<Standing>(sql.dormancies_open),
    ]);
    const roles = authorityRoles.map((role) => {
      const having = holders.filter((row) => row.role === role);
      const standing = deputies.filter((row) => row.role === role);
      const since = dormant.find((row) => row.role === role)?.since ?? null;
      const deputyActs = since !== null && standing.some(isAlive);
      const acts = having.some(isAlive) ? "holders" : deputyActs ? "deputies" : "operator";
      return {
        ...{ role, holders: having.map(presentOf), deputies: standing.map(presentOf) },
        ...{ dormant_since: since?.toISOString() ?? null, acts: acts as "holders" | "deputies" | "operator" },
      };
    });
    return { roles };
  },
});

function presentOf(row: HolderRow): z.output<typeof Present> {
  return { seat: row.name, state: presenceOf(row, row.now), heard_at: row.heard_at?.toISOString() ?? null };
}

/** Heard: whether it does useful work is another fact. */
function isAlive(row: HolderRow): boolean {
  return !["dead", "retired", "unadopted"].includes(presenceOf(row, row.now));
}

/**
 * Refuses to write down that something waits for a role of which nobody is heard, neither a holder nor a deputy (J55):
 * it would be a wall without a door. The operator is always there.
 */
export async function refuseUnheldRole(db: Reader, role: Role): Promise<void> {
  if (role === "operator") return;
  const roles = [role];
  const [holders, deputies] = await Promise.all([
    db.all<HolderRow>(sql.role_holders, { roles }),
    db.all<HolderRow>(sql.role_deputies, { roles }),
  ]);
  if ([...holders, ...deputies].some(isAlive)) return;
  const names = holders.map(({ name }) => name);
  const silent = names.length === 0 ? "no seat holds it" : `${names.join(", ")} is not heard`;
  throw new Refusal("conflict", "role.unheld", `Nobody would answer as ${role}: ${silent}.`, {
    hint: `Adopt a seat as ${role}, or an operator names a deputy with role.deputize.`,
    facts: { role, holders: names },
  });
}

export const survey = batchCommand({
  name: "role.survey",
  summary: "Notice which authority roles fell silent or were heard again. The clock says it.",
  input: z.object({}),
  output: z.object({ dormant: z.array(z.string()), alarms: z.array(z.string()) }),
  may: ["steward", "operator"],
  said_by: "programs",
  events: ["role.dormant", "role.awake"],
  refuses: [],
  unrecorded: "A survey that finds every role as it was writes nothing; each flip is recorded once.",
  async run(world, calls) {
    const { events, dormant } = await flips(world);
    const output = { dormant, alarms: dormant.length > 0 ? [DORMANT_ALARM] : [] };
    return calls.map((_, index) => ({ output, events: index === 0 ? events : [] }));
  },
});

/**
 * What changed since the last look. A role is dormant when it has a holder or a deputy and no holder was heard for half
 * an hour; it is awake again when one is heard, or when nobody is left to wait for.
 */
async function flips(world: World): Promise<{ events: Event[]; dormant: string[] }> {
  const [silences, open, at] = await Promise.all([
    world.db.all<Standing>(sql.role_silences, { roles: authorityRoles }),
    world.db.all<Standing>(sql.dormancies_open),
    world.at(),
  ]);
  const silent = silences.filter(({ since }) => at.getTime() - since.getTime() > SILENT_SECONDS_MAX * 1000);
  const begun = silent.filter(({ role }) => !open.some((one) => one.role === role));
  const ended = open.filter(({ role }) => !silent.some((one) => one.role === role));
  if (begun.length > 0)
    world.db.send(sql.dormancies_begin, {
      at,
      roles: begun.map(({ role }) => role),
      sinces: begun.map(({ since }) => since),
    });
  if (ended.length > 0) world.db.send(sql.dormancies_end, { at, roles: ended.map(({ role }) => role) });
  if (begun.length + ended.length > 0) world.authorityChanged();
  const events = [
    ...begun.map(({ role, since }) => ({
      kind: "role.dormant",
      subject: role,
      data: { role, since: since.toISOString() },
    })),
    ...ended.map(({ role }) => {
      const because = silences.some((one) => one.role === role) ? "heard" : "vacated";
      return { kind: "role.awake", subject: role, data: { role, because } };
    }),
  ];
  return { events, dormant: silent.map(({ role }) => role) };
}
