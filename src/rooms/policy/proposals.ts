import { z } from "zod";
import { command, query, type Role, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { prepare } from "./engine.ts";
import { parseSource } from "./rules.ts";
import {
  activePolicy,
  insertVersion,
  keepShipped,
  policyOfVersion,
  policyUnknown,
  shippedVersion,
  stored,
} from "./versions.ts";

const sql = statements("policy", "version_newest", "versions_list", "activation_end", "activation_open");

/** Those who may look at the rules themselves. Everyone else is told the reasons. */
export const RULE_READERS = ["operator", "strategist", "coordinator", "steward", "auditor"] as const satisfies Role[];

const Version = z.int().min(1).max(1_000_000);

export const propose = command({
  name: "policy.propose",
  summary: "Put a new version of the policy beside the active one. It decides nothing until it is activated.",
  input: z.object({
    text: text(200_000)
      .min(1)
      .describe("The policy as JSON, as policy show prints it: rules in order, unmatched, and known entities."),
    note: text(500).min(1).optional().describe("What is different, for those who read the list."),
  }),
  output: z.object({
    version: z.int().describe("The new version's number."),
    digest: z.string().describe("sha256 of its canonical JSON."),
    rules: z.int(),
  }),
  may: ["operator", "strategist", "steward"],
  events: ["policy.proposed"],
  refuses: ["policy.malformed", "policy.known"],
  async run({ db }, { caller, input }) {
    const source = parseSource(input.text);
    const { digest } = prepare(source);
    const active = await activePolicy(db);
    if (!active.kept) keepShipped(db);
    const known = digest === active.digest ? active : await stored(db, { digest });
    if (known) throw alreadyKnown(known.version);
    const [newest] = (await db.all(sql.version_newest)) as [{ version: number }];
    const version = newest.version + 1;
    insertVersion(db, { version, source, note: input.note ?? null, proposed_by: caller.principal_id });
    const data = { version, digest, rules: source.rules.length };
    return {
      output: data,
      events: [
        { kind: "policy.proposed", subject: null, data: { ...data, ...(input.note ? { note: input.note } : {}) } },
      ],
    };
  },
});

function alreadyKnown(version: number): Refusal {
  return new Refusal("conflict", "policy.known", `Version ${version} says the same, byte for byte.`, {
    hint: `Activate it: longwatch policy activate --version ${version}`,
    facts: { version },
  });
}

export const activate = command({
  name: "policy.activate",
  summary: "Let a version of the policy decide from now on; the one before ends at the same instant.",
  input: z.object({ version: Version.describe("The version's number.") }),
  output: z.object({ version: z.int(), digest: z.string(), replaces: z.int().describe("The version until now.") }),
  may: ["operator"],
  events: ["policy.activated"],
  refuses: ["policy.unknown", "policy.active"],
  async run({ db }, { caller, input: { version } }) {
    const active = await activePolicy(db);
    if (active.version === version)
      throw new Refusal("conflict", "policy.active", `Version ${version} is active already.`);
    if (!active.kept) keepShipped(db);
    const wanted = await stored(db, { version });
    if (!wanted) throw policyUnknown(`version ${version}`);
    db.send(sql.activation_end);
    db.send(sql.activation_open, { version, activated_by: caller.principal_id });
    const data = { version, digest: wanted.digest, replaces: active.version };
    return { output: data, events: [{ kind: "policy.activated", subject: null, data }] };
  },
});

export const show = query({
  name: "policy.show",
  summary: "Read a version of the policy: its rules with their reasons and protocols.",
  input: z.object({ version: Version.optional().describe("Its number; without it, the active one.") }),
  output: z.object({
    version: z.int(),
    digest: z.string(),
    active: z.boolean(),
    text: z.string().describe("The source as JSON, which policy propose takes."),
  }),
  may: RULE_READERS,
  refuses: ["policy.unknown"],
  async read({ db }, { version }) {
    const active = await activePolicy(db);
    const wanted = version ?? active.version;
    const { digest, source } = wanted === active.version ? active : await policyOfVersion(db, wanted);
    return { version: wanted, digest, active: wanted === active.version, text: JSON.stringify(source, null, 2) };
  },
});

export const list = query({
  name: "policy.list",
  summary: "List the versions of the policy, newest first: which one is active, and since when.",
  input: z.object({ limit: z.int().min(1).max(500).default(50).describe("At most this many.") }),
  output: z.object({
    versions: z.array(
      z.object({
        version: z.int(),
        digest: z.string(),
        note: z.string().nullable(),
        proposed_by: z.string().nullable().describe("Null for the one that came with Longwatch."),
        proposed_at: z.iso.datetime().nullable(),
        active: z.boolean(),
        active_since: z.iso.datetime().nullable().describe("When it was activated last."),
      }),
    ),
  }),
  may: RULE_READERS,
  refuses: [],
  async read({ db }, { limit }) {
    const rows = await db.all(sql.versions_list, { limit });
    if (rows.length === 0) return { versions: [shippedVersion()] };
    return {
      versions: rows.map(({ active_until, ...row }) => ({
        ...row,
        proposed_at: row.proposed_at.toISOString(),
        active: row.active_since !== null && active_until === null,
        active_since: row.active_since?.toISOString() ?? null,
      })),
    };
  },
});
