import {
  type CallToolResult,
  type JSONObject,
  type jsonSchemaValidator,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type Tool,
} from "@modelcontextprotocol/server";
import type { JsonSchema, Operation } from "../../kernel/catalogue.ts";
import { problemOf, Refusal } from "../../kernel/refusal.ts";

/** A request's `_meta` field for an Idempotency-Key: the same call under the same key happens once. */
export const KEY_META = "longwatch/idempotency-key";
/** A refused result's `_meta` field with the whole problem document, for programs; the text is for models. */
export const PROBLEM_META = "longwatch/problem";

export type CallOptions = { key?: string | undefined; signal?: AbortSignal | undefined };

export type ToolsOptions = {
  /** What the caller may say: these are listed. */
  operations: readonly Operation[];
  /** What the caller may not say: never listed, but passed on when called, so that the door records the denial. */
  unlisted?: readonly Operation[];
  version: string;
  /** Resolves with the command's output; refuses by throwing a Refusal. */
  say(name: string, input: unknown, options: CallOptions): Promise<unknown>;
  ask(name: string, input: Record<string, unknown>, options: CallOptions): Promise<unknown>;
  /** What happened meanwhile to what the caller said earlier: a line each, told with the next answer. */
  news?: (() => string[]) | undefined;
  /** Told of whatever is thrown that is not a Refusal: our bug. */
  onBug?: (error: unknown, name: string) => void;
};

const INSTRUCTIONS = `\
Claim work with ticket_claim and a lane (or an id): you get the ticket and a claim_token. Work on that ticket only.
Call ticket_renew with the claim_token before lease_expires_at, or the ticket goes back to the queue.
End with ticket_finish, the claim_token and a work_proof; if you cannot, with ticket_release and the reason.
Read feed_read for what others did, and queue_read for what can be claimed; write with post_append.
A refused or denied call changed nothing: its "next" line or command says what to do. Try no way around it.`;

/** A list of tools changes with the server's version or the caller's role only; a stale one is refused, not wrong. */
const LIST_TTL_MS = 60_000;

/** Servers live for one request and never validate by themselves (the door does): they need no Ajv, which costs. */
const validatesNothing: jsonSchemaValidator = {
  getValidator: () => {
    throw new Error("Inputs are validated by the door.");
  },
};

/**
 * The catalogue as an MCP server. The low-level Server suits it: the catalogue is JSON Schema already, and the door
 * alone validates, so that one mistake reads the same over HTTP, on the command line and here.
 */
