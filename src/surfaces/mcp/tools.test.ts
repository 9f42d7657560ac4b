import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import { type Catalogue, catalogue } from "../../kernel/catalogue.ts";
import { type Role, roles } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { operations } from "../../rooms/rooms.ts";
import { mcpServer, PROBLEM_META, type ToolsOptions } from "./tools.ts";

const whole: Catalogue = catalogue(operations, "0.0.0");

async function connected(options: Partial<ToolsOptions> = {}) {
  const unasked = async () => assert.fail("nothing was to be said");
  const server = mcpServer({ operations: whole.operations, version: "0.0.0", say: unasked, ask: unasked, ...options });
  const client = new Client({ name: "test", version: "1" });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(ours), client.connect(theirs)]);
  return client;
}

function sayable(role: Role) {
  return whole.operations.filter(({ may }) => may.includes(role));
}

function textOf(result: { content: unknown[] }): string {
  assert.equal(result.content.length, 1);
  return (result.content[0] as { text: string }).text;
}

describe("the tools", () => {
  /** What a list of tools takes of a model's context: four bytes are about a token. */
  test("of an implementer fit into 8,000 tokens", async (t) => {
    for (const role of roles) {
      const client = await connected({ operations: sayable(role) });
      const { tools } = await client.listTools();
      const tokens = (value: unknown) => Math.round(Buffer.byteLength(JSON.stringify(value)) / 4);
      const outputs = tokens(tools.map(({ outputSchema }) => outputSchema));
      t.diagnostic(`${role}: ${tools.length} tools, ${tokens(tools)} tokens, of which outputs ${outputs}`);
      if (role === "implementer") assert.ok(tokens(tools) < 8_000, `${tokens(tools)} tokens`);
      await client.close();
    }
  });

  test("are one for each operation that is not for programs, named by it, with its schemas and hints", async () => {
    const client = await connected();
    const { tools } = await client.listTools();
    const listed = whole.operations.filter(({ said_by }) => said_by !== "programs");
    assert.ok(listed.length < whole.operations.length);
    assert.deepEqual(
      tools.map(({ name }) => name),
      listed.map(({ name }) => name.replace(".", "_")),
    );
    for (const [index, { name, inputSchema, outputSchema, annotations, description }] of tools.entries()) {
      const { kind, input, output, summary, refuses } = listed[index]!;
      assert.match(name, /^[a-z_]{1,64}$/, "clients put a prefix before it and allow 64 characters");
      assert.deepEqual(Object.keys(inputSchema.properties ?? {}), Object.keys(input.properties ?? {}));
      assert.deepEqual(inputSchema.required, input.required);
      assert.deepEqual(Object.keys(outputSchema?.properties ?? {}), Object.keys(output.properties ?? {}));
      assert.equal(annotations?.readOnlyHint === true, kind === "query");
      assert.ok(description?.startsWith(summary));
      const [told, more] = [refuses.slice(0, 16), new Set(refuses).size - 16];
      for (const code of told) assert.ok(description?.includes(code));
      if (more > 0) assert.ok(description?.endsWith(` and ${more} more`), description);
    }
  });

  test("keep the limits that a caller must know, and lose the noise", async () => {
    const noisy = {
      name: "crate.weigh",
      kind: "query" as const,
      summary: "Weigh a crate.",
      may: ["operator"],
      refuses: [],
      input: {
        type: "object",
        properties: {
          at: { type: "string", format: "date-time", pattern: "^long$" },
          code: { type: "string", pattern: "^[a-z]+$", maxLength: 9 },
          lot: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
        },
        additionalProperties: false,
      },
      output: {
        type: "object",
        properties: {
          owner: { anyOf: [{ type: "string", maxLength: 9 }, { type: "null" }], description: "Whose it is." },
          grade: { anyOf: [{ type: "string", enum: ["a", "b"] }, { type: "null" }] },
          extra: { type: "object", additionalProperties: {} },
          parts: { type: "array", items: { type: "object", properties: {}, additionalProperties: false } },
        },
        required: ["owner"],
        additionalProperties: false,
      },
    };
    const client = await connected({ operations: [noisy] });
    const [tool] = (await client.listTools()).tools;
    assert.deepEqual(tool!.inputSchema, {
      type: "object",
      properties: {
        at: { type: "string", format: "date-time" },
        code: { type: "string", pattern: "^[a-z]+$", maxLength: 9 },
        lot: { type: "integer", minimum: 1 },
      },
      additionalProperties: false,
    });
    assert.deepEqual(tool!.outputSchema, {
      type: "object",
      properties: {
        owner: { type: ["string", "null"] },
        grade: { anyOf: [{ type: "string", enum: ["a", "b"] }, { type: "null" }] },
        extra: { type: "object", additionalProperties: {} },
        parts: { type: "array", items: { type: "object", properties: {} } },
      },
      required: ["owner"],
    });
  });

  test("tell an agent in five lines how to work", async () => {
    const client = await connected();
    const lines = client.getInstructions()!.split("\n");
    assert.ok(lines.length <= 5);
    const named = lines.join("\n").match(/\b[a-z]+_(claim|renew|finish|release|read|append)\b/g) ?? [];
    const names = whole.operations.map(({ name }) => name.replace(".", "_"));
    for (const tool of named) assert.ok(names.includes(tool), `${tool} is a tool`);
  });
});

describe("a refused call", () => {
  test("reads as code, reason, next step, fields and facts, and keeps its problem document", async () => {
    const refusal = new Refusal("conflict", "lease.lost", "The lease ended.", {
      hint: "Claim it again.",
      fields: [{ field: "claim_token", message: "is an old one" }],
      facts: { holder: "impl-2" },
    });
    const client = await connected({ say: () => Promise.reject(refusal) });
    const result = await client.callTool({ name: "ticket_claim", arguments: {} });
    assert.equal(result.isError, true);
    const wanted = [
      "refused (lease.lost): The lease ended.",
      "next: Claim it again.",
      "claim_token: is an old one",
      'facts: {"holder":"impl-2"}',
    ];
    assert.equal(textOf(result), wanted.join("\n"));
    assert.equal(result.structuredContent, undefined);
    const { code, kind, status, holder } = result._meta![PROBLEM_META] as Record<string, unknown>;
    assert.deepEqual(
      { code, kind, status, holder },
      { code: "lease.lost", kind: "conflict", status: 409, holder: "impl-2" },
    );
  });

  test("of an unknown tool is an error of the protocol that names it", async () => {
    const client = await connected();
    await assert.rejects(client.callTool({ name: "ticket_clam" }), {
      code: -32602,
      message: /ticket_clam.*tools\/list/,
    });
  });

  test("tells nothing of a bug but that it was ours, and the bug is reported", async () => {
    const bugs: unknown[] = [];
    const bug = new Error("secret detail");
    const say = () => Promise.reject(bug);
    const client = await connected({ say, onBug: (error, name) => bugs.push([error, name]) });
    const result = await client.callTool({ name: "ticket_claim" });
    assert.equal(textOf(result), "refused (kernel.bug): Longwatch failed on this request.");
    assert.doesNotMatch(JSON.stringify(result), /secret/);
    assert.deepEqual(bugs, [[bug, "ticket.claim"]]);
  });
});
