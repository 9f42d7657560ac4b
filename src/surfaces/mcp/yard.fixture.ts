import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import fastify from "fastify";
import { z } from "zod";
import { catalogue } from "../../kernel/catalogue.ts";
import { type Door, parse } from "../../kernel/door.ts";
import { type Caller, command, type Operation, query, type Role } from "../../kernel/operation.ts";
import { problemOf, Refusal, type RefusalKind } from "../../kernel/refusal.ts";
import { hangUpOnceAnswered } from "../http/hanging_up.ts";
import { mcpRoutes } from "./http.ts";

/** For the tests: a yard with one crate of each colour, behind a door that needs no database. */
export class Yard implements Pick<Door, "identify" | "say" | "ask"> {
  readonly callers = new Map<string, Caller>();
  readonly said: { name: string; input: unknown; key: string | undefined }[] = [];
  readonly taken = new Map<string, string>();
  readonly operations: Operation[] = [
    command({
      name: "crate.take",
      summary: "Take a crate.",
      input: z.object({ colour: z.enum(["red", "blue"]), weight_max: z.int().min(1).default(10) }),
      output: z.object({ colour: z.string(), holder: z.string(), weight_max: z.int(), note: z.string().nullable() }),
      may: ["implementer"],
      events: ["crate.taken"],
      refuses: ["crate.held"],
      run: async (_, { caller, input: { colour, weight_max } }) => {
        const holder = this.taken.get(colour);
        if (holder !== undefined)
          throw new Refusal("conflict", "crate.held", `${holder} holds it.`, {
            hint: "Take another.",
            facts: { holder },
          });
        this.taken.set(colour, caller.name);
        return { output: { colour, holder: caller.name, weight_max, note: null }, events: [] };
      },
    }),
    query({
      name: "crate.list",
      summary: "List what is taken.",
      input: z.object({ colour: z.string().optional() }),
      output: z.object({ crates: z.array(z.object({ colour: z.string(), holder: z.string() })) }),
      may: ["implementer", "operator"],
      refuses: [],
      read: async (_, { colour }) => {
        const crates = [...this.taken].map(([colour, holder]) => ({ colour, holder }));
        return { crates: crates.filter((crate) => colour === undefined || crate.colour === colour) };
      },
    }),
    command({
      name: "yard.clear",
      summary: "Take everything from everybody.",
      input: z.object({}),
      output: z.object({}),
      may: ["operator"],
      events: ["yard.cleared"],
      refuses: [],
      run: async () => {
        this.taken.clear();
        return { output: {}, events: [] };
      },
    }),
    command({
      name: "seat.beat",
      summary: "Say that the session is alive.",
      input: z.object({ status: z.enum(["idle", "busy"]) }),
      output: z.object({ next_seconds: z.number() }),
      may: ["implementer"],
      events: [],
      unrecorded: "It is a test's.",
      refuses: [],
      run: async () => {
        if (this.beatsFail) throw new Refusal(this.beatsFail, "beat.refused", "No beat now.");
        return { output: { next_seconds: 0.05 }, events: [] };
      },
    }),
    query({
      name: "seat.whoami",
      summary: "Who am I?",
      input: z.object({}),
      output: z.object({ incarnation: z.string().nullable() }),
      may: ["implementer", "operator"],
      refuses: [],
      read: async ({ caller }) => ({ incarnation: caller.incarnation }),
    }),
  ];
  beatsFail: RefusalKind | null = null;
  /** Commands wait for this before they run. */
  gate: Promise<void> = Promise.resolve();

  seat(token: string, role: Role, incarnation: string | null) {
    const name = `${role}-1`;
    this.callers.set(token, { tenant_id: 1, tenant: "yard", principal_id: 1, name, role, incarnation });
  }

  async identify(token: string): Promise<Caller> {
    const caller = this.callers.get(token);
    if (!caller) throw new Refusal("unauthenticated", "token.unknown", "This token is not known.");
    return caller;
  }

  async say(token: string, name: string, raw: unknown, { key }: { key?: string | undefined } = {}) {
    const { operation, caller } = await this.#permitted(token, name);
    assert.equal(operation.kind, "command");
    const input = parse(operation.input, raw);
    this.said.push({ name, input, key });
    await this.gate;
    const [act] = await operation.run({} as never, [{ caller, input }]);
    if (act instanceof Refusal) throw act;
    return { output: act!.output as unknown, seq: 1 };
  }

  async ask(token: string, name: string, raw: unknown): Promise<unknown> {
    const { operation, caller } = await this.#permitted(token, name);
    assert.equal(operation.kind, "query");
    return operation.read(
      { tenant_id: 1, db: {} as never, caller, outside: null, pace: null, operations: () => [] },
      parse(operation.input, raw),
    );
  }

  async #permitted(token: string, name: string) {
    const caller = await this.identify(token);
    const operation = this.operations.find((one) => one.name === name)!;
    if (!operation.may.includes(caller.role)) throw new Refusal("denied", "role.forbidden", `Not for ${caller.role}s.`);
    return { operation, caller };
  }
}

/** A server around a yard: `/mcp`, and what the HTTP surface offers to a client such as `longwatch mcp`. */
export async function openYard() {
  const yard = new Yard();
  yard.seat("lw_seat", "implementer", "0198c0de-0000-7000-8000-000000000001");
  yard.seat("lw_operator", "operator", null);
  const all = catalogue(yard.operations, "9.8.7");
  const app = fastify({ bodyLimit: 64 * 1024, forceCloseConnections: "idle" });
  hangUpOnceAnswered(app);
  app.setErrorHandler((error, _, reply) => {
    assert.ok(error instanceof Refusal, String(error));
    const problem = problemOf(error);
    if (problem.status === 401) reply.header("www-authenticate", 'Bearer realm="longwatch"');
    return reply.code(problem.status).send(problem);
  });
  // As the whole server does: /mcp has no sessions to follow or to end.
  app.setNotFoundHandler((_, reply) => reply.code(405).send());
  mcpRoutes(app, { door: yard, catalogue: all });
  const tokenOf = (headers: { authorization?: string | undefined }) => headers.authorization!.slice("Bearer ".length);
  app.get("/v1/catalogue", async ({ headers }) => {
    const { role } = await yard.identify(tokenOf(headers));
    return { ...all, operations: all.operations.filter(({ may }) => may.includes(role)) };
  });
  for (const { name, kind } of yard.operations)
    app.route({
      method: kind === "query" ? "GET" : "POST",
      url: `/v1/${name.replace(".", "/")}`,
      handler: async ({ headers, body, query: asked }) => {
        if (kind === "query") return yard.ask(tokenOf(headers), name, asked);
        const key = headers["idempotency-key"] as string;
        return (await yard.say(tokenOf(headers), name, body, { key })).output;
      },
    });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { yard, url, close: () => app.close() };
}
