import { openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { Client } from "../../src/client/client.ts";
import { Refusal } from "../../src/kernel/refusal.ts";

/**
 * A program that files tickets from several sessions at once, and writes down each answer that it was given. It never
 * learns that a server died: it only says the same request again under the same key.
 *
 * Its first line of input is an Order. It ends when every session has filed what was ordered, or, when nothing was
 * ordered, once its input is closed; a filing that was begun is brought to its end.
 */
export type Order = {
  run: string;
  urls: string[];
  sessions: { name: string; token: string }[];
  namespaces: string[];
  /** For each session; null: until told to stop. */
  filings: number | null;
  /** Where to write down what was acknowledged. */
  acknowledged: string;
  retryFor_seconds: number;
};

/** One line of the file: the answer to the request under `key`. */
export type Acknowledgement = { key: string; act: "reserve" | "file"; id: string; title: string };
export type Filed = { acknowledged: number; again: number; longest_ms: number; refused: string[] };

/** With another server to turn to, nobody waits long for the first. */
const SWITCH_SECONDS = 0.3;
/** Every fourth number is reserved first and its ticket filed under it later. */
const RESERVED_EACH = 4;

const lines = createInterface({ input: process.stdin });
const order: Order = JSON.parse(await new Promise<string>((resolve) => lines.once("line", resolve)));
let told = false;
lines.once("close", () => {
  told = true;
});

const file = openSync(order.acknowledged, "a");
const filed: Filed = { acknowledged: 0, again: 0, longest_ms: 0, refused: [] };

class Session {
  #clients: Client[];
  #at: number;

  constructor(token: string, index: number) {
    const retryFor_seconds = order.urls.length > 1 ? SWITCH_SECONDS : order.retryFor_seconds;
    this.#clients = order.urls.map((url) => new Client({ url, token, retryFor_seconds }));
    this.#at = index % order.urls.length;
  }

  async say(key: string, act: "reserve" | "file", input: { title: string }): Promise<string> {
    const since = Date.now();
    for (;;) {
      try {
        const { id, title } = await this.#clients[this.#at]!.say<{ id: string; title: string }>(
          `ticket.${act}`,
          input,
          { key },
        );
        const acknowledgement: Acknowledgement = { key, act, id, title };
        writeSync(file, `${JSON.stringify(acknowledgement)}\n`);
        filed.acknowledged++;
        filed.longest_ms = Math.max(filed.longest_ms, Date.now() - since);
        return id;
      } catch (error) {
        const away = error instanceof Refusal && (error.kind === "unavailable" || error.kind === "timeout");
        if (!away || order.urls.length < 2 || Date.now() - since > order.retryFor_seconds * 1000) throw error;
        this.#at = (this.#at + 1) % order.urls.length;
        filed.again++;
      }
    }
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

async function work({ name, token }: Order["sessions"][number], index: number): Promise<void> {
  const session = new Session(token, index);
  for (let n = 0; order.filings === null ? !told : n < order.filings; n++) {
    const key = `${order.run}.${name}.${n}`;
    const title = `Drill ${key}`;
    const namespace = order.namespaces[(n + index) % order.namespaces.length]!;
    if (n % RESERVED_EACH > 0) {
      await session.say(key, "file", { namespace, title } as never);
      continue;
    }
    const reservation = await session.say(`${key}.number`, "reserve", { namespace, title } as never);
    await session.say(key, "file", { reservation, title } as never);
  }
  session.close();
}

await Promise.all(
  order.sessions.map((session, index) =>
    work(session, index).catch((error) => {
      filed.refused.push(`${session.name}: ${error.code ?? ""} ${error.message}`);
    }),
  ),
);
process.stdout.write(JSON.stringify(filed));
lines.close();
process.stdin.destroy();
