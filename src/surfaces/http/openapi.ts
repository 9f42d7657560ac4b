import type { Catalogue, JsonSchema, Operation } from "../../kernel/catalogue.ts";
import { refusalKinds } from "../../kernel/refusal.ts";

/** `ticket.claim` is `/v1/ticket/claim`. The spelling is mechanical on every surface. */
export function pathOf(name: string): string {
  return `/v1/${name.replace(".", "/")}`;
}

/** What the body of a QUERY may be (RFC 10008); each query's answer tells it in `Accept-Query`. */
export const QUERY_FORMAT = "application/json";

const problem: JsonSchema = {
  type: "object",
  description: "Why not, and what to do next (RFC 9457).",
  required: ["type", "title", "status", "detail", "code", "kind", "retry"],
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string", description: "The state that forbids, for machines: `lease.lost`." },
    kind: { type: "string", enum: Object.keys(refusalKinds) },
    retry: { type: "boolean", description: "Whether the same request may succeed later by itself." },
    hint: { type: "string", description: "What to do next." },
    fields: {
      type: "array",
      items: { type: "object", properties: { field: { type: "string" }, message: { type: "string" } } },
    },
  },
};

/** The OpenAPI 3.1 document of a catalogue. */
export function openapi(catalogue: Catalogue): object {
  const nouns = [...new Set(catalogue.operations.map(({ name }) => name.split(".")[0]!))];
  return {
    openapi: "3.1.0",
    info: {
      title: "Longwatch",
      version: catalogue.version,
      summary: "The control plane for a fleet of AI agents.",
      description:
        "Every command is a POST, every query a GET; a query whose parameters are too long for an address is asked " +
        "by QUERY (RFC 10008) at the same path, with the parameters as a JSON object. A command may carry an " +
        "`Idempotency-Key`: a repeat within seven days gets the first answer and does nothing. Refusals are " +
        "`application/problem+json` with a `code` and a `hint`.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    tags: nouns.map((name) => ({ name })),
    paths: {
      ...Object.fromEntries(catalogue.operations.map((operation) => [pathOf(operation.name), pathItem(operation)])),
      "/v1/ledger/stream": streamPath,
      "/health": healthPath,
    },
    components: {
      schemas: { Problem: problem },
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "From seat.adopt or token.issue." } },
    },
  };
}

function pathItem(operation: Operation): object {
  const { name, kind, summary, output } = operation;
  const common = {
    operationId: name.replace(".", "_"),
    tags: [name.split(".")[0]],
    summary,
    description: `May be said by: ${operation.may.join(", ")}.${
      operation.refuses.length > 0 ? ` Refuses with: ${operation.refuses.map((code) => `\`${code}\``).join(", ")}.` : ""
    }`,
    responses: {
      200: { description: "Done.", content: { "application/json": { schema: output } } },
      default: {
        description: "Refused.",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
  if (kind === "query")
    return {
      get: { ...common, parameters: queryParameters(operation.input) },
      "x-oai-additionalOperations": { QUERY: asked(operation) },
    };
  const requestBody = { required: true, content: { "application/json": { schema: operation.input } } };
  return { post: { ...common, parameters: [idempotencyKey], requestBody } };
}

/**
 * The same question with a body. OpenAPI 3.1 has no word for QUERY, as 3.2 has; this extension is the registered one
 * for older documents. What it answers stands with the GET.
 */
function asked({ name, summary, input }: Operation): object {
  const path = pathOf(name).replaceAll("/", "~1");
  return {
    operationId: `${name.replace(".", "_")}_query`,
    tags: [name.split(".")[0]],
    summary,
    requestBody: { required: true, content: { [QUERY_FORMAT]: { schema: input } } },
    responses: {
      200: { $ref: `#/paths/${path}/get/responses/200` },
      default: { $ref: `#/paths/${path}/get/responses/default` },
    },
  };
}

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  description: "Names this request: a repeat under the same key is answered, not done again.",
  schema: { type: "string", maxLength: 200 },
};

function queryParameters(input: JsonSchema): object[] {
  return Object.entries(input.properties ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schema;
    return { name, in: "query", description, required: input.required?.includes(name) ?? false, schema: rest };
  });
}

const streamPath = {
  get: {
    operationId: "ledger_stream",
    tags: ["ledger"],
    summary: "Follow the ledger live: server-sent events, one for each entry, in order, none missed.",
    parameters: [
      {
        name: "after",
        in: "query",
        description: "Begin behind this entry; without it, at the newest.",
        schema: { type: "integer" },
      },
      { name: "Last-Event-ID", in: "header", description: "Resume behind this entry.", schema: { type: "string" } },
    ],
    responses: { 200: { description: "A stream without an end.", content: { "text/event-stream": {} } } },
  },
};

const healthPath = {
  get: {
    operationId: "health",
    tags: ["health"],
    summary: "Tell which build serves and how it is. The only answer that needs no token.",
    security: [],
    responses: {
      200: { description: "Serving." },
      503: { description: "The database does not answer, or it is closing." },
    },
  },
};
