import { z } from "zod";
import { command, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { tokenWorthless } from "../../kernel/refusals.ts";
import { statements } from "../../kernel/sql.ts";
import { AnyName, Days, endSubAgents, told } from "./commands.ts";
import { resolveName } from "./resolve.ts";
import { hashToken, newToken, SIGN_IN_SECONDS, TOKEN_DAYS } from "./tokens.ts";

const sql = statements("seats", "revoke", "spend", "end_token", "insert_token", "open_tenant", "first_token");

export const issue = command({
  name: "token.issue",
  summary: "Make another token for a person or a service: full, read-only, or a one-time sign-in.",
  input: z.object({
    name: AnyName.default("operator").describe("Whose token; without it, the operator's."),
    scope: z.enum(["full", "read", "sign_in"]).default("full").describe("sign_in ends after 15 minutes or one use."),
    token_days: Days.describe("For how many days a full or read token holds."),
  }),
  output: z.object({ name: z.string(), token: z.string(), scope: z.string(), expires_at: z.iso.datetime() }),
  may: ["operator"],
  allocates: true,
  events: ["token.issued"],
  refuses: ["seat.unknown", "seat.ambiguous", "token.for_seat"],
  secrets: ["token"],
  async run(world, { input }) {
    const { id, name, kind } = await resolveName(world.db, input.name);
    if (kind === "seat" || kind === "sub_agent")
      throw new Refusal("conflict", "token.for_seat", `${name} is a seat.`, {
        hint: "A seat's token comes from seat.adopt, a sub-agent's from seat.spawn.",
      });
    const { token, token_hash } = newToken();
    const seconds = input.scope === "sign_in" ? SIGN_IN_SECONDS : input.token_days * 86_400;
    const { scope } = input;
    const [row] = await world.db.all(sql.insert_token, {
      token_hash,
      principal_id: id,
      incarnation: null,
      scope,
      seconds,
    });
    const expires_at = row.expires_at.toISOString();
    return {
      output: { name, token, scope, expires_at },
      events: [{ kind: "token.issued", subject: name, data: { name, scope, expires_at } }],
    };
  },
});

export const redeem = command({
  name: "token.redeem",
  summary: "Exchange a one-time sign-in token for a full one. The sign-in token is used up.",
  input: z.object({ token: text(100).min(20).describe("The sign-in token itself, so that it can be used up.") }),
  output: z.object({ name: z.string(), token: z.string(), expires_at: z.iso.datetime() }),
  may: ["operator"],
  allocates: true,
  events: ["token.redeemed"],
  refuses: ["token.unknown"],
  redeems: "sign_in",
  secrets: ["token"],
  async run(world, { caller, input }) {
    const spent = await world.db.all(sql.spend, {
      principal_id: caller.principal_id,
      token_hash: hashToken(input.token),
    });
    if (spent.length === 0) throw tokenWorthless();
    const { token, token_hash } = newToken();
    const [row] = await world.db.all(sql.insert_token, {
      token_hash,
      principal_id: caller.principal_id,
      incarnation: null,
      scope: "full",
      seconds: TOKEN_DAYS * 86_400,
    });
    world.authorityChanged();
    const expires_at = row.expires_at.toISOString();
    return {
      output: { name: caller.name, token, expires_at },
      events: [{ kind: "token.redeemed", subject: caller.name, data: { name: caller.name, expires_at } }],
    };
  },
});

export const revoke = command({
  name: "token.revoke",
  summary: "Make every token of a person, seat or service worthless at once.",
  input: z.object({
    name: AnyName.describe("Whose tokens."),
    reason: text(500).trim().min(1).optional().describe("Why; the ledger keeps it."),
  }),
  output: z.object({ name: z.string(), tokens_revoked: z.int() }),
  may: ["operator", "steward"],
  events: ["token.revoked"],
  refuses: ["seat.unknown", "seat.ambiguous"],
  async run(world, { input }) {
    const { id, name } = await resolveName(world.db, input.name);
    const sub_agents = await endSubAgents(world.db, name);
    const revoked = await world.db.all(sql.revoke, { principal_id: id });
    world.authorityChanged();
    const output = { name, tokens_revoked: revoked.length };
    const data = { ...output, ...told(sub_agents), ...(input.reason === undefined ? {} : { reason: input.reason }) };
    return { output, events: [{ kind: "token.revoked", subject: name, data }] };
  },
});

export const end = command({
  name: "token.end",
  summary: "Make one token of your own worthless, and leave the others: a sign-out.",
  input: z.object({ token: text(100).min(20).describe("The token itself, which is written down nowhere.") }),
  output: z.object({ name: z.string() }),
  may: ["operator"],
  said_by: "programs",
  events: ["token.ended"],
  refuses: ["token.unknown"],
  async run(world, { caller: { name, principal_id }, input }) {
    const ended = await world.db.all(sql.end_token, { principal_id, token_hash: hashToken(input.token) });
    if (ended.length === 0) throw tokenWorthless();
    world.authorityChanged();
    return { output: { name }, events: [{ kind: "token.ended", subject: name, data: { name } }] };
  },
});

export const openTenant = command({
  name: "tenant.open",
  summary: "Open a tenant with a ledger and an operator of its own. Only the first tenant's operator may.",
  input: z.object({
    name: text(40)
      .regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens")
      .describe("Its name."),
    token_days: Days.describe("For how many days its operator's first token holds."),
  }),
  output: z.object({ tenant: z.string(), token: z.string().describe("Its operator's first token.") }),
  may: ["operator"],
  allocates: true,
  events: ["tenant.opened"],
  refuses: ["tenant.not_first", "tenant.exists"],
  secrets: ["token"],
  async run(world, { input }) {
    if (world.tenant_id !== 1) throw new Refusal("denied", "tenant.not_first", "Only the first tenant opens others.");
    const { token, token_hash } = newToken();
    const [opened] = await world.db.all(sql.open_tenant, { name: input.name }).catch((error) => {
      if (error.constraint !== "tenants_name") throw error;
      throw new Refusal("conflict", "tenant.exists", `There is a tenant called ${input.name}.`);
    });
    const days = input.token_days;
    await world.db.all(sql.first_token, { for_tenant: opened.opened_tenant_id, token_hash, days });
    const data = { tenant: input.name, opened_tenant_id: opened.opened_tenant_id };
    return { output: { tenant: input.name, token }, events: [{ kind: "tenant.opened", subject: input.name, data }] };
  },
});
