import { createServer, connect, type Server, type Socket } from "node:net";
import { ownPort } from "../../test/ports.ts";

/** The network between a machine and its server: a proxy on loopback that can be severed. */
export class Cable {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  readonly #port: number;
  /** Lets requests through and cuts before the answer. */
  losesAnswers = false;
  /** Nothing comes through any more, and nobody is told: what there is hangs for good, and so does what comes. */
  isSilent = false;
  /** Says so much instead of the server, for a gateway in between. */
  says: string | null = null;

  private constructor(target: string, port: number) {
    this.#target = new URL(target);
    this.#port = port;
  }

  static async to(target: string): Promise<Cable> {
    const cable = new Cable(target, await ownPort());
    await cable.plug();
    return cable;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async plug(): Promise<void> {
    if (this.#server) return;
    const server = createServer({ allowHalfOpen: true }, (near) => this.#joined(near));
    this.#server = server;
    await new Promise<void>((up) => server.listen(this.#port, "127.0.0.1", up));
  }

  /** From now on every connection is refused, and those there are break. */
  async sever(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise((down) => server.close(down));
  }

  #joined(near: Socket): void {
    this.#hold(near);
    if (this.isSilent) return;
    const { says, losesAnswers } = this;
    if (says !== null) return void near.once("data", () => near.end(says));
    const far = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
    this.#hold(far);
    near.pipe(far);
    if (losesAnswers) far.once("data", () => near.resetAndDestroy());
    else far.pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  }

  /** As when a machine sleeps or its network goes: no connection breaks, and none says anything again. */
  hush(): void {
    this.isSilent = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }
}
