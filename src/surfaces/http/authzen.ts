import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Door } from "../../kernel/door.ts";
import { type FieldProblem, problemOf, Refusal } from "../../kernel/refusal.ts";
import { ProtocolRefusal } from "./refusing.ts";
import { tokenOf } from "./token.ts";

/** One request decides at most so many acts: the committer takes them in one batch. */
const EVALUATIONS_MAX = 100;

const Properties = z.record(z.string(), z.unknown()).optional();
const Entity = z.object({ type: z.string(), id: z.string(), properties: Properties });
const Typed = z.object({ type: z.string(), properties: Properties });
const Action = z.object({ name: z.string(), properties: Properties });

// z.object drops what it does not know, as AuthZEN wants it: a newer client may say more than we understand.
const Evaluation = z.object({ subject: Entity, action: Action, resource: Entity, context: Properties });
const Part = z.record(z.string(), z.unknown());
const Defaults = z.object({
  subject: Part.optional(),
  action: Part.optional(),
  resource: Part.optional(),
  context: Properties,
  evaluations: z.array(z.unknown()).max(EVALUATIONS_MAX).optional(),
  options: z
    .object({
      evaluations_semantic: z.enum(["execute_all", "deny_on_first_deny", "permit_on_first_permit"]).optional(),
    })
    .optional(),
});
type Defaults = z.output<typeof Defaults>;

const Page = z
  .object({ token: z.string().optional(), next_token: z.string().optional(), limit: z.int().min(1).optional() })
  .optional();
const searches = {
  subject: Evaluation.extend({ subject: Typed, page: Page }),
  resource: Evaluation.extend({ resource: Typed, page: Page }),
  action: Evaluation.omit({ action: true }).extend({ page: Page }),
};
type Searched = keyof typeof searches;

const RESULTS_MAX = 1000;

type Answer = { decision: boolean; context: Record<string, unknown> };

/**
 * OpenID AuthZEN Authorization API 1.0. A decision is a 200, whatever it says; a denial has its reasons and what to do
 * instead in `context`. Errors are our problem documents: the standard asks for a text, and theirs is in `detail`.
 */
export async function authzenRoutes(app: FastifyInstance, door: Door): Promise<void> {
  // Who reads the metadata has no token yet: it says where to ask, and nothing that the paths do not.
  app.get("/.well-known/authzen-configuration", async (request, reply) => {
    reply.header("cache-control", "no-cache");
    return metadataOf(`${request.protocol}://${request.host}`);
  });
  await app.register(
    async (scope) => {
      scope.addHook("onRequest", async ({ headers }, reply) => {
        if (headers["x-request-id"] !== undefined) reply.header("x-request-id", headers["x-request-id"]);
      });
      // AuthZEN's certification wants 400 for it, and HTTP 415.
      scope.addContentTypeParser("*", (_request, _payload, done) =>
        done(new ProtocolRefusal(400, { hint: "Send Content-Type: application/json." })),
      );
      scope.post("/evaluation", async (request) => evaluate(door, tokenOf(request), parsed(Evaluation, request.body)));
      scope.post("/evaluations", async (request) => evaluations(door, request));
      for (const what of Object.keys(searches) as Searched[])
        scope.post(`/search/${what}`, async (request) => search(door, request, what));
    },
    { prefix: "/access/v1" },
  );
}

function metadataOf(url: string): object {
  return {
    policy_decision_point: url,
    access_evaluation_endpoint: `${url}/access/v1/evaluation`,
    access_evaluations_endpoint: `${url}/access/v1/evaluations`,
    ...Object.fromEntries(
      Object.keys(searches).map((what) => [`search_${what}_endpoint`, `${url}/access/v1/search/${what}`]),
    ),
  };
}

/** Parses a body; each bad field is named as the caller named it. */
function parsed<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const result = shape.safeParse(body);
  if (result.success) return result.data;
  throw malformed(result.error.issues.map(({ path, message }) => ({ field: path.join(".") || "(body)", message })));
}

function malformed(fields: FieldProblem[]): Refusal {
  const named = fields.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new Refusal("invalid", "input.invalid", named, {
    fields,
    hint: "A request has subject {type, id}, action {name} and resource {type, id}, each with properties if it likes.",
  });
}

/** AuthZEN's words as those of the operations behind them. */
const FIELDS = {
  subject_type: "subject.type",
  subject_id: "subject.id",
  subject_properties: "subject.properties",
  action: "action.name",
  action_properties: "action.properties",
  resource_type: "resource.type",
  resource_id: "resource.id",
  resource_properties: "resource.properties",
  after: "page.token",
} as const;

