import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";

/**
 * A model that says what a test tells it to, in the tongues of three providers: Anthropic messages, OpenAI responses
 * and Gemini's stream. The real agent CLIs talk to it over loopback.
 */

/** What the model says next: call a tool, or end the turn with words; or what it makes of all that it was told. */
export type Said = { tool: string; input: Record<string, unknown> } | { text: string };
export type Line = Said | ((told: string) => Said);

export type ModelServer = {
  url: string;
  port: number;
  /** What came back to the model from each tool it called, in order. */
  results: string[];
  /** All that the model was last told, in the provider's own JSON. */
  told(): string;
  /** Every request's path, for a test that wants to know what was asked. */
  paths: string[];
};

/** Starts a model that says `lines`, one for each turn in which it is offered tools. */
export async function modelServer(lines: readonly Line[]): Promise<ModelServer> {
  const results: string[] = [];
  const paths: string[] = [];
  let last = "";
  const hear = (text: string) => (last = text);
  const server = createServer((request, response) => {
    void answer(request, response, lines, { results, paths, hear }).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  after(() => stop(server));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, results, paths, told: () => last };
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  lines: readonly Line[],
  { results, paths, hear }: Pick<ModelServer, "results" | "paths"> & { hear(text: string): void },
): Promise<void> {
  const path = request.url!.split("?")[0]!;
  paths.push(`${request.method} ${path}`);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const provider = providers.find(({ takes }) => takes(path));
  if (request.method !== "POST" || !provider) return void response.writeHead(200).end("{}");
  const asked = JSON.parse(text || "{}");
  const told = provider.results(asked);
  // Requests without tools are a CLI's own: a title for the session, a summary.
  const isTurn = provider.offersTools(asked);
  if (isTurn) hear(text);
  const line = lines[isTurn ? provider.linesSaid(asked) : lines.length] ?? { text: "Done." };
  if (told.length > results.length) results.push(...told.slice(results.length));
  provider.say(response, typeof line === "function" ? line(text) : line, asked, path);
}

type Provider = {
  takes(path: string): boolean;
  offersTools(asked: any): boolean;
  /** The results of tools in the conversation so far. */
  results(asked: any): string[];
  /** How many lines the model has said so far. */
  linesSaid(asked: any): number;
  say(response: ServerResponse, line: Said, asked: any, path: string): void;
};

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const anthropic: Provider = {
  takes: (path) => path === "/v1/messages",
  offersTools: ({ tools }) => (tools?.length ?? 0) > 0,
  results: ({ messages = [] }) =>
    messages.flatMap(({ content }: any) =>
      Array.isArray(content)
        ? content.filter((part) => part.type === "tool_result").map((part) => asText(part.content))
        : [],
    ),
  linesSaid: ({ messages = [] }) => messages.filter(({ role }: any) => role === "assistant").length,
  say(response, line, { stream, model }) {
    const random = Math.random().toString(36).slice(2, 12);
    const id = `toolu_${random}`;
    const block =
      "text" in line ? { type: "text", text: line.text } : { type: "tool_use", id, name: line.tool, input: line.input };
    const stop_reason = "text" in line ? "end_turn" : "tool_use";
    const usage = { input_tokens: 10, output_tokens: 5 };
    // Claude takes two messages of one id for parts of one.
    const message = { id: `msg_${random}`, type: "message", role: "assistant", model, usage };
    if (!stream) return void json(response, { ...message, content: [block], stop_reason, stop_sequence: null });
    const start = "text" in line ? { type: "text", text: "" } : { ...block, input: {} };
    const delta =
      "text" in line
        ? { type: "text_delta", text: line.text }
        : { type: "input_json_delta", partial_json: JSON.stringify(line.input) };
    events(response, [
      { type: "message_start", message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
      { type: "content_block_start", index: 0, content_block: start },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage },
      { type: "message_stop" },
    ]);
  },
};

const openai: Provider = {
  takes: (path) => path === "/v1/responses",
  offersTools: ({ tools }) => (tools?.length ?? 0) > 0,
  results: ({ input = [] }) =>
    input
      .filter((item: any) => item.type === "function_call_output" || item.type === "custom_tool_call_output")
      .map((item: any) => asText(item.output)),
  linesSaid: ({ input = [] }) =>
    input.filter(({ type, role }: any) => /_call$/.test(type ?? "") || role === "assistant").length,
  say(response, line) {
    const call_id = `call_${Math.random().toString(36).slice(2, 12)}`;
    const item =
      "text" in line
        ? { type: "message", role: "assistant", id: "msg_1", content: [{ type: "output_text", text: line.text }] }
        : typeof line.input.patch === "string"
          ? { type: "custom_tool_call", id: "ct_1", call_id, name: line.tool, input: line.input.patch }
          : { type: "function_call", id: "fc_1", call_id, name: line.tool, arguments: JSON.stringify(line.input) };
    const usage = {
      input_tokens: 10,
      input_tokens_details: null,
      output_tokens: 5,
      output_tokens_details: null,
      total_tokens: 15,
    };
    events(response, [
      { type: "response.created", response: { id: "resp_1" } },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: { id: "resp_1", usage } },
    ]);
  },
};

const gemini: Provider = {
  takes: (path) => /:(stream)?generateContent$/i.test(path),
  offersTools: ({ tools }) => (tools?.length ?? 0) > 0,
  results: ({ contents = [] }) =>
    contents.flatMap(({ parts = [] }: any) =>
      parts.filter((part: any) => part.functionResponse).map((part: any) => asText(part.functionResponse.response)),
    ),
  linesSaid: ({ contents = [] }) => contents.filter(({ role }: any) => role === "model").length,
  say(response, line, _, path) {
    const part = "text" in line ? { text: line.text } : { functionCall: { name: line.tool, args: line.input } };
    const said = {
      candidates: [{ content: { role: "model", parts: [part] }, finishReason: "STOP", index: 0 }],
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
    };
    if (!/stream/i.test(path)) return void json(response, said);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`data: ${JSON.stringify(said)}\n\n`);
  },
};

const providers = [anthropic, openai, gemini];

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function events(response: ServerResponse, all: readonly ({ type: string } & Record<string, unknown>)[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of all) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}
