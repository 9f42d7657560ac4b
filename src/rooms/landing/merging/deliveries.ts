import { z } from "zod";
import { type Caller, command, query, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { HookName, openHook } from "./hooks.ts";
import { see } from "./merges.ts";
import { providers, toldBy } from "./payloads.ts";

const sql = statements("landing/merging", "delivery_take");

/** Who holds a token is no provider: only the surface that checked a signature says these. */
function onlyInside({ inside }: Caller): void {
  if (inside) return;
  throw new Refusal("denied", "webhook.not_signed", "A delivery counts by its signature, not by a token.", {
    hint: "merge.report tells what git says; longwatch land merged says it.",
  });
}

export const expected = query({
  name: "webhook.expected",
  summary: "Whose signature a webhook's deliveries must have. The server asks it, and nobody else.",
  input: z.object({ name: HookName }),
  output: z.object({
    provider: z.enum(providers),
    round: z.int(),
    now: z.iso.datetime().describe("The database's time: a signed instant is held against it."),
  }),
  may: ["steward"],
  said_by: "programs",
  refuses: ["webhook.unknown", "webhook.not_signed"],
  async read({ db, caller }, { name }) {
    onlyInside(caller);
    const { provider, round, now } = await openHook(db, name);
    return { provider, round, now: now.toISOString() };
  },
});

export const take = command({
  name: "webhook.take",
  summary: "Take a delivery whose signature was right. The server says it, and nobody else.",
  input: z.object({
    name: HookName,
    round: z.int().min(1).describe("The secret that it was signed with."),
    event: text(100).min(1).describe("What happened, as the provider's header says."),
    delivery: text(200).min(1).describe("The delivery's id: it takes effect once."),
    digest: text(64)
      .regex(/^[0-9a-f]{64}$/)
      .describe("SHA-256 of the body, in hexadecimal."),
    payload: z.unknown().describe("The body, read."),
  }),
  output: z.object({
    outcome: z.enum(["merged", "known", "nothing"]),
    why: z.string().nullable().describe("Why it is nothing."),
    tickets: z.array(z.string()).describe("Tickets of which something was not known."),
  }),
  may: ["steward"],
  said_by: "programs",
  events: ["merge.seen", "ticket.receipt_given"],
  refuses: ["webhook.unknown", "webhook.not_signed"],
  unrecorded: "A delivery that tells nothing new changes nothing: most of them are of other branches.",
  async run(world, { caller, input: { name, round, event, delivery, digest, payload } }) {
    onlyInside(caller);
    const hook = await openHook(world.db, name);
    const nothing = (why: string) => ({ output: { outcome: "nothing" as const, why, tickets: [] }, events: [] });
    if (hook.round !== round) return nothing("the webhook has another secret by now");
    const told = toldBy(hook.provider, event, payload);
    if ("why" in told) return nothing(told.why);
    const { repository, branch, brought } = told;
    if (repository.toLowerCase() !== hook.repository.toLowerCase())
      return nothing(`it is about ${repository}, and the webhook about ${hook.repository}`);
    if (branch !== hook.branch) return nothing(`it is about ${branch}, and the webhook about ${hook.branch}`);
    const [fresh] = await world.db.all(sql.delivery_take, { hook: name, delivery, digest, at: await world.at() });
    const known = { output: { outcome: "known" as const, why: null, tickets: [] }, events: [] };
    if (fresh === undefined) return known;
    const whole = brought.filter(({ commit }) => /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commit));
    const place = { repository: hook.repository, branch, hook: name };
    const { tickets, events } = await see(world, caller, place, whole);
    if (events.length === 0) return known;
    return { output: { outcome: "merged" as const, why: null, tickets }, events };
  },
});
