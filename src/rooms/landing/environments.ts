import { z } from "zod";
import type { Reader } from "../../kernel/database.ts";
import { command, query, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { Lane } from "../tickets/index.ts";

const sql = statements(
  "landing",
  "environment_insert",
  "environment_turn",
  "environments",
  "topologies",
  "topology_insert",
);

export const EnvironmentName = text(60)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must begin with a letter or digit and hold letters, digits, . _ and -")
  .describe("The environment's name, for example production.");

/** A branch that git takes (git-check-ref-format), without the remote before it. */
const Branch = text(200)
  .regex(/^(?![-/.])(?!.*(\.\.|\/\/|@\{|\.lock$|[/.]$))[^\s~^:?*[\\]+$/, "is no name that git takes for a branch")
  .describe("The branch that it is deployed from, as the remote has it.");

const HealthUrl = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine((value) => URL.parse(value)?.password === "" && URL.parse(value)?.username === "", {
    message: "holds a user or a password: whoever reads the topology would have it",
  })
  .describe("Polled after a release; it names the release that is served.");

const Line = text(4000).trim().min(1);

/** How an environment is deployed: its one topology, as it is recorded and told. */
const topology = {
  branch: Branch,
  command: Line.describe("What deploys the worktree that it runs in. It gets LONGWATCH_RELEASE, the sha."),
  verify_command: Line.nullable().default(null).describe("Must pass in the clean worktree before anything is touched."),
  rollback_command: Line.nullable()
    .default(null)
    .describe("Restores LONGWATCH_RELEASE; without it the command runs again at that release."),
  health_url: HealthUrl,
  release_pointer: text(200)
    .regex(/^(\/([^~/]|~[01])*)*$/, "is no JSON Pointer (RFC 6901)")
    .default("/release")
    .describe("Where the health URL's JSON has the release id; empty: the body is the id."),
  production: z.boolean().default(true).describe("Whether people outside the fleet live with it."),
  lane: Lane.nullable().default(null).describe("The lane whose work goes there."),
  timeout_seconds: z.int().min(1).max(86_400).default(900).describe("For each of its commands."),
  health_seconds: z.int().min(1).max(3600).default(60).describe("How long it may take to serve the release, healthy."),
  memory_mb: z.int().min(16).max(1_048_576).default(2048).describe("For each of its commands, children included."),
  output_kb: z.int().min(1).max(65_536).default(1024).describe("How much of a deploy's log is kept."),
};

const Topology = z.object({ environment: z.string(), version: z.int(), ...topology });
export type Topology = z.output<typeof Topology>;

export const define = command({
  name: "environment.define",
  summary: "Record how an environment is deployed: branch, command, health URL, limits. What it was before is kept.",
  input: z.object({
    environment: EnvironmentName,
    ...topology,
    reason: text(2000).trim().min(1).default("defined").describe("Why it is so now."),
  }),
  output: z.object({ environment: z.string(), version: z.int().describe("1, and one more with each change.") }),
  // Its commands run on the runner's machine.
  may: ["operator"],
  events: ["environment.defined", "environment.changed"],
  refuses: ["environment.as_it_is"],
  async run(world, { caller, input }) {
    const { environment, reason, ...wanted } = input;
    const [before] = await world.db.all<Row>(sql.environments, { name: environment });
    const was = before && topologyOf(before);
    const changed = Object.entries(wanted).flatMap(([field, value]) =>
      was && was[field as keyof Topology] === value ? [] : [field],
    );
    if (was && changed.length === 0)
      throw new Refusal("conflict", "environment.as_it_is", `${environment} is recorded so already.`, {
        facts: { environment, version: was.version },
      });
    const version = (was?.version ?? 0) + 1;
    if (!was) world.db.send(sql.environment_insert, { name: environment });
    const at = await world.at();
    world.db.send(sql.topology_insert, {
      environment,
      version,
      ...wanted,
      reason,
      defined_by: caller.principal_id,
      at,
    });
    if (was) world.db.send(sql.environment_turn, { environment, version });
    const data = { environment, version, ...wanted, reason, ...(was ? { changed } : {}) };
    const kind = was ? "environment.changed" : "environment.defined";
    return { output: { environment, version }, events: [{ kind, subject: environment, data }] };
  },
});

/** An environment as rows have it. */
export type Row = Omit<Topology, "environment"> & {
  name: string;
  reason: string;
  defined_at: Date;
  down_since: Date | null;
  owner_id: number | null;
  owner: string | null;
  bound_at: Date | null;
  good_deploy: number | null;
  good_release: string | null;
  good_at: Date | null;
  unsettled: number | null;
  unsettled_state: "running" | "abandoned" | null;
};

export function topologyOf(row: Row): Topology {
  const fields = Object.keys(topology) as (keyof typeof topology)[];
  const told = Object.fromEntries(fields.map((field) => [field, row[field]]));
  return { environment: row.name, version: row.version, ...told } as Topology;
}

/** Finds an environment. Throws `environment.unknown`, with those there are. */
export async function findEnvironment(db: Reader, name: string): Promise<Row> {
  const [row] = await db.all<Row>(sql.environments, { name });
  if (row) return row;
  const names = (await db.all<Row>(sql.environments, { name: null })).map((one) => one.name);
  const known =
    names.length === 0 ? "An operator records it with environment.define." : `There are: ${names.join(", ")}`;
  throw new Refusal("missing", "environment.unknown", `There is no environment ${name}.`, {
    hint: known,
    facts: { environments: names },
  });
}

const instant = z.iso.datetime().nullable();

const Standing = z.object({
  environment: z.string(),
  version: z.int(),
  branch: z.string(),
  command: z.string(),
  health_url: z.string(),
  production: z.boolean(),
  lane: z.string().nullable(),
  owner: z.string().nullable().describe("Who holds its binding, and deploys to it."),
  bound_at: instant,
  release: z.string().nullable().describe("The last known good release."),
  released_at: instant,
  down_since: instant.describe("A deploy left it down."),
  state: z.enum(["settled", "deploying", "in_doubt"]).describe("in_doubt: a runner was lost; deploy.recover looks."),
  deploy: z.int().nullable().describe("The deploy that is not settled."),
});

function standingOf(row: Row): z.output<typeof Standing> {
  const { version, branch, command: line, health_url, production, lane, owner, good_release, unsettled } = row;
  return {
    ...{ environment: row.name, version, branch, command: line, health_url, production, lane, owner },
    bound_at: row.bound_at?.toISOString() ?? null,
    release: good_release,
    released_at: row.good_at?.toISOString() ?? null,
    down_since: row.down_since?.toISOString() ?? null,
    state: unsettled === null ? "settled" : row.unsettled_state === "running" ? "deploying" : "in_doubt",
    deploy: unsettled,
  };
}

export const list = query({
  name: "environment.list",
  summary: "List the environments: how each is deployed, by whom, and which release is good.",
  input: z.object({}),
  output: z.object({ environments: z.array(Standing) }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }) {
    return { environments: (await db.all<Row>(sql.environments, { name: null })).map(standingOf) };
  },
});

export const show = query({
  name: "environment.show",
  summary: "Show one environment whole, with every topology that it had.",
  input: z.object({ environment: EnvironmentName }),
  output: z.object({
    standing: Standing,
    topology: Topology,
    history: z.array(
      z.object({
        version: z.int(),
        branch: z.string(),
        command: z.string(),
        health_url: z.string(),
        reason: z.string(),
        defined_by: z.string(),
        defined_at: z.iso.datetime(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: ["environment.unknown"],
  async read({ db }, { environment }) {
    const [row, history] = await Promise.all([
      findEnvironment(db, environment),
      db.all<{ defined_at: Date } & Record<string, never>>(sql.topologies, { environment }),
    ]);
    return {
      standing: standingOf(row),
      topology: topologyOf(row),
      history: history.map((one) => ({ ...one, defined_at: one.defined_at.toISOString() })) as never,
    };
  },
});
