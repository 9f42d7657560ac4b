import { z } from "zod";
import type { Operation as Defined } from "./operation.ts";

/** What a client has to know of an operation; plain JSON, so that it can travel and be bundled. */
export type Operation = {
  name: string;
  kind: "command" | "query";
  summary: string;
  /** JSON Schema (2020-12) of a flat object. */
  input: JsonSchema;
  output: JsonSchema;
  may: readonly string[];
  refuses: readonly string[];
  /** Said by programs only, and kept off the lists of tools. */
  said_by?: "programs";
};

export type Catalogue = { version: string; operations: Operation[] };

export type JsonSchema = {
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  enum?: unknown[];
  default?: unknown;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  [keyword: string]: unknown;
};

/** The one description from which the HTTP document, the MCP tools and the command line are all made. */
export function catalogue(operations: readonly Defined[], version: string): Catalogue {
  return {
    version,
    operations: operations.map((op) => ({
      name: op.name,
      kind: op.kind,
      summary: op.summary,
      input: jsonSchema(op.input, "input"),
      output: jsonSchema(op.output, "output"),
      may: op.may,
      refuses: op.refuses,
      ...(op.said_by ? { said_by: op.said_by } : {}),
    })),
  };
}

function jsonSchema(shape: z.ZodObject, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io, target: "draft-2020-12" }) as JsonSchema;
  return schema;
}
