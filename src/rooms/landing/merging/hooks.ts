import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { Branch, Repository } from "./merges.ts";
import { type Provider, providers } from "./payloads.ts";

const sql = statements("landing/merging", "hook", "hooks", "hook_open", "hook_close");

export const HookName = text(60)
  .regex(/^[a-z0-9][a-z0-9-]*$/, "must be small letters, digits and hyphens")
  .describe("The webhook's name, for example shop: it is the end of its address.");

type Row = {
  name: string;
  provider: Provider;
  repository: string;
  branch: string;
  round: number;
  opened_by: string;
  opened_at: Date;
  closed_at: Date | null;
  now: Date;
};

/** A webhook that is open; throws `webhook.unknown`. */
export async function openHook(db: Reader, name: string): Promise<Row> {
  const [row] = await db.all<Row>(sql.hook, { name });
  if (row && row.closed_at === null) return row;
  throw new Refusal("missing", "webhook.unknown", `There is no open webhook ${name}.`, {
    hint: "webhook.list shows them; the operator opens one: longwatch webhook open.",
  });
}

export const open = command({
  name: "webhook.open",
  summary: "Believe what GitHub or GitLab tells of a repository's merges, from now on.",
  input: z.object({
    name: HookName,
    provider: z.enum(providers),
    repository: Repository.describe("As the provider spells it: acme/shop."),
    branch: Branch.default("main"),
    rotate: z.boolean().default(false).describe("It is open: give it a new secret. The one before is worth nothing."),
  }),
  output: z.object({
    name: z.string(),
    address: z.string().describe("Where the provider sends to, on this server."),
    round: z.int().describe("How many secrets it has had."),
    secret: z.string().describe("The command that prints the secret, on the server's machine."),
  }),
  may: ["operator"],
  said_by: "programs",
  events: ["webhook.opened"],
  refuses: ["webhook.opened"],
  async run(world, { caller, input }) {
    const { rotate, ...hook } = input;
    const [before] = await world.db.all<Row>(sql.hook, { name: hook.name });
    const isOpen = before !== undefined && before.closed_at === null;
    if (isOpen && !rotate)
      throw new Refusal("conflict", "webhook.opened", `The webhook ${hook.name} is open since ${when(before)}.`, {
        hint: "Close it, or say it with rotate for a new secret.",
        facts: { name: hook.name, provider: before.provider, repository: before.repository, branch: before.branch },
      });
    const opened = { ...hook, opened_by: caller.principal_id, at: await world.at() };
    const [row] = await world.db.all<{ round: number }>(sql.hook_open, opened);
    const { round } = row!;
    const address = `/webhooks/${encodeURIComponent(caller.tenant)}/${hook.name}`;
    const output = { name: hook.name, address, round, secret: `longwatch webhook secret ${hook.name}` };
    return { output, events: [{ kind: "webhook.opened", subject: hook.name, data: { ...hook, round } }] };
  },
});

const when = ({ opened_at }: Row) => opened_at.toISOString();

export const close = command({
  name: "webhook.close",
  summary: "Believe a webhook no more. What it told stays.",
  input: z.object({ name: HookName, reason: text(2000).trim().min(1).describe("Why. The ledger keeps it.") }),
  output: z.object({ name: z.string() }),
  may: ["operator"],
  said_by: "programs",
  events: ["webhook.closed"],
  refuses: ["webhook.unknown"],
  async run(world, { input: { name, reason } }) {
    await openHook(world.db, name);
    world.db.send(sql.hook_close, { name, at: await world.at() });
    return { output: { name }, events: [{ kind: "webhook.closed", subject: name, data: { name, reason } }] };
  },
});

export const list = query({
  name: "webhook.list",
  summary: "List the webhooks, closed ones too.",
  input: z.object({}),
  output: z.object({
    tenant: z.string(),
    webhooks: z.array(
      z.object({
        name: z.string(),
        provider: z.enum(providers),
        repository: z.string(),
        branch: z.string(),
        round: z.int().describe("How many secrets it has had."),
        opened_by: z.string(),
        opened_at: z.iso.datetime(),
        closed_at: z.iso.datetime().nullable(),
      }),
    ),
  }),
  may: ["operator", "service", "auditor", "steward"],
  said_by: "programs",
  refuses: [],
  async read({ db, caller }) {
    const rows = await db.all<Row>(sql.hooks);
    const webhooks = rows.map(({ opened_at, closed_at, ...row }) => ({
      ...row,
      ...{ opened_at: opened_at.toISOString(), closed_at: closed_at?.toISOString() ?? null },
    }));
    return { tenant: caller.tenant, webhooks };
  },
});