export function mcpServer(options: ToolsOptions): Server {
  const { operations, unlisted = [], version } = options;
  const byTool = new Map([...operations, ...unlisted].map((operation) => [toolName(operation.name), operation]));
  const server = new Server(
    { name: "longwatch", title: "Longwatch", version },
    {
      capabilities: { tools: {} },
      instructions: INSTRUCTIONS,
      jsonSchemaValidator: validatesNothing,
      cacheHints: { "tools/list": { ttlMs: LIST_TTL_MS, cacheScope: "private" } },
    },
  );
  const listed = operations.filter(({ said_by }) => said_by !== "programs");
  server.setRequestHandler("tools/list", () => ({ tools: listed.map(toolOf) }));
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq }): Promise<CallToolResult> => {
    const operation = byTool.get(params.name);
    if (!operation)
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown tool: ${params.name}. tools/list names the tools that this token may use.`,
      );
    return call(options, operation, params.arguments ?? {}, { key: keyOf(mcpReq._meta), signal: mcpReq.signal });
  });
  return server;
}

async function call(
  { say, ask, news, onBug }: ToolsOptions,
  { name, kind }: Operation,
  input: Record<string, unknown>,
  options: CallOptions,
): Promise<CallToolResult> {
  try {
    const output = (
      kind === "command" ? await say(name, input, options) : await ask(name, input, options)
    ) as JSONObject;
    const told = news?.().map((text) => ({ type: "text" as const, text })) ?? [];
    return { content: [{ type: "text", text: JSON.stringify(output) }, ...told], structuredContent: output };
  } catch (error) {
    if (error instanceof Refusal) return refused(error);
    onBug?.(error, name);
    return refused(new Refusal("internal", "kernel.bug", "Longwatch failed on this request.", { cause: error }));
  }
}

/** structuredContent must fit the tool's outputSchema, and some clients hold even errors to it: so `_meta` it is. */
function refused(refusal: Refusal): CallToolResult {
  const { code, message, hint, fields, facts, rules } = refusal;
  const lines = [`refused (${code}): ${message}`];
  if (hint !== undefined) lines.push(`next: ${hint}`);
  for (const { field, message: wrong } of fields) if (!message.includes(wrong)) lines.push(`${field}: ${wrong}`);
  for (const { id, rule } of rules) lines.push(`rule ${id}: ${rule}`);
  if (Object.keys(facts).length > 0) lines.push(`facts: ${JSON.stringify(facts)}`);
  const problem = problemOf(refusal) as unknown as JSONObject;
  return { isError: true, content: [{ type: "text", text: lines.join("\n") }], _meta: { [PROBLEM_META]: problem } };
}

function keyOf(meta: Record<string, unknown> | undefined): string | undefined {
  const key = meta?.[KEY_META];
  // A key that is no text is passed on as text: the door refuses it by its own rule, instead of us dropping it.
  return key === undefined || typeof key === "string" ? key : JSON.stringify(key);
}

export function toolName(operation: string): string {
  return operation.replace(".", "_");
}

/** Each refusal says what to do next when it comes; a model need not hold all of a command's in its mind before. */
const REFUSALS_TOLD_MAX = 16;

function told(codes: readonly string[]): string {
  const rest = codes.length - REFUSALS_TOLD_MAX;
  return codes.slice(0, REFUSALS_TOLD_MAX).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function toolOf({ name, kind, summary, refuses, input, output }: Operation): Tool {
  const codes = [...new Set(refuses)];
  return {
    name: toolName(name),
    description: codes.length === 0 ? summary : `${summary}\nRefusals: ${told(codes)}`,
    inputSchema: withoutNoise(input) as Tool["inputSchema"],
    outputSchema: outline(output) as NonNullable<Tool["outputSchema"]>,
    // Nothing here deletes: the ledger only grows. Unsaid hints count as true, and make clients ask a person.
    annotations: kind === "query" ? { readOnlyHint: true } : { destructiveHint: false, openWorldHint: false },
  };
}

/** Drops what zod writes and no model needs: the bounds of a double, and a 300-character pattern for each instant. */
function withoutNoise(schema: JsonSchema): JsonSchema {
  return mapped(schema, ({ pattern, minimum, maximum, ...rest }) => ({
    ...(pattern === undefined || rest.format !== undefined ? {} : { pattern }),
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
    ...rest,
  }));
}

/**
 * An output's schema tells its shape only: our own outputs are tested, and a client gains nothing by refusing one. What
 * a field means, its name says; `GET /openapi.json` and `--help` say more.
 */
function outline(schema: JsonSchema): JsonSchema {
  return mapped(withoutNoise(schema), (one) => {
    const {
      minimum: _,
      maximum: __,
      minLength: ___,
      maxLength: ____,
      pattern: _____,
      description: ______,
      ...rest
    } = one;
    if (rest.additionalProperties === false) delete rest.additionalProperties;
    const [some, none, third] = rest.anyOf ?? [];
    if (third || none?.type !== "null" || typeof some?.type !== "string" || some.enum) return rest;
    delete rest.anyOf;
    return { ...some, ...rest, type: [some.type, "null"] };
  });
}

/** Applies a change to a schema and to every schema in it, innermost first. */
function mapped(schema: JsonSchema, change: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const copy: JsonSchema = { ...schema };
  const inner = (one: JsonSchema) => mapped(one, change);
  if (copy.properties)
    copy.properties = Object.fromEntries(Object.entries(copy.properties).map(([name, one]) => [name, inner(one)]));
  if (copy.items) copy.items = inner(copy.items);
  for (const union of ["anyOf", "oneOf", "allOf"] as const)
    if (Array.isArray(copy[union])) copy[union] = copy[union].map(inner);
  if (typeof copy.additionalProperties === "object" && copy.additionalProperties !== null)
    copy.additionalProperties = inner(copy.additionalProperties as JsonSchema);
  return change(copy);
}
