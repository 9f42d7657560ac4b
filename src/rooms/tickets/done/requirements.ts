import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query, roles } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { KEEPERS } from "../../seats/index.ts";
import { Type } from "../new_ticket.ts";
import { Prefix } from "../numbers/format.ts";
import { namespaceUnknown } from "../numbers/numbers.ts";
import type { Row } from "../ticket.ts";
import { type ProofName, proofNames } from "./proofs.ts";

const sql = statements("tickets/done", "requirements", "requirements_all", "require", "namespace_known");

/** Where nobody said otherwise: an artifact, or an honest `none`, which is counted. */
const EVERYWHERE: readonly ProofName[] = ["work_proof"];
/** What a type needs beside that, where nobody said otherwise: who sees the result looks at it first (J21). */
const OF_TYPES: Readonly<Record<string, readonly ProofName[]>> = { ui: ["design_review"] };

type Requirement = { scope: "everywhere" | "namespace" | "type"; name: string; proofs: ProofName[] };

/** What a ticket is asked for: its namespace's proofs, else everybody's, and those of its type and of a label `ui`. */
function requiredOf(row: Row, known: readonly Requirement[]): Set<ProofName> {
  const said = (scope: Requirement["scope"], name: string) =>
    known.find((one) => one.scope === scope && one.name === name)?.proofs;
  const common = said("namespace", row.namespace) ?? said("everywhere", "") ?? EVERYWHERE;
  const types = kindsOf(row).flatMap((type) => said("type", type) ?? OF_TYPES[type] ?? []);
  return new Set([...common, ...types]);
}

function kindsOf({ type, labels }: Row): string[] {
  return labels.includes("ui") ? [type, "ui"] : [type];
}

/** The proofs that the finish of each of these tickets needs, in one statement. */
export async function requirementsFor(db: Reader, rows: readonly Row[]): Promise<Set<ProofName>[]> {
  const known = await db.all<Requirement>(sql.requirements, {
    namespaces: [...new Set(rows.map(({ namespace }) => namespace))],
    types: [...new Set(rows.flatMap(kindsOf))],
  });
  return rows.map((row) => requiredOf(row, known));
}

export const require = command({
  name: "proof.require",
  summary: "Say which proofs a finish needs: everywhere, in a namespace, or of a type of ticket beside those.",
  input: z.object({
    namespace: Prefix.optional().describe("Only its tickets; they then need these and no others."),
    type: Type.optional().describe("Only tickets of this type; they need these beside their namespace's."),
    proofs: z.array(z.enum(proofNames)).max(proofNames.length).default([]).describe("None at all: nothing is needed."),
  }),
  output: z.object({ scope: z.string(), name: z.string(), proofs: z.array(z.string()) }),
  may: KEEPERS,
  said_by: "programs",
  events: ["proof.required"],
  refuses: ["namespace.unknown", "input.invalid"],
  async run(world, { input }) {
    const { namespace, type } = input;
    if (namespace !== undefined && type !== undefined)
      throw new Refusal("invalid", "input.invalid", "Give a namespace or a type, not both.", {
        fields: ["namespace", "type"].map((field) => ({ field, message: "only one of both can be given" })),
        hint: "What a type needs is asked in every namespace.",
      });
    if (namespace !== undefined && (await world.db.all(sql.namespace_known, { prefix: namespace })).length === 0)
      throw namespaceUnknown(namespace);
    const scope = namespace !== undefined ? "namespace" : type !== undefined ? "type" : "everywhere";
    const output = { scope, name: namespace ?? type ?? "", proofs: [...new Set(input.proofs)] };
    world.db.send(sql.require, output);
    return { output, events: [{ kind: "proof.required", subject: output.name || null, data: output }] };
  },
});

export const listRequirements = query({
  name: "proof.list",
  summary: "List which proofs a finish needs, everywhere, by namespace and by type.",
  input: z.object({}),
  output: z.object({
    requirements: z.array(z.object({ scope: z.string(), name: z.string(), proofs: z.array(z.string()) })),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }) {
    const set = await db.all<Requirement>(sql.requirements_all);
    const shipped = [
      { scope: "everywhere", name: "", proofs: [...EVERYWHERE] },
      ...Object.entries(OF_TYPES).map(([name, proofs]) => ({ scope: "type", name, proofs: [...proofs] })),
    ];
    const isSet = (one: { scope: string; name: string }) =>
      set.some(({ scope, name }) => scope === one.scope && name === one.name);
    return { requirements: [...shipped.filter((one) => !isSet(one)), ...set] };
  },
});
