import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * A port of loopback that is free, and that no system gives to whoever asks for any: who closes it finds it free again,
 * whatever else is started meanwhile.
 */
export async function ownPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((tell) => {
    server.once("error", () => tell(false));
    server.listen(port, "127.0.0.1", () => server.close(() => tell(true)));
  });
}
