import type { IncomingMessage } from "node:http";

/** One event of a stream. */
export type Streamed = { id: string; event: string; data: unknown };

/** A silent stream is taken for dead; a server's heartbeat has to come more often. */
const STREAM_SILENCE_MS = 60_000;

/** Server-sent events: fields are lines, an empty line ends an event, a line with a leading colon is a heartbeat. */
export async function* eventsOf(response: IncomingMessage): AsyncGenerator<Streamed> {
  response.setEncoding("utf8");
  response.setTimeout(STREAM_SILENCE_MS, () => response.destroy(new Error("the stream fell silent")));
  let rest = "";
  let id = "";
  for await (const part of response as AsyncIterable<string>) {
    const blocks = (rest + part).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const data: string[] = [];
      let event = "message";
      for (const line of block.split("\n")) {
        const [, field, value = ""] = /^([a-z]+)(?:: ?(.*))?$/s.exec(line) ?? [];
        if (field === "data") data.push(value);
        else if (field === "id") id = value;
        else if (field === "event") event = value;
      }
      if (data.length > 0) yield { id, event, data: jsonOr(data.join("\n")) };
    }
  }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
