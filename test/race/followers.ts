import { after } from "node:test";
import { pino } from "pino";
import { anotherDoor } from "../../src/kernel/door.fixture.ts";
import { httpServer } from "../../src/surfaces/http/server.ts";
import type { TestWorld } from "../harness.ts";

/** Another node of the installation: its own door, pool and wakes on the same database. */
export async function anotherNode(world: TestWorld) {
  const { door, wakes } = anotherDoor(world);
  const log = pino({ level: "silent" });
  const app = await httpServer({
    door,
    catalogue: world.catalogue,
    wakes,
    log,
    health: async () => ({ state: "serving" }),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  after(() => {
    const closed = app.close();
    app.server.closeAllConnections();
    return closed;
  });
  return { door, app, url: `http://127.0.0.1:${(app.server.address() as { port: number }).port}` };
}

/** Opens the ledger's stream of a server, behind the entry `last`. */
export function open(
  url: string,
  last: number | string | null,
  { token, signal = null, query = "" }: { token: string; signal?: AbortSignal | null; query?: string },
) {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (last !== null) headers["last-event-id"] = String(last);
  return fetch(`${url}/v1/ledger/stream${query}`, { headers, signal });
}

/** An entry as the stream tells it. */
export type Event = { id: number; kind: string; data: { seq: number; kind: string; data: { subject?: string } } };

/** Reads the events of one connection. It ends when the connection does, also in the middle of an event. */
export async function* events(response: Response): AsyncGenerator<Event> {
  let text = "";
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const fields = new Map(
          text
            .slice(0, end)
            .split("\n")
            .map((line) => line.split(/: (.*)/s, 2) as [string, string]),
        );
        text = text.slice(end + 2);
        if (fields.has("id"))
          yield { id: Number(fields.get("id")), kind: fields.get("event")!, data: JSON.parse(fields.get("data")!) };
      }
    }
  } catch {
    // Cut off.
  }
}
