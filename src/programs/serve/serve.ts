import { parseArgs } from "node:util";
import { pino } from "pino";
import { greeting } from "./greeting.ts";
import { type ServeSettings, start } from "./start.ts";

const USAGE = `usage: longwatch serve [--json] [--port N] [--host ADDRESS]

  --json          print one line of JSON when it serves: {"url","operator_token","pid"}
  --port N        the port, instead of LONGWATCH_PORT (4780); 0 takes any
  --host ADDRESS  the address to listen on (127.0.0.1). Another than loopback needs a TLS proxy in front.
`;

/** Runs the server until it is told to stop. */
export async function main(argv: string[], settings: ServeSettings): Promise<number> {
  const { stdout, stderr } = settings;
  let flags: { json?: boolean; port?: string; host?: string; help?: boolean };
  try {
    const options = {
      json: { type: "boolean" },
      port: { type: "string" },
      host: { type: "string" },
      help: { type: "boolean", short: "h" },
    } as const;
    flags = parseArgs({ args: argv, options }).values;
  } catch (error) {
    stderr(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  if (flags.help) {
    stdout(USAGE);
    return 0;
  }
  const port = flags.port === undefined ? settings.port : Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    stderr(`The port must be a number from 0 to 65535.\n`);
    return 2;
  }
  const log = pino({ level: settings.log_level, base: { pid: process.pid } }, pino.destination(2));
  // Before the start: who is told to stop half-way still stops the PostgreSQL that it has begun.
  const told = untilToldToStop(stderr, flags.json ?? false);
  try {
    const server = await start({ ...settings, port, host: flags.host ?? "127.0.0.1", log });
    if (flags.json)
      stdout(`${JSON.stringify({ url: server.url, operator_token: server.operator_token, pid: process.pid })}\n`);
    else stdout(await greeting(server));
    await told;
    await server.stop();
    return 0;
  } catch (error) {
    stderr(`Longwatch cannot start: ${startProblem(error as NodeJS.ErrnoException, port)}\n`);
    return 1;
  }
}

function startProblem(error: NodeJS.ErrnoException, port: number): string {
  if (error.code === "EADDRINUSE") return `port ${port} is in use. Set LONGWATCH_PORT to another (0 takes any).`;
  return error.message;
}

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process without ceremony; the database bears it. */
function untilToldToStop(stderr: (text: string) => void, quiet: boolean): Promise<void> {
  return new Promise((resolve) => {
    let told = false;
    const onSignal = () => {
      if (told) process.exit(130);
      told = true;
      if (!quiet) stderr("\nLongwatch finishes what it accepted, then stops.\n");
      resolve();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