function fieldsOf(request: {
  subject: { type: string; id?: string; properties?: unknown };
  action?: z.output<typeof Action> | undefined;
  resource: { type: string; id?: string; properties?: unknown };
  context?: unknown;
}): object {
  const { subject, action, resource, context } = request;
  return {
    subject_type: subject.type,
    subject_id: subject.id,
    subject_properties: subject.properties,
    action: action?.name,
    action_properties: action?.properties,
    resource_type: resource.type,
    resource_id: resource.id,
    resource_properties: resource.properties,
    context,
  };
}

async function evaluate(door: Door, token: string, evaluation: z.output<typeof Evaluation>): Promise<Answer> {
  const accepted = await inTheirWords(door.say(token, "policy.decide", fieldsOf(evaluation)));
  const { decision, ...context } = accepted.output as { decision: boolean };
  return { decision, context };
}

/** A refused field is called what the caller called it. */
async function inTheirWords<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error) => {
    if (!(error instanceof Refusal) || error.kind !== "invalid") throw error;
    throw malformed(
      error.fields.map(({ field, message }) => ({ field: FIELDS[field as keyof typeof FIELDS] ?? field, message })),
    );
  });
}

async function evaluations(door: Door, request: FastifyRequest): Promise<Answer | { evaluations: Answer[] }> {
  const token = tokenOf(request);
  const { evaluations: items = [], options, ...defaults } = parsed(Defaults, request.body);
  if (items.length === 0) return evaluate(door, token, parsed(Evaluation, defaults));
  const semantic = options?.evaluations_semantic ?? "execute_all";
  const one = (item: unknown) => evaluateItem(door, token, defaults, item);
  if (semantic === "execute_all") return { evaluations: await Promise.all(items.map(one)) };
  const answers: Answer[] = [];
  for (const item of items) {
    const answer = await one(item);
    answers.push(answer);
    if (answer.decision === (semantic === "permit_on_first_permit")) break;
  }
  return { evaluations: answers };
}

/** What is wrong with one act is said of that act: it is denied, and the others are decided. */
async function evaluateItem(door: Door, token: string, defaults: Defaults, item: unknown): Promise<Answer> {
  try {
    return await evaluate(door, token, parsed(Evaluation, merged(defaults, parsed(Part, item))));
  } catch (error) {
    if (!(error instanceof Refusal) || !["invalid", "denied", "missing", "conflict"].includes(error.kind)) throw error;
    const { status } = problemOf(error);
    return {
      decision: false,
      context: { error: { status, code: error.code, message: error.message }, reasons: [error.message] },
    };
  }
}

/** An item's entity replaces the default one as a whole, but for what it has to have: its type, its id, its name. */
function merged(defaults: Defaults, item: z.output<typeof Part>): object {
  const kept = (name: "subject" | "action" | "resource") => {
    const own = name in item ? Part.safeParse(item[name]) : undefined;
    if (own === undefined) return defaults[name];
    if (!own.success) return item[name];
    const { type, id, name: called } = defaults[name] ?? {};
    return { type, id, name: called, ...own.data };
  };
  return {
    subject: kept("subject"),
    action: kept("action"),
    resource: kept("resource"),
    context: "context" in item ? item.context : defaults.context,
  };
}

async function search(door: Door, request: FastifyRequest, what: Searched): Promise<object> {
  const token = tokenOf(request);
  const { page, ...wanted } = parsed(searches[what], request.body);
  const limit = Math.min(page?.limit ?? RESULTS_MAX, RESULTS_MAX);
  const after = positionOf(page?.token ?? page?.next_token ?? "");
  const fields = Object.entries({ ...fieldsOf(wanted), for: what, limit, after }).filter(
    ([, value]) => value !== undefined,
  );
  const answer = await inTheirWords(door.ask(token, "policy.search", Object.fromEntries(fields)));
  const { results, next } = answer as { results: string[]; next: string | null };
  const type = what === "action" ? undefined : wanted[what].type;
  return {
    results: results.map((one) => (type === undefined ? { name: one } : { type, id: one })),
    page: { next_token: next === null ? "" : tokenAt(next), count: results.length },
  };
}

/** A page's token is the last thing on the page before, so that what comes and goes meanwhile moves nothing. */
const tokenAt = (last: string) => Buffer.from(last).toString("base64url");

function positionOf(token: string): string | undefined {
  if (token === "") return undefined;
  const position = Buffer.from(token, "base64url").toString();
  if (tokenAt(position) === token) return position;
  throw malformed([{ field: "page.token", message: "is none that a search gave out" }]);
}
