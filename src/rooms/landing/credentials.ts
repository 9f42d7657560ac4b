import { z } from "zod";
import { command, query, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { shellWord } from "../../shell_words.ts";
import { LANDERS } from "./bindings.ts";
import { EnvironmentName, findEnvironment, type Row } from "./environments.ts";

const sql = statements(
  "landing",
  "guard_proof_write",
  "guard_proof",
  "credentials_flip",
  "credential_insert",
  "credential_retire",
  "credentials",
);

const CredentialName = text(120)
  .regex(/^[A-Za-z][A-Za-z0-9_.:/-]*$/, "must be a name of letters, digits and _ . : / -")
  .describe("The credential's name, for example MAIL_API_KEY. Never its value.");
const Guard = text(500)
  .trim()
  .min(1)
  .describe("What keeps it in bounds: a commit, or a file of the repository, as the runner looks for it.");

export const prove = command({
  name: "credential.prove_guard",
  summary: "Report whether the release that is served has a guard, as the repository says.",
  input: z.object({
    environment: EnvironmentName,
    release: text(64).min(1).describe("The release that was looked at; it has to be the last known good one."),
    guard: Guard,
    served: z.boolean().describe("Whether the release has it."),
  }),
  output: z.object({
    release: z.string(),
    served: z.boolean(),
    changed: z.array(z.string()).describe("Credentials that are guarded now and were not, or the other way round."),
  }),
  may: [...LANDERS, "service"],
  said_by: "programs",
  events: ["guard.seen", "credential.guarded", "credential.unguarded"],
  refuses: ["environment.unknown", "release.not_served"],
  async run(world, { caller, input }) {
    const { guard, served, release } = input;
    const { name: environment, good_deploy, good_release } = await findEnvironment(world.db, input.environment);
    if (good_deploy === null || release !== good_release)
      throw new Refusal("conflict", "release.not_served", `${environment} serves ${good_release ?? "nothing known"}.`, {
        hint: "Look again in the release that is served now.",
        facts: { environment, release: good_release },
      });
    const at = await world.at();
    const proof = { environment, deploy_id: good_deploy, guard, served, seen_by: caller.principal_id, at };
    world.db.send(sql.guard_proof_write, proof);
    const flipped = await world.db.all<{ name: string }>(sql.credentials_flip, { environment, guard, served });
    const changed = flipped.map(({ name }) => name).sort();
    const kind = served ? "credential.guarded" : "credential.unguarded";
    const data = { environment, release, guard, served };
    return {
      output: { release, served, changed },
      events: [
        { kind: "guard.seen", subject: environment, data },
        ...changed.map((name) => ({ kind, subject: name, data: { name, ...data } })),
      ],
    };
  },
});

export const register = command({
  name: "credential.register",
  summary: "Say that a credential is provisioned. Refused until its guard is in the release that is served.",
  input: z.object({ name: CredentialName, environment: EnvironmentName, guard: Guard }),
  output: z.object({ name: z.string(), environment: z.string(), release: z.string() }),
  may: [...LANDERS, "steward", "service"],
  said_by: "programs",
  events: ["credential.registered"],
  refuses: ["environment.unknown", "guard.unserved", "credential.registered"],
  async run(world, { caller, input }) {
    const { name, guard } = input;
    const environment = await findEnvironment(world.db, input.environment);
    const { good_deploy, good_release } = environment;
    const [proof] =
      good_deploy === null
        ? []
        : await world.db.all<{ served: boolean }>(sql.guard_proof, {
            ...{ environment: environment.name, deploy_id: good_deploy, guard },
          });
    if (!proof?.served) throw unserved(environment, name, guard, proof !== undefined);
    const [row] = await world.db.all(sql.credential_insert, {
      ...{ name, environment: environment.name, guard, guarded_by: good_deploy },
      ...{ registered_by: caller.principal_id, at: await world.at() },
    });
    if (!row)
      throw new Refusal("conflict", "credential.registered", `${name} was registered before.`, {
        hint: "credential.list shows it. A new one has a new name, so that each keeps its history.",
        facts: { name },
      });
    const data = { name, environment: environment.name, guard, release: good_release!, deploy: good_deploy };
    return {
      output: { name, environment: environment.name, release: good_release! },
      events: [{ kind: "credential.registered", subject: name, data }],
    };
  },
});

function unserved({ name: environment, good_release }: Row, name: string, guard: string, looked: boolean): Refusal {
  const why = looked ? `${good_release} does not have it` : "nobody has seen it in the release that is served";
  return new Refusal("conflict", "guard.unserved", `${name} waits for its guard ${guard}: ${why}.`, {
    hint:
      good_release === null
        ? `Nothing is known to be served in ${environment}: land the guard first.`
        : "Land the guard first, then have it looked for: " +
          `longwatch land check ${environment} --guard ${shellWord(guard)}`,
    facts: { environment, guard, release: good_release, looked },
  });
}

export const retire = command({
  name: "credential.retire",
  summary: "Say that a credential is revoked where it was issued.",
  input: z.object({ name: CredentialName }),
  output: z.object({ name: z.string() }),
  may: [...LANDERS, "steward", "service"],
  said_by: "programs",
  events: ["credential.retired"],
  refuses: ["credential.unknown"],
  async run(world, { input: { name } }) {
    const [row] = await world.db.all(sql.credential_retire, { name, at: await world.at() });
    if (!row)
      throw new Refusal("missing", "credential.unknown", `No live credential is called ${name}.`, {
        hint: "credential.list shows them.",
      });
    return { output: { name }, events: [{ kind: "credential.retired", subject: name, data: { name, ...row } }] };
  },
});

export const list = query({
  name: "credential.list",
  summary: "List the live credentials, and whether the release that is served has each one's guard.",
  input: z.object({
    unguarded: z.boolean().default(false).describe("Only those whose guard is not known to be served."),
  }),
  output: z.object({
    credentials: z.array(
      z.object({
        name: z.string(),
        environment: z.string(),
        guard: z.string(),
        guarded: z.enum(["yes", "no", "unseen"]).describe("unseen: nobody has looked since the last release."),
        registered_by: z.string(),
        registered_at: z.iso.datetime(),
      }),
    ),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, { unguarded }) {
    const rows = await db.all(sql.credentials);
    const credentials = rows.map(({ served, registered_at, ...row }) => {
      const guarded = served === null ? ("unseen" as const) : served ? ("yes" as const) : ("no" as const);
      return { ...row, guarded, registered_at: registered_at.toISOString() };
    });
    return { credentials: unguarded ? credentials.filter(({ guarded }) => guarded !== "yes") : credentials };
  },
});
