import type { Answer, Sent } from "../../client/client.ts";
import type { Catalogue, Operation } from "../../kernel/catalogue.ts";
import { problemOf, Refusal } from "../../kernel/refusal.ts";
import { type Program, run } from "./run.ts";

const text = (description: string, more = {}) => ({ type: "string", description, ...more });
const operation = (
  name: string,
  properties: Operation["input"]["properties"],
  more: Partial<Operation> = {},
): Operation => ({
  name,
  kind: "command",
  summary: `Does ${name}.`,
  input: { type: "object", properties, ...more.input },
  output: {},
  may: [],
  refuses: [],
  ...(more.kind ? { kind: more.kind } : {}),
});

/** For the tests: a small catalogue, and a server that answers the same each time. */
export const fixture: Catalogue = {
  version: "9.8.7",
  operations: [
    operation(
      "ticket.file",
      {
        id: text("Its id."),
        title: text("A line."),
        body: text("The text."),
        lane: { anyOf: [{ type: "string" }, { type: "null" }], description: "The lane." },
        priority: { type: "integer", minimum: 0, maximum: 4, default: 2, description: "How urgent." },
        weight: { type: "number", description: "A share." },
        urgent: { type: "boolean", description: "Now." },
        labels: { type: "array", items: { type: "string" }, description: "Words." },
        type: text("What.", { enum: ["bug", "task"] }),
        lease_seconds: { type: "integer", minimum: -9007199254740991, maximum: 9007199254740991, description: "Long." },
      },
      { input: { required: ["title"] } },
    ),
    operation("ticket.list", { limit: { type: "integer" } }, { kind: "query" }),
    operation("ticket.drift", {}, { kind: "query" }),
    operation("ticket.reserve", { namespace: text("N."), title: text("T."), lane: text("L.") }),
    operation("queue.read", { lane: text("L."), limit: { type: "integer" } }, { kind: "query" }),
    operation("post.append", {
      ...Object.fromEntries(
        ["subject", "body", "item", "reserve", "state", "lane", "queue", "owner", "priority"].map((one) => [
          one,
          text(one),
        ]),
      ),
      kind: text("K.", { enum: ["narrative", "actionable"] }),
      amends: { type: "integer" },
    }),
    operation("token.redeem", { token: text("The sign-in token.") }),
  ],
};

export type Heard = { stdout: string; stderr: string; code: number; sent: Sent[]; input: unknown };
export type Setting = {
  answer?: unknown;
  stdin?: string;
  columns?: number;
  env?: Record<string, string>;
  calledAs?: string;
};

/** Says a command line to a server that answers the same each time. */
export async function say(
  argv: string[],
  { answer = {}, stdin = "", columns, env, calledAs }: Setting = {},
): Promise<Heard> {
  const heard: Heard = { stdout: "", stderr: "", code: -1, sent: [], input: undefined };
  const refusal = answer instanceof Refusal ? problemOf(answer) : undefined;
  const reply: Answer = { status: refusal?.status ?? 200, headers: {}, body: JSON.stringify(refusal ?? answer) };
  const programs: Record<string, Program> = {
    serve: {
      summary: "Start the server.",
      load: async () => ({
        async main(words) {
          heard.stdout += `serve ${words.join(" ")}`;
          return 42;
        },
      }),
    },
    // Of two words; the second takes the place of an operation.
    ...ofTwoWords("queue watch", "Watch the queue.", heard),
    ...ofTwoWords("ticket drift", "Look for drift without a server.", heard),
  };
  heard.code = await run(argv, {
    catalogue: fixture,
    env: { LONGWATCH_URL: "http://server:1", LONGWATCH_TOKEN: "t", ...env },
    stdout: { write: (words) => (heard.stdout += words), isTTY: columns !== undefined, columns },
    stderr: { write: (words) => (heard.stderr += words) },
    stdin: () =>
      (async function* () {
        yield stdin;
      })(),
    programs,
    calledAs,
    exchange: async (sent) => {
      heard.sent.push(sent);
      return reply;
    },
  });
  const [sent] = heard.sent;
  heard.input = sent?.body === undefined ? undefined : JSON.parse(sent.body);
  return heard;
}

function ofTwoWords(name: string, summary: string, heard: Heard): Record<string, Program> {
  const main = async (words: string[], globals: object) => {
    heard.stdout += `${name} ${words.join(" ")} ${JSON.stringify(globals)}`;
    return 43;
  };
  return { [name]: { summary, load: async () => ({ main }) } };
}
