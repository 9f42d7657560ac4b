import { z } from "zod";
import type { Reader } from "../../../kernel/database.ts";
import { command, query, roles, text } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { OVERSEERS } from "./rungs.ts";
import { type Decider, deciders, nearest, shippedRoutes, type Topic } from "./topics.ts";

const sql = statements("policy/authority", "routes_all", "routes_set");

export type Route = Topic & { shipped: boolean };

/** The whole table: the tenant's own rows, then what ships under other names. */
async function routesOf(db: Reader): Promise<Route[]> {
  const own = await db.all<Topic>(sql.routes_all);
  const named = new Set(own.map(({ topic }) => topic));
  return [
    ...own.map((row) => ({ ...row, shipped: false })),
    ...shippedRoutes.filter(({ topic }) => !named.has(topic)).map((row) => ({ ...row, shipped: true })),
  ];
}

/** Who decides a question of this topic. Throws `route.unknown` with the nearest names: nothing is guessed. */
export async function routeFor(db: Reader, topic: string): Promise<Route> {
  const routes = await routesOf(db);
  const found = routes.find((route) => route.topic === topic);
  if (found) return found;
  const near = nearest(
    topic,
    routes.map((route) => route.topic),
  );
  throw new Refusal("missing", "route.unknown", `No route is called ${topic}, and none is guessed.`, {
    hint: `Nearest: ${near.join(", ")}. route.list shows all. If none fits, ask a strategist to have one set.`,
    facts: { nearest: near },
  });
}

/**
 * What whoever meets such a question does next. What waits for the answer comes back by itself (origins R-C3); a
 * question is never only relabelled (R-C4).
 */
const ASK = 'longwatch question ask --topic TOPIC --question "QUESTION" --ticket TICKET';
const next: Record<Decider, { do: string; commands: string[] }> = {
  strategist: {
    do:
      "Ask the strategists and do other work: your ticket is blocked by the question, and is claimable again when it " +
      "is answered. If no strategist is here it waits; it does not go to the operator.",
    commands: [ASK],
  },
  operator: {
    do:
      "Only the operator decides this. Ask in one line, with what you would do, and do other work: your ticket is " +
      "blocked by the question, and is claimable again when it is answered.",
    commands: [ASK],
  },
  fleet: {
    do: "Act, and log what you did. Nobody is asked first.",
    commands: ['longwatch post append --subject "What I did and why"'],
  },
};

const Shown = {
  topic: z.string(),
  goes_to: z.enum(deciders),
  about: z.string(),
  shipped: z.boolean().describe("False where this tenant has set it."),
};
const TopicName = text(60)
  .regex(/^[a-z][a-z0-9_]*$/, "must be a name in snake_case, such as schema or credential_rotation")
  .describe("What the decision is about, in snake_case: schema, budget, cache_flush …");

export const findRoute = query({
  name: "route.find",
  summary: "Who decides a question of this topic, and what to do next: a strategist, the operator, or act and log.",
  input: z.object({ topic: text(100).min(1).describe("The topic: schema, budget, cache_flush …") }),
  output: z.object({
    ...Shown,
    do: z.string(),
    commands: z.array(z.string()).describe("Words in capitals are yours to fill in."),
  }),
  may: roles,
  refuses: ["route.unknown"],
  async read({ db }, { topic }) {
    const found = await routeFor(db, topic);
    const { commands, ...todo } = next[found.goes_to];
    return { ...found, ...todo, commands: commands.map((one) => one.replace("TOPIC", topic)) };
  },
});

export const listRoutes = query({
  name: "route.list",
  summary: "Who decides what: every topic with the one it goes to.",
  input: z.object({ goes_to: z.enum(deciders).optional() }),
  output: z.object({ routes: z.array(z.object(Shown)) }),
  may: OVERSEERS,
  refuses: [],
  async read({ db }, { goes_to }) {
    const routes = await routesOf(db);
    const order = (route: Route) => deciders.indexOf(route.goes_to);
    return {
      routes: routes
        .filter((route) => goes_to === undefined || route.goes_to === goes_to)
        .sort((a, b) => order(a) - order(b) || (a.topic < b.topic ? -1 : 1)),
    };
  },
});

export const setRoute = command({
  name: "route.set",
  summary: "Say who decides a topic, in place of what ships or for a topic of your own.",
  input: z.object({
    topic: TopicName,
    goes_to: z.enum(deciders).describe("fleet: whoever meets it acts and logs."),
    about: text(300).trim().min(1).optional().describe("What it is, in a sentence; without it, as it was."),
  }),
  output: z.object(Shown),
  may: ["operator"],
  events: ["route.set"],
  refuses: [],
  async run({ db }, { caller, input: { topic, goes_to, about: words } }) {
    const before = (await routesOf(db)).find((route) => route.topic === topic);
    const about = words ?? before?.about;
    if (about === undefined)
      throw new Refusal("invalid", "input.invalid", `about: ${topic} is a new topic and needs a sentence.`, {
        fields: [{ field: "about", message: "a new topic needs a sentence that says what it is" }],
      });
    db.send(sql.routes_set, { topic, goes_to, about, set_by: caller.principal_id });
    const data = { topic, goes_to, about, was: before?.goes_to ?? null };
    return {
      output: { topic, goes_to, about, shipped: false },
      events: [{ kind: "route.set", subject: topic, data }],
    };
  },
});
