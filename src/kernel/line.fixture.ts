import { connect, createServer, type Server, type Socket } from "node:net";
import type pg from "pg";
import { ownPort } from "../../test/ports.ts";

/** A network between a server and PostgreSQL that can be cut, can fall silent, and can lose an answer. */
export class Line {
  loseNextCommit = false;
  readonly #far: pg.ClientConfig;
  #server: Server | null = null;
  #sockets = new Set<Socket>();
  #silent = false;
  #port = 0;

  /** To the PostgreSQL that is there, on its Unix socket. */
  constructor(far: pg.ClientConfig) {
    this.#far = far;
  }

  async open(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#far;
    this.#server = createServer((near) => {
      const far = connect(`${host}/.s.PGSQL.${port}`);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => {});
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
      near.on("data", (bytes) => far.write(bytes));
      far.on("data", (bytes) => {
        if (this.loseNextCommit && bytes.includes("COMMIT\0")) {
          this.loseNextCommit = false;
          near.destroy();
        } else near.write(bytes);
      });
      if (this.#silent) near.pause();
    });
    this.#port ||= await ownPort();
    await new Promise<void>((resolve) => this.#server!.listen(this.#port, "127.0.0.1", resolve));
    return { host: "127.0.0.1", port: this.#port };
  }

  /** Like a host that vanished: connections stay and new ones are taken, but nothing comes through, not even an end. */
  hush(): void {
    this.#silent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** The host is there again. What was said meanwhile arrives, as TCP would have it. */
  speak(): void {
    this.#silent = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server!.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
